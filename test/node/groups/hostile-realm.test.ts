// A hostile realm against groups: forged rosters, commits of groups that it is no home of, messages of strangers, floods (fault cases 10, 13, 15).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { type Envelope, encodeEnvelope } from '../../../src/crypto/envelope.ts';
import { decodeRoster, encodeRoster, MEMBER_ROLES, type MemberRole, ROSTER_KINDS } from '../../../src/crypto/roster.ts';
import { type Commit, decodeCommit, encodeCommit } from '../../../src/protocols/order/commit-body.ts';
import { type Control, decodeControl, encodeControl } from '../../../src/protocols/order/control-body.ts';
import {
  decodeOrderAnswer,
  decodeOrderRequest,
  encodeOrderAnswer,
  encodeOrderRequest,
  type OrderAnswer,
  type OrderRequest,
} from '../../../src/protocols/order/frames.ts';
import {
  directConversationId,
  parseConversationId,
  parseDeviceId,
  parseGroupId,
  parseMessageId,
  parseUserId,
  type UserId,
} from '../../../src/realm/ids.ts';
import { parseRealmName } from '../../../src/realm/names.ts';
import {
  type Branch,
  CLERK,
  COOK,
  DEVICE,
  ENGINEER,
  KYIV,
  LVIV,
  messageId,
  ODESA,
  PORTER,
  until,
} from '../simulated-branch.ts';
import { author, CONVERSATION, change, epochAt, GROUP, never, world } from './group-world.ts';

const LIMIT = { timeout: 30_000 };
const KYIVS = [
  [CLERK, 'owner'],
  [COOK, 'member'],
  [ENGINEER, 'member'],
] as const;

/** What a node of LVIV may say of itself, without its own rules: straight into the other's intake. */
async function say(to: Branch, given: Partial<Envelope>): Promise<string> {
  const addresses = {
    version: 1,
    id: messageId(900),
    conversation: CONVERSATION,
    sender: ENGINEER,
    device: DEVICE,
  } as const;
  const terms = {
    recipients: [],
    origin: LVIV,
    incarnation: 1,
    stamp: { ms: Date.now(), counter: 0 },
    expires: 0,
  } as const;
  const rest = { priority: 'text', durable: true, kind: 'message', blobs: [], body: new Uint8Array(4) } as const;
  const encoded = encodeEnvelope({ ...addresses, ...terms, ...rest, ...given });
  const item = { encoded, origin: LVIV, path: 'relayed', pathRef: new Uint8Array() } as const;
  const [outcome] = await to.conversations.ingest([item], () => []);
  return outcome?.kind === 'rejected' ? outcome.code : (outcome?.kind ?? '');
}

function commitBody(
  members: readonly (readonly [UserId, MemberRole])[],
  given: Partial<Commit> & { home?: typeof KYIV } = {},
) {
  const { home = LVIV, epoch = 0, term = 0, group = GROUP } = given;
  const listed = members.map(([user, role]) => ({ user, role }));
  const rosterBytes = encodeRoster({ kind: 'group', home, term, members: listed });
  const homes = given.homes ?? listed.map(() => LVIV);
  return encodeCommit({ group, epoch, term, commit: new Uint8Array(3), rosterBytes, homes });
}

async function kyivsGroup(t: Parameters<typeof world>[0]) {
  const { at } = await world(t, [KYIV]);
  await at(KYIV).groups.propose(author(CLERK, KYIV), change({ epoch: 0, home: KYIV, members: KYIVS }), never);
  return at(KYIV);
}

