// Who may do what, and that there is always an owner.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MlsGroup } from '../../../src/crypto/mls/mls-group.ts';
import { type GroupAct, mayAct } from '../../../src/crypto/mls/rights.ts';
import type { MemberRole } from '../../../src/crypto/roster.ts';
import { directConversationId, idText, parseGroupId } from '../../../src/realm/ids.ts';
import { parseRealmName } from '../../../src/realm/names.ts';
import { systemRandom } from '../../../src/realm/random.ts';
import { begin, grow, People, rosterOf } from './people.ts';

const LIMIT = { timeout: 60_000 };
const now = () => Date.now();
const people = new People();
const [owner, admin, member] = [people.person(), people.person(), people.person()];
const SAID = ['describe', 'pin', 'set-timer', 'delete-of-others'] as const;
const ALL: readonly GroupAct[] = ['write', 'invite', 'remove-member', ...SAID, 'give-roles', 'change-kind', 'leave'];

function acts(kind: 'direct' | 'group' | 'news', role: MemberRole, ownersGone = false): string[] {
  const roster = rosterOf(
    [
      [owner, 'owner'],
      [admin, 'administrator'],
      [member, 'member'],
    ],
    kind,
  );
  const { user } = { owner, administrator: admin, member }[role];
  return ALL.filter((act) => mayAct(roster, { user, ownersGone }, act));
}

test('an owner may all, an administrator what concerns members, a member writes and leaves', LIMIT, () => {
  assert.deepEqual(acts('group', 'owner'), ALL);
  assert.deepEqual(acts('group', 'administrator'), ['write', 'invite', 'remove-member', ...SAID, 'leave']);
  assert.deepEqual(acts('group', 'member'), ['write', 'leave']);
});

test('in news members only leave', LIMIT, () => {
  assert.deepEqual(acts('news', 'member'), ['leave']);
  assert.deepEqual(acts('news', 'administrator'), acts('group', 'administrator'));
});

test('in a conversation of two nobody changes its members; both pin and set the timer', LIMIT, () => {
  for (const role of ['owner', 'administrator', 'member'] as const) {
    assert.deepEqual(acts('direct', role), ['write', 'pin', 'set-timer']);
  }
});

test('when no owner has a device any more, administrators may what owners may', LIMIT, () => {
  assert.deepEqual(acts('group', 'administrator', true), ALL);
  assert.deepEqual(acts('group', 'member', true), ['write', 'leave']);
});

async function makeThree() {
  const roster = rosterOf([
    [owner, 'owner'],
    [admin, 'administrator'],
    [member, 'member'],
  ]);
  const [atOwner, atAdmin, atMember] = [people.device(owner), people.device(admin), people.device(member)];
  const { group, joined } = await grow(people, await begin(people, atOwner, roster), [atAdmin, atMember]);
  const [adminGroup, memberGroup] = joined;
  assert.ok(adminGroup && memberGroup);
  return { roster, atOwner, atAdmin, atMember, group, adminGroup, memberGroup };
}

test('who leaves goes by a commit of the own, and is taken out by the next of anybody', LIMIT, async () => {
  const { roster, group, adminGroup, memberGroup, atMember } = await makeThree();
  const left = { ...roster, members: roster.members.filter(({ user }) => user !== member.user) };
  const leaving = await memberGroup.commit({ roster: left });
  const gone = leaving.accept();
  const { next: atAdmin } = await adminGroup.process(leaving.commit, now());
  const { next: atOwner } = await group.process(leaving.commit, now());
  assert.ok(atAdmin && atOwner);
  assert.deepEqual(
    (await atOwner.doubtful()).map(({ why }) => why),
    ['left'],
  );
  const out = await atAdmin.commit();
  const { next, removed } = await atOwner.process(out.commit, now());
  assert.deepEqual(removed, [{ user: member.user, device: atMember.certificate.device }]);
  assert.deepEqual(await next?.doubtful(), []);
  assert.equal((await gone.process(out.commit, now())).next, undefined);
});

