// What members refuse: each commit below is right by RFC 9420 and made by a member, a server or a stranger who keeps no rule.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Proposal } from 'ts-mls';
import { readCommit } from '../../../src/crypto/mls/commit-reader.ts';
import { MlsGroup } from '../../../src/crypto/mls/mls-group.ts';
import { codeOf } from '../../../src/realm/errors.ts';
import { idText, parseConversationId, parseGroupId } from '../../../src/realm/ids.ts';
import { parseRealmName } from '../../../src/realm/names.ts';
import { systemRandom } from '../../../src/realm/random.ts';
import { HostileMember, intrude } from './hostile-member.ts';
import { begin, CONVERSATION, grow, People, rosterOf } from './people.ts';

const LIMIT = { timeout: 120_000 };
const DAY = 24 * 60 * 60 * 1000;
const now = () => Date.now();

/** An owner, an administrator and a member with two devices; all but the owner are hostile. */
async function makeWorld() {
  const people = new People();
  const [owner, admin, member, stranger] = [people.person(), people.person(), people.person(), people.person()];
  const [atOwner, atAdmin] = [people.device(owner), people.device(admin)];
  const [phone, desk] = [people.device(member), people.device(member)];
  const roster = rosterOf([
    [owner, 'owner'],
    [admin, 'administrator'],
    [member, 'member'],
  ]);
  const grown = await grow(people, await begin(people, atOwner, roster), [atAdmin, phone, desk]);
  const [adminGroup, phoneGroup] = grown.joined;
  assert.ok(adminGroup && phoneGroup);
  return {
    people,
    owner,
    admin,
    member,
    stranger,
    atOwner,
    atAdmin,
    phone,
    desk,
    roster,
    group: grown.group,
    phoneGroup,
    bad: new HostileMember(people, phone, phoneGroup),
    badAdmin: new HostileMember(people, atAdmin, adminGroup),
    careless: new HostileMember(people, atOwner, grown.group),
  };
}

const world = await makeWorld();
type World = typeof world;

/** The owner's device refuses it, and goes on from where it was. */
async function refusal(commit: Uint8Array, at = now()): Promise<string> {
  const key = await world.group.contentKey();
  try {
    await world.group.process(commit, at);
    return 'followed';
  } catch (error) {
    return codeOf(error);
  } finally {
    assert.deepEqual(await world.group.contentKey(), key);
  }
}

