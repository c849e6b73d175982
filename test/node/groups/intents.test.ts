// Changes that are wanted while the home is out of reach: shown everywhere as pending, in one order, and gone once a commit has made them.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { issueDeviceCertificate } from '../../../src/crypto/device-certificate.ts';
import { newSigningKey } from '../../../src/crypto/identity.ts';
import { INTENT_ACTS, type Intent, inOrder, openIntent, signIntent } from '../../../src/crypto/intent.ts';
import { MEMBER_ROLES } from '../../../src/crypto/roster.ts';
import { parseConversationId, parseGroupId, parseMessageId, parseUserId, type UserId } from '../../../src/realm/ids.ts';
import { CLERK, COOK, DEVICE, ENGINEER, KYIV, LVIV, messageId, until } from '../simulated-branch.ts';
import { author, CONVERSATION, change, epochAt, GROUP, never, world } from './group-world.ts';

const LIMIT = { timeout: 30_000 };
const random = (size: number) => new Uint8Array(randomBytes(size));

function deviceOf(user: UserId) {
  const signature = newSigningKey(random);
  const keys = { signatureKey: signature.publicKey, hpkeKey: random(32) };
  const validity = { sequence: 1, notBefore: 1_790_000_000_000, notAfter: 1_800_000_000_000 };
  const certificate = issueDeviceCertificate(newSigningKey(random), { user, device: DEVICE, ...keys, ...validity });
  return { signature, certificate: certificate.bytes };
}

const wanted = (n: number, act: Intent['act'], subject: UserId): Intent => {
  return { id: messageId(n), conversation: CONVERSATION, group: GROUP, act, subject, role: 'member', at: 1000 - n };
};

const uuid = fc.uuid({ version: [4] });
const intents = fc.record(
  {
    id: uuid.map(parseMessageId),
    conversation: uuid.map(parseConversationId),
    group: uuid.map(parseGroupId),
    act: fc.constantFrom(...INTENT_ACTS),
    subject: uuid.map(parseUserId),
    role: fc.constantFrom(...MEMBER_ROLES),
    at: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
  },
  { noNullPrototype: true },
);

test('an intent comes back as it was signed; every truncation and every changed byte is refused', () => {
  const me = deviceOf(CLERK);
  fc.assert(
    fc.property(intents, (intent) => {
      const { certificate, ...read } = openIntent(signIntent(intent, me));
      assert.deepEqual(read, intent);
      assert.deepEqual([certificate.user, certificate.device], [CLERK, DEVICE]);
    }),
    { numRuns: 20 },
  );
  const bytes = signIntent(wanted(1, 'remove', COOK), me);
  for (let length = 0; length < bytes.length; length++) assert.throws(() => openIntent(bytes.subarray(0, length)));
  const fields = bytes.slice();
  fields[40] = (fields[40] ?? 0) ^ 1;
  assert.throws(() => openIntent(fields));
});

test('removal comes first, whoever asked when', () => {
  const all = [
    wanted(1, 'add', COOK),
    wanted(2, 'role', COOK),
    wanted(3, 'remove', ENGINEER),
    wanted(4, 'remove', COOK),
  ];
  assert.deepEqual(
    inOrder(all).map(({ id }) => id),
    [4, 3, 2, 1].map(messageId),
  );
});

test(
  'both sides of a partition want changes; they are pending everywhere and gone once committed',
  LIMIT,
  async (t) => {
    const { at, network } = await world(t, [KYIV, LVIV]);
    const admins = [
      [CLERK, 'owner'],
      [ENGINEER, 'administrator'],
    ] as const;
    const [clerk, engineer] = [author(CLERK, KYIV), author(ENGINEER, LVIV)];
    await at(KYIV).groups.propose(clerk, change({ epoch: 0, home: KYIV, members: admins }), never);
    await until(async () => (await epochAt(at(LVIV))) === 1);
    network.down(LVIV);
    const mine = deviceOf(ENGINEER);
    const add = signIntent(wanted(1, 'add', COOK), mine);
    await at(LVIV).groups.intend(engineer, CONVERSATION, GROUP, add);
    await at(LVIV).groups.intend(engineer, CONVERSATION, GROUP, add);
    await at(LVIV).groups.intend(engineer, CONVERSATION, GROUP, signIntent(wanted(2, 'remove', ENGINEER), mine));
    const pending = async (realm: typeof KYIV, user: UserId) =>
      (await at(realm).groups.intents.list(user, CONVERSATION)).map(({ intent }) => intent.id);
    assert.deepEqual(await pending(LVIV, ENGINEER), [messageId(2), messageId(1)]);
    await assert.rejects(at(LVIV).groups.intents.list(COOK, CONVERSATION), { code: 'conversation-unknown' });
    network.up(LVIV);
    await until(async () => (await pending(KYIV, CLERK)).length === 2);
    assert.deepEqual(await pending(KYIV, CLERK), [messageId(2), messageId(1)]);
    const told = at(KYIV).announced.filter(({ event }) => event.kind === 'intent');
    assert.equal(told.length, 2);
    await at(KYIV).groups.propose(
      clerk,
      change({ epoch: 1, home: KYIV, members: [...admins, [COOK, 'member']] }),
      never,
    );
    assert.deepEqual(await pending(KYIV, CLERK), [messageId(2)]);
    await at(KYIV).groups.propose(
      clerk,
      change({
        epoch: 2,
        home: KYIV,
        members: [
          [CLERK, 'owner'],
          [COOK, 'member'],
        ],
      }),
      never,
    );
    assert.deepEqual(await pending(KYIV, CLERK), []);
  },
);

test('an intent in the name of another device, for another group or by no member is refused', LIMIT, async (t) => {
  const { at } = await world(t, [KYIV]);
  const clerk = author(CLERK, KYIV);
  await at(KYIV).groups.propose(clerk, change({ epoch: 0, home: KYIV, members: [[CLERK, 'owner']] }), never);
  const intend = (by: typeof clerk, signed: Uint8Array) => at(KYIV).groups.intend(by, CONVERSATION, GROUP, signed);
  const ofCook = signIntent(wanted(1, 'add', COOK), deviceOf(COOK));
  await assert.rejects(intend(clerk, ofCook), { code: 'intent-wrong' });
  await assert.rejects(intend(author(COOK, KYIV), ofCook), { code: 'not-a-member' });
  const mine = deviceOf(CLERK);
  const elsewhere = { ...wanted(1, 'add', COOK), group: parseGroupId(DEVICE) };
  await assert.rejects(intend(clerk, signIntent(elsewhere, mine)), { code: 'intent-wrong' });
  for (let n = 1; n <= 20; n++) await intend(clerk, signIntent(wanted(n, 'add', COOK), mine));
  await assert.rejects(intend(clerk, signIntent(wanted(21, 'add', COOK), mine)), { code: 'intent-limit' });
});