test('who has left commits nothing more', LIMIT, async () => {
  const { roster, memberGroup } = await makeThree();
  const left = { ...roster, members: roster.members.filter(({ user }) => user !== member.user) };
  const gone = (await memberGroup.commit({ roster: left })).accept();
  await assert.rejects(gone.commit(), { code: 'committer-not-member' });
});

test('the last owner hands over before leaving', LIMIT, async () => {
  const { roster, group, adminGroup } = await makeThree();
  const left = { ...roster, members: roster.members.filter(({ user }) => user !== owner.user) };
  await assert.rejects(group.commit({ roster: left }), { code: 'roster-unsuitable' });
  const handed = rosterOf([
    [owner, 'owner'],
    [admin, 'owner'],
    [member, 'member'],
  ]);
  const offer = await group.commit({ roster: handed });
  await adminGroup.process(offer.commit, now());
  const leaving = await offer.accept().commit({
    roster: rosterOf([
      [admin, 'owner'],
      [member, 'member'],
    ]),
  });
  assert.equal(leaving.next.roster.members.length, 2);
});

test('a removed device is taken out by whoever commits first', LIMIT, async () => {
  const { group, memberGroup, atAdmin } = await makeThree();
  people.removed.add(atAdmin.certificate.device);
  assert.deepEqual(
    (await memberGroup.doubtful()).map(({ why }) => why),
    ['removed'],
  );
  const offer = await memberGroup.commit();
  const { removed } = await group.process(offer.commit, now());
  assert.deepEqual(removed, [{ user: admin.user, device: atAdmin.certificate.device }]);
});

test('a home moves when that was declared, with a higher term', LIMIT, async () => {
  const { roster, group, memberGroup, atMember } = await makeThree();
  const home = parseRealmName('lviv.acme.ua');
  const moved = { ...roster, home, term: 1 };
  await assert.rejects(memberGroup.commit({ roster: moved }), { code: 'home-unfounded' });
  const declared = {
    ...people.checks,
    move: (to: { home: string; term: number }) => to.home === home && to.term === 1,
  };
  const knows = (me: typeof atMember, state: MlsGroup) =>
    MlsGroup.decode(state.encode(), { ...people.parts(me), checks: declared });
  const offer = await knows(atMember, memberGroup).commit({ roster: moved });
  await assert.rejects(group.process(offer.commit, now()), { code: 'home-unfounded' });
  assert.equal(offer.next.roster.home, home);
  await assert.rejects(offer.next.commit({ roster }), { code: 'home-unfounded' });
});

test('a conversation of two is of the two of its id', LIMIT, async () => {
  const me = people.device(owner);
  const group = parseGroupId(idText(systemRandom(16)));
  const conversation = directConversationId(owner.user, admin.user);
  const make = (roster: ReturnType<typeof rosterOf>) =>
    MlsGroup.create({ group, conversation, roster }, people.parts(me));
  const two = await make(
    rosterOf(
      [
        [owner, 'member'],
        [admin, 'member'],
      ],
      'direct',
    ),
  );
  assert.equal(two.conversation, conversation);
  await assert.rejects(
    make(
      rosterOf(
        [
          [owner, 'member'],
          [member, 'member'],
        ],
        'direct',
      ),
    ),
    { code: 'roster-unsuitable' },
  );
  await assert.rejects(make(rosterOf([[admin, 'member']], 'direct')), { code: 'roster-unsuitable' });
});

test('a group without an owner, and one without oneself, is not made', LIMIT, async () => {
  const me = people.device(member);
  await assert.rejects(begin(people, me, rosterOf([[member, 'administrator']])), { code: 'roster-unsuitable' });
  await assert.rejects(begin(people, me, rosterOf([[owner, 'owner']])), { code: 'not-on-roster' });
});