const ATTACKS: Readonly<Record<string, readonly [string, (w: World) => Promise<Uint8Array>]>> = {
  'a member who invites': [
    'not-allowed',
    ({ bad, roster, stranger }) =>
      bad.commit([bad.writes({ ...roster, members: [...roster.members, { user: stranger.user, role: 'member' }] })]),
  ],
  'a member who makes itself the owner': [
    'not-allowed',
    ({ bad, owner, admin, member }) =>
      bad.commit([
        bad.writes(
          rosterOf([
            [owner, 'owner'],
            [admin, 'administrator'],
            [member, 'owner'],
          ]),
        ),
      ]),
  ],
  'a member who removes another': [
    'not-allowed',
    ({ bad, owner, member, atAdmin }) =>
      bad.commit([
        bad.removes(atAdmin),
        bad.writes(
          rosterOf([
            [owner, 'owner'],
            [member, 'member'],
          ]),
        ),
      ]),
  ],
  'an administrator who removes the owner': [
    'roster-unsuitable',
    ({ badAdmin, admin, member, atOwner }) =>
      badAdmin.commit([
        badAdmin.removes(atOwner),
        badAdmin.writes(
          rosterOf([
            [admin, 'administrator'],
            [member, 'member'],
          ]),
        ),
      ]),
  ],
  "an administrator who takes the owner's place": [
    'not-allowed',
    ({ badAdmin, owner, admin, member }) =>
      badAdmin.commit([
        badAdmin.writes(
          rosterOf([
            [owner, 'member'],
            [admin, 'owner'],
            [member, 'member'],
          ]),
        ),
      ]),
  ],
  'an administrator who makes it news': [
    'not-allowed',
    ({ badAdmin, roster }) => badAdmin.commit([badAdmin.writes({ ...roster, kind: 'news' })]),
  ],
  'a home that nobody declared': [
    'home-unfounded',
    ({ badAdmin, roster }) =>
      badAdmin.commit([badAdmin.writes({ ...roster, home: parseRealmName('evil.ua'), term: 1 })]),
  ],
  'a home of the same term': [
    'home-unfounded',
    ({ badAdmin, roster }) => badAdmin.commit([badAdmin.writes({ ...roster, home: parseRealmName('evil.ua') })]),
  ],
  'another conversation': [
    'conversation-changed',
    ({ bad, roster }) => bad.commit([bad.writes(roster, parseConversationId(idText(systemRandom(16))))]),
  ],
  'a context without a roster': [
    'context-unsuitable',
    ({ bad }) => bad.commit([{ proposalType: 'group_context_extensions', groupContextExtensions: { extensions: [] } }]),
  ],
  'a device of somebody who is not on the roster': [
    'device-not-of-member',
    async ({ bad, people, stranger }) => bad.commit([await bad.adds(people.device(stranger))]),
  ],
  'a device that a server made for a member': [
    'device-identity',
    async ({ bad, people, owner, stranger }) =>
      bad.commit([await bad.adds(people.device({ ...stranger, user: owner.user }))]),
  ],
  'somebody who leaves and adds a device': [
    'device-not-of-member',
    async ({ bad, people, owner, admin, member }) =>
      bad.commit([
        await bad.adds(people.device(member)),
        bad.writes(
          rosterOf([
            [owner, 'owner'],
            [admin, 'administrator'],
          ]),
        ),
      ]),
  ],
  'a device of somebody unknown': [
    'device-unknown',
    async ({ bad, people, stranger }) =>
      bad.commit([
        await bad.adds(
          new People().device({ ...people.person(), user: new People().person().user, identity: stranger.identity }),
        ),
      ]),
  ],
  'a device whose certificate was altered': [
    'device-certificate-forged',
    async ({ bad, people, owner }) => {
      const device = people.device(owner);
      const bytes = device.certificate.bytes.slice();
      bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
      return bad.commit([await bad.adds({ ...device, certificate: { ...device.certificate, bytes } })]);
    },
  ],
  'a leaf with another key than its certificate': [
    'leaf-unsuitable',
    async ({ bad, people, owner }) =>
      bad.commit([await bad.adds({ ...people.device(owner), signature: people.device(owner).signature })]),
  ],
  'a device that was removed': [
    'device-removed',
    async ({ bad, people, member }) => {
      const device = people.device(member);
      people.removed.add(device.certificate.device);
      return bad.commit([await bad.adds(device)]);
    },
  ],
  'a device whose certificate has expired': [
    'device-expired',
    async ({ bad, people, owner }) => {
      const device = people.device(owner, { notBefore: now() - 9 * DAY, notAfter: now() - DAY });
      const add = await bad.adds({ ...device, certificate: { ...device.certificate, notAfter: now() + DAY } });
      return bad.commit([add]);
    },
  ],
  'a second leaf of a device': [
    'device-twice',
    async ({ bad, people, owner, atOwner }) =>
      bad.commit([await bad.adds(people.device(owner, { device: atOwner.certificate.device }))]),
  ],
  "the removal of another's device": ['removal-unfounded', ({ bad, atAdmin }) => bad.commit([bad.removes(atAdmin)])],
  'a leaf that becomes another device': [
    'committer-changed',
    ({ bad, people, owner }) => {
      const other = people.device(owner, { signatureKey: bad.me.certificate.signatureKey });
      return bad.commit([], (tree) =>
        tree.map((node, at) =>
          at === bad.leaf * 2 && node?.nodeType === 'leaf'
            ? {
                ...node,
                leaf: { ...node.leaf, credential: { credentialType: 'basic', identity: other.certificate.bytes } },
              }
            : node,
        ),
      );
    },
  ],
  'a stranger who comes from outside': [
    'committer-not-member',
    async ({ people, stranger, group }) => intrude(people, people.device(stranger), await group.show()),
  ],
  'a removed device that comes from outside': [
    'device-removed',
    async ({ people, member, group }) => {
      const device = people.device(member);
      people.removed.add(device.certificate.device);
      return intrude(people, device, await group.show());
    },
  ],
  "a device from outside in another's place": [
    'resync-of-another',
    async ({ people, member, atAdmin, group }) => intrude(people, people.device(member), await group.show(), atAdmin),
  ],
  "a proposal of a kind that we don't use": [
    'commit-malformed',
    ({ bad }) => bad.commit([{ proposalType: 0xf123, proposalData: new Uint8Array(4) }]),
  ],
  'the end of the group for a new one': [
    'commit-malformed',
    ({ bad }) =>
      bad.commit([
        {
          proposalType: 'reinit',
          reinit: {
            groupId: systemRandom(16),
            version: 'mls10',
            cipherSuite: 'MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519',
            extensions: [],
          },
        } satisfies Proposal,
      ]),
  ],
};

for (const [what, [code, attack]] of Object.entries(ATTACKS)) {
  test(`refused: ${what} (${code})`, LIMIT, async () => {
    const commit = await attack(world);
    assert.ok(await world.careless.follows(commit), 'without our looks it would be followed');
    assert.equal(await refusal(commit), code);
  });
}

test('a key package outside of its time is refused', LIMIT, async () => {
  const { bad, people, owner } = world;
  const commit = await bad.commit([await bad.adds(people.device(owner))]);
  assert.equal(await refusal(commit, now() + 91 * DAY), 'key-package-expired');
});