test('a realm commits for no group whose home is elsewhere, and takes none over', LIMIT, async (t) => {
  const kyiv = await kyivsGroup(t);
  const everybody = [[ENGINEER, 'owner']] as const;
  const tries = {
    'as the home': commitBody(everybody, { epoch: 1 }),
    'in the name of the home': commitBody(everybody, { epoch: 1, home: KYIV }),
    'with a higher term': commitBody(everybody, { epoch: 1, term: 9 }),
    'for another group of the conversation': commitBody([...everybody, [COOK, 'member']], {
      group: parseGroupId(DEVICE),
    }),
  };
  for (const [what, body] of Object.entries(tries)) {
    assert.equal(await say(kyiv, { kind: 'commit', body }), 'foreign-home', what);
  }
  assert.equal(await epochAt(kyiv), 1);
  assert.equal((await kyiv.rosters.find(CONVERSATION))?.members.size, 3);
});

test('a made-up group is none of two others, and is about somebody here', LIMIT, async (t) => {
  const { at } = await world(t, [KYIV]);
  const pair = directConversationId(CLERK, COOK);
  const both = commitBody([
    [ENGINEER, 'owner'],
    [CLERK, 'member'],
    [COOK, 'member'],
  ]);
  const nobody = commitBody([
    [ENGINEER, 'owner'],
    [PORTER, 'member'],
  ]);
  assert.equal(
    await say(at(KYIV), { kind: 'commit', body: nobody, conversation: messageIdAsConversation(1) }),
    'recipient-unknown',
  );
  const directRoster = encodeRoster({
    kind: 'direct',
    home: LVIV,
    term: 0,
    members: [
      { user: CLERK, role: 'owner' },
      { user: COOK, role: 'owner' },
    ],
  });
  const direct = encodeCommit({
    group: GROUP,
    epoch: 0,
    term: 0,
    commit: new Uint8Array(1),
    rosterBytes: directRoster,
    homes: [LVIV, LVIV],
  });
  assert.equal(await say(at(KYIV), { kind: 'commit', body: direct, conversation: pair }), 'foreign-sender');
  assert.equal(
    await say(at(KYIV), { kind: 'commit', body: direct, conversation: CONVERSATION }),
    'conversation-unknown',
  );
  assert.equal(await say(at(KYIV), { kind: 'commit', body: both, conversation: pair }), 'conversation-unknown');
  assert.equal(await say(at(KYIV), { kind: 'commit', body: both }), 'accepted');
  await until(async () => (await at(KYIV).conversations.listConversations(COOK))[0]?.group?.kind === 'group');
});

test('nobody is made a person of this realm, and people of this realm stay its own', LIMIT, async (t) => {
  const { at } = await world(t, [KYIV]);
  const ghost = parseUserId('99000000-0000-4000-8000-000000000001');
  const body = commitBody(
    [
      [ENGINEER, 'owner'],
      [CLERK, 'member'],
      [ghost, 'member'],
    ],
    { homes: [KYIV, LVIV, KYIV] },
  );
  assert.equal(await say(at(KYIV), { kind: 'commit', body }), 'accepted');
  await until(async () => (await epochAt(at(KYIV))) === 1);
  const members = (await at(KYIV).rosters.find(CONVERSATION))?.members;
  assert.deepEqual(
    [members?.get(CLERK)?.home, members?.get(ghost)?.home, members?.get(ENGINEER)?.home],
    [KYIV, LVIV, LVIV],
  );
});

test('messages of strangers to a group are kept apart, so many and no more, and shown to nobody', LIMIT, async (t) => {
  const kyiv = await kyivsGroup(t);
  const stranger = parseUserId('98000000-0000-4000-8000-000000000001');
  const codes = new Map<string, number>();
  for (let n = 0; n < 1010; n++) {
    const code = await say(kyiv, { id: messageId(n), sender: stranger });
    codes.set(code, (codes.get(code) ?? 0) + 1);
  }
  assert.deepEqual(
    [...codes],
    [
      ['accepted', 1000],
      ['not-a-member', 10],
    ],
  );
  assert.equal(await say(kyiv, { sender: CLERK }), 'foreign-sender');
  assert.equal(await say(kyiv, { sender: PORTER }), 'foreign-sender');
  assert.equal(kyiv.announced.filter(({ event }) => event.kind === 'message').length, 0);
  assert.equal(await say(kyiv, { id: messageId(2000) }), 'accepted');
  assert.equal(kyiv.announced.filter(({ event }) => event.kind === 'message').length, 2);
});