test('a forged sender and every altered byte are refused', LIMIT, async () => {
  const { bad } = world;
  const commit = await bad.commit([]);
  const known = /^(commit|epoch|group|committer|device|leaf|frame)-/;
  for (let at = 0; at < commit.length; at += 3) {
    const altered = commit.slice();
    altered[at] = (altered[at] ?? 0) ^ 0x01;
    assert.match(await refusal(altered), known, `byte ${at}`);
  }
  for (let length = 0; length < commit.length; length += 29) {
    assert.equal(await refusal(commit.subarray(0, length)), 'commit-malformed');
  }
});

test('a commit of one group does nothing in another', LIMIT, async () => {
  const { people, atOwner, roster } = world;
  const group = parseGroupId(idText(systemRandom(16)));
  const other = await MlsGroup.create({ group, conversation: CONVERSATION, roster }, people.parts(atOwner));
  assert.equal(await refusal((await other.commit()).commit), 'group-other');
});

test('a replayed commit is of a past epoch, one that was made too early of a coming one', LIMIT, async () => {
  const { people, owner, admin, member, atOwner, atAdmin } = await makeWorld();
  const roster = rosterOf([
    [owner, 'owner'],
    [admin, 'administrator'],
    [member, 'member'],
  ]);
  const { group, joined } = await grow(people, await begin(people, atOwner, roster), [atAdmin]);
  const first = await group.commit();
  const next = first.accept();
  const second = await next.commit();
  const [at] = joined;
  assert.ok(at);
  await assert.rejects(at.process(second.commit, now()), { code: 'epoch-ahead' });
  const followed = await at.process(first.commit, now());
  await assert.rejects(async () => followed.next?.process(first.commit, now()), { code: 'epoch-past' });
  await assert.rejects(next.process(second.commit, now()), { code: 'commit-own' });
});

test('two commits on one epoch: who lost follows the winner', LIMIT, async () => {
  const { group, phoneGroup } = await makeWorld();
  const [winner, loser] = [await group.commit(), await phoneGroup.commit()];
  const { next } = await phoneGroup.process(winner.commit, now());
  assert.deepEqual(await next?.contentKey(), await winner.accept().contentKey());
  await assert.rejects(async () => next?.process(loser.commit, now()), { code: 'epoch-past' });
});

test('a state that has a successor answers nothing more', LIMIT, async () => {
  const { group } = await makeWorld();
  const offer = await group.commit();
  offer.accept();
  assert.throws(() => group.encode(), { code: 'state-spent' });
  assert.throws(() => offer.accept(), { code: 'state-spent' });
  await assert.rejects(group.commit(), { code: 'state-spent' });
});

test('what a group shows cannot be altered, and opens no other conversation', LIMIT, async () => {
  const { people, desk, group } = world;
  const groupInfo = await group.show();
  const other = parseConversationId(idText(systemRandom(16)));
  const join = (conversation = CONVERSATION, shown = groupInfo) =>
    MlsGroup.joinExternal({ conversation, groupInfo: shown }, people.parts(desk));
  await assert.rejects(join(other), { code: 'conversation-changed' });
  for (let at = 0; at < groupInfo.length; at += 97) {
    const altered = groupInfo.slice();
    altered[at] = (altered[at] ?? 0) ^ 0x01;
    await assert.rejects(join(CONVERSATION, altered), (error) => codeOf(error) !== 'internal', `byte ${at}`);
  }
});

test('an honest device makes none of these', LIMIT, async () => {
  const { people, phoneGroup, roster, stranger, atAdmin } = world;
  const invited = { ...roster, members: [...roster.members, { user: stranger.user, role: 'member' as const }] };
  await assert.rejects(phoneGroup.commit({ roster: invited }), { code: 'not-allowed' });
  const { user, device } = atAdmin.certificate;
  await assert.rejects(phoneGroup.commit({ remove: [{ user, device }] }), { code: 'removal-unfounded' });
  const nobody = people.device(stranger).certificate;
  await assert.rejects(phoneGroup.commit({ remove: [nobody] }), { code: 'device-not-in-group' });
});

test("the reader tells a commit's group and epoch without its keys", LIMIT, async () => {
  const { commit, epoch } = await world.group.commit();
  const read = readCommit(commit);
  assert.equal(read.group, world.group.group);
  assert.equal(read.epoch, epoch);
});

test("a group that somebody made under this user's own id is not joined", LIMIT, async () => {
  const { people, member, owner, desk } = world;
  const people2 = new People();
  const forger = { user: member.user, identity: people2.person().identity };
  people2.identities.set(forger.user, forger.identity.publicKey);
  const made = await begin(
    people2,
    people2.device(forger),
    rosterOf([
      [forger, 'owner'],
      [owner, 'member'],
    ]),
  );
  const join = MlsGroup.joinExternal({ conversation: CONVERSATION, groupInfo: await made.show() }, people.parts(desk));
  await assert.rejects(join, { code: 'device-identity' });
});

test('a key that is asked for while the state gets a successor is still that of its epoch', LIMIT, async () => {
  const { group } = await makeWorld();
  const [offer, before] = [await group.commit(), await group.contentKey()];
  const asked = group.contentKey();
  offer.accept();
  assert.deepEqual(await asked, before);
});