test(
  'mails in the name of others and of another realm are refused, a flood fills its sender’s share alone',
  LIMIT,
  async (t) => {
    const { at } = await world(t, [KYIV]);
    const { encodeMails } = await import('../../../src/protocols/order/mail-body.ts');
    const mailTo = (n: number) =>
      encodeMails([{ id: messageId(n), user: COOK, device: DEVICE, body: new Uint8Array(9) }]);
    assert.equal(await say(at(KYIV), { kind: 'mail', sender: CLERK, body: mailTo(1) }), 'foreign-sender');
    for (let n = 0; n < 100; n++) await say(at(KYIV), { kind: 'mail', id: messageId(n), body: mailTo(n) });
    assert.equal((await at(KYIV).mails.list({ user: COOK, device: DEVICE })).length, 64);
    assert.equal(await say(at(KYIV), { kind: 'mail', body: Uint8Array.of(0x9b, 0xff) }), 'frame-malformed');
    assert.equal(await say(at(KYIV), { kind: 'commit', body: Uint8Array.of(0x81) }), 'frame-malformed');
    assert.equal(await say(at(KYIV), { kind: 'control', body: Uint8Array.of(0x81) }), 'frame-malformed');
  },
);

test('the order desk tells a realm nothing of groups in which it has nobody', LIMIT, async (t) => {
  const { at, network } = await world(t, [KYIV, LVIV, ODESA]);
  await at(KYIV).groups.propose(
    author(CLERK, KYIV),
    change({ epoch: 0, home: KYIV, members: KYIVS, info: new Uint8Array(9) }),
    never,
  );
  const { askOrder } = await import('../../../src/protocols/order/client.ts');
  const { systemClock } = await import('../../../src/realm/clock.ts');
  const outside = { network: network.node(ODESA), clock: systemClock };
  const ask = (request: OrderRequest) => askOrder(outside, KYIV, request, never);
  const refused = (code: string) => ({ kind: 'refused', code, epoch: 0 });
  const where = { conversation: CONVERSATION, group: GROUP } as const;
  assert.deepEqual(await ask({ kind: 'commits', ...where, from: 0 }), refused('conversation-unknown'));
  assert.deepEqual(await ask({ kind: 'info', ...where, epoch: 0 }), refused('conversation-unknown'));
  const { commit, rosterBytes } = change({ epoch: 1, home: KYIV, members: KYIVS });
  const proposal = {
    kind: 'propose',
    ...where,
    epoch: 1,
    commit,
    rosterBytes,
    groupInfo: undefined,
    device: DEVICE,
  } as const;
  assert.deepEqual(await ask({ ...proposal, user: CLERK }), refused('foreign-sender'));
  assert.deepEqual(await ask({ ...proposal, user: PORTER }), refused('not-a-member'));
  assert.equal(await epochAt(at(KYIV)), 1);
});

const uuid = fc.uuid({ version: [4] });
const bytes = fc.uint8Array({ maxLength: 60 });
const plain = { noNullPrototype: true } as const;
const where = { conversation: uuid.map(parseConversationId), group: uuid.map(parseGroupId) };
const by = { user: uuid.map(parseUserId), device: uuid.map(parseDeviceId) };
const some = fc.uint8Array({ minLength: 1, maxLength: 60 });
const requests: fc.Arbitrary<OrderRequest> = fc.oneof(
  fc.record(
    {
      kind: fc.constant('propose' as const),
      ...where,
      epoch: fc.nat(),
      commit: bytes,
      rosterBytes: bytes,
      groupInfo: fc.option(some, { nil: undefined }),
      ...by,
    },
    plain,
  ),
  fc.record(
    {
      kind: fc.constant('commits' as const),
      ...where,
      group: fc.option(where.group, { nil: undefined }),
      from: fc.nat(),
    },
    plain,
  ),
  fc.record({ kind: fc.constant('info' as const), ...where, epoch: fc.nat() }, plain),
  fc.record({ kind: fc.constant('put-info' as const), ...where, epoch: fc.nat(), groupInfo: bytes, ...by }, plain),
);
const ordered = fc.record({ sender: by.user, device: by.device, body: bytes }, plain);
const home = fc.constantFrom('ua', 'kyiv.acme.ua').map(parseRealmName);
const answers: fc.Arbitrary<OrderAnswer> = fc.oneof(
  fc.record({ kind: fc.constant('accepted' as const), epoch: fc.nat() }, plain),
  fc.record(
    {
      kind: fc.constant('commits' as const),
      home,
      term: fc.nat(),
      commits: fc.array(ordered, { maxLength: 4 }),
      more: fc.boolean(),
    },
    plain,
  ),
  fc.record({ kind: fc.constant('info' as const), epoch: fc.nat(), groupInfo: bytes }, plain),
  fc.record({ kind: fc.constant('refused' as const), code: fc.string({ maxLength: 20 }), epoch: fc.nat() }, plain),
);
const controls: fc.Arbitrary<Control> = fc.oneof(
  fc.record({ kind: fc.constant('erase' as const), ids: fc.array(uuid.map(parseMessageId), { maxLength: 4 }) }, plain),
  fc.record({ kind: fc.constant('intent' as const), group: where.group, intent: bytes }, plain),
);
const rosters = fc
  .record(
    {
      kind: fc.constantFrom(...ROSTER_KINDS),
      home,
      term: fc.nat(),
      members: fc.uniqueArray(fc.record({ user: by.user, role: fc.constantFrom(...MEMBER_ROLES) }, plain), {
        selector: ({ user }) => user,
        maxLength: 9,
      }),
    },
    plain,
  )
  .map((roster) => ({ ...roster, members: roster.members.sort((a, b) => (a.user < b.user ? -1 : 1)) }));

test('frames of the order, commits, controls and rosters come back as they went; every truncation is refused', () => {
  fc.assert(fc.property(requests, (one) => assert.deepEqual(decodeOrderRequest(encodeOrderRequest(one)), one)));
  fc.assert(fc.property(answers, (one) => assert.deepEqual(decodeOrderAnswer(encodeOrderAnswer(one)), one)));
  fc.assert(fc.property(controls, (one) => assert.deepEqual(decodeControl(encodeControl(one)), one)));
  fc.assert(fc.property(rosters, (one) => assert.deepEqual(decodeRoster(encodeRoster(one)), one)));
  const body = commitBody(KYIVS);
  assert.deepEqual(decodeCommit(body).homes, [LVIV, LVIV, LVIV]);
  const wholes = [
    [body, decodeCommit],
    [encodeControl({ kind: 'erase', ids: [messageId(1)] }), decodeControl],
    [encodeOrderRequest({ kind: 'info', conversation: CONVERSATION, group: GROUP, epoch: 3 }), decodeOrderRequest],
    [encodeOrderAnswer({ kind: 'accepted', epoch: 3 }), decodeOrderAnswer],
    [encodeRoster({ kind: 'group', home: KYIV, term: 0, members: [{ user: CLERK, role: 'owner' }] }), decodeRoster],
  ] as const;
  for (const [whole, decode] of wholes) {
    for (let length = 0; length < whole.length; length++) {
      assert.throws(() => decode(whole.subarray(0, length)), { code: 'frame-malformed' });
    }
  }
  const fixed = encodeRoster({ kind: 'group', home: KYIV, term: 0, members: [{ user: CLERK, role: 'owner' }] });
  assert.equal(
    Buffer.from(fixed).toString('hex'),
    '8501016c6b7969762e61636d652e7561008182501000000000004000800000000000000100',
  );
});

function messageIdAsConversation(n: number) {
  return parseConversationId(messageId(n));
}
