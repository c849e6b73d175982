// Groups over two and three branches: the order of commits, who gets what, and what comes too early or too late.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { directConversationId, parseUserId, type UserId } from '../../../src/realm/ids.ts';
import { parseUserAddress } from '../../../src/realm/user-address.ts';
import {
  CLERK,
  COOK,
  DEVICE,
  ENGINEER,
  KYIV,
  LVIV,
  messageId,
  ODESA,
  PORTER,
  receivedBy,
  until,
} from '../simulated-branch.ts';
import { author, CONVERSATION, change, epochAt, GROUP, groupMessage, never, world } from './group-world.ts';

const LIMIT = { timeout: 30_000 };
const BOTH = [
  [CLERK, 'owner'],
  [ENGINEER, 'member'],
] as const;
const ALL = [
  [CLERK, 'owner'],
  [COOK, 'member'],
  [ENGINEER, 'member'],
  [PORTER, 'member'],
] as const;
const CLERK_OF = author(CLERK, KYIV);
const ENGINEER_OF = author(ENGINEER, LVIV);
const FROM = { user: CLERK, device: DEVICE };

test(
  'a group over two branches: commits and messages reach both, and the other branch commits too',
  LIMIT,
  async (t) => {
    const { at } = await world(t, [KYIV, LVIV]);
    assert.deepEqual(await at(KYIV).groups.propose(CLERK_OF, change({ epoch: 0, home: KYIV, members: BOTH }), never), {
      epoch: 1,
    });
    await until(async () => (await epochAt(at(LVIV))) === 1);
    await at(KYIV).conversations.submit(FROM, groupMessage(1));
    await until(() => receivedBy(at(LVIV), ENGINEER).length === 1);
    const admins = [
      [CLERK, 'owner'],
      [ENGINEER, 'administrator'],
    ] as const;
    await at(KYIV).groups.propose(CLERK_OF, change({ epoch: 1, home: KYIV, members: admins }), never);
    await until(async () => (await epochAt(at(LVIV))) === 2);
    const more = [...admins, [COOK, 'member']] as const;
    assert.deepEqual(
      await at(LVIV).groups.propose(ENGINEER_OF, change({ epoch: 2, home: KYIV, members: more }), never),
      { epoch: 3 },
    );
    assert.equal(await epochAt(at(KYIV)), 3);
    assert.equal(await epochAt(at(LVIV)), 3);
    await at(LVIV).conversations.submit({ user: ENGINEER, device: DEVICE }, groupMessage(2));
    await until(() => receivedBy(at(KYIV), COOK).length === 1 && receivedBy(at(KYIV), CLERK).length === 1);
    const page = await at(LVIV).groups.reader.commits(ENGINEER, CONVERSATION, { after: 1 });
    assert.deepEqual(
      page.commits.map(({ epoch, sender }) => [epoch, sender]),
      [
        [1, CLERK],
        [2, ENGINEER],
      ],
    );
  },
);

test('of two commits for one epoch from two branches exactly one is accepted', LIMIT, async (t) => {
  const { at } = await world(t, [KYIV, LVIV]);
  const owners = [
    [CLERK, 'owner'],
    [ENGINEER, 'owner'],
  ] as const;
  await at(KYIV).groups.propose(CLERK_OF, change({ epoch: 0, home: KYIV, members: owners }), never);
  await until(async () => (await epochAt(at(LVIV))) === 1);
  for (let epoch = 1; epoch <= 20; epoch++) {
    const made = (text: string) => change({ epoch, home: KYIV, members: owners, text });
    const tried = await Promise.allSettled([
      at(KYIV).groups.propose(CLERK_OF, made(`of kyiv ${epoch}`), never),
      at(LVIV).groups.propose(ENGINEER_OF, made(`of lviv ${epoch}`), never),
    ]);
    assert.equal(tried.filter(({ status }) => status === 'fulfilled').length, 1);
    const lost = tried.find((one) => one.status === 'rejected');
    assert.deepEqual([lost?.reason.code, lost?.reason.epoch], ['commit-lost', epoch + 1]);
    await until(async () => (await epochAt(at(LVIV))) === epoch + 1);
  }
  const commitsOf = async (realm: typeof KYIV, user: UserId) =>
    (await at(realm).groups.reader.commits(user, CONVERSATION, { after: 0 })).commits.map(({ commit }) =>
      new TextDecoder().decode(commit),
    );
  assert.deepEqual(await commitsOf(KYIV, CLERK), await commitsOf(LVIV, ENGINEER));
});

test('the same commit again has the same answer, and takes no second epoch', LIMIT, async (t) => {
  const { at } = await world(t, [KYIV]);
  const members = [
    [CLERK, 'owner'],
    [COOK, 'member'],
  ] as const;
  const first = change({ epoch: 0, home: KYIV, members });
  const answers = await Promise.all([1, 2, 3].map(() => at(KYIV).groups.propose(CLERK_OF, first, never)));
  assert.deepEqual(answers, [{ epoch: 1 }, { epoch: 1 }, { epoch: 1 }]);
  assert.equal(await epochAt(at(KYIV)), 1);
  await assert.rejects(at(KYIV).groups.propose(CLERK_OF, change({ epoch: 5, home: KYIV, members }), never), {
    code: 'epoch-ahead',
    epoch: 1,
  });
});

test('who may not change a group is refused by its home', LIMIT, async (t) => {
  const { at } = await world(t, [KYIV, LVIV]);
  await at(KYIV).groups.propose(CLERK_OF, change({ epoch: 0, home: KYIV, members: BOTH }), never);
  await until(async () => (await epochAt(at(LVIV))) === 1);
  const propose = (
    by: typeof CLERK_OF,
    members: readonly (readonly [UserId, 'owner' | 'administrator' | 'member'])[],
    home = KYIV,
  ) => at(by.realm).groups.propose(by, change({ epoch: 1, home, members }), never);
  await assert.rejects(propose(author(COOK, KYIV), [...BOTH, [COOK, 'owner']]), { code: 'not-a-member' });
  await assert.rejects(
    propose(ENGINEER_OF, [
      [CLERK, 'member'],
      [ENGINEER, 'owner'],
    ]),
    { code: 'not-allowed' },
  );
  await assert.rejects(propose(ENGINEER_OF, [[ENGINEER, 'member']]), { code: 'not-allowed' });
  const stranger = parseUserId('90000000-0000-4000-8000-000000000001');
  await assert.rejects(propose(CLERK_OF, [...BOTH, [stranger, 'member']]), { code: 'user-unknown' });
  assert.equal(await epochAt(at(KYIV)), 1);
  assert.deepEqual(await propose(ENGINEER_OF, [[CLERK, 'owner']]), { epoch: 2 });
});

test(
  'whoever is neither of two learns nothing of what they have, nor of a group that he was never in',
  LIMIT,
  async (t) => {
    const { at } = await world(t, [KYIV]);
    const two = (conversation = directConversationId(CLERK, ENGINEER)) =>
      change({ epoch: 0, home: KYIV, kind: 'direct', conversation, members: BOTH });
    const [porter, cook] = [author(PORTER, KYIV), author(COOK, KYIV)];
    const foreign = {
      ...two(),
      rosterBytes: change({
        epoch: 0,
        home: KYIV,
        kind: 'direct',
        members: [
          [COOK, 'owner'],
          [CLERK, 'owner'],
        ],
      }).rosterBytes,
    };
    const { groups } = at(KYIV);
    const conversation = two().conversation;
    const whatHeSees = async () => {
      const asked = [
        groups.propose(cook, { ...foreign, group: GROUP.replace('7', '6') as typeof GROUP }, never),
        groups.intents.list(COOK, conversation),
        groups.reader.groups(COOK, conversation),
        groups.reader.commits(COOK, conversation, { after: 0 }),
      ];
      const answers = await Promise.allSettled(asked);
      return answers.map((one) => (one.status === 'rejected' ? one.reason.code : 'told'));
    };
    const before = await whatHeSees();
    await groups.propose(CLERK_OF, two(), never);
    assert.deepEqual(await whatHeSees(), before);
    await assert.rejects(groups.propose(porter, { ...two(), commit: new Uint8Array(3) }, never), {
      code: 'not-a-member',
    });
  },
);

test('a group begins at the home of who makes it, once', LIMIT, async (t) => {
  const { at } = await world(t, [KYIV, LVIV]);
  const make = (given: Partial<Parameters<typeof change>[0]>) =>
    at(KYIV).groups.propose(CLERK_OF, change({ epoch: 0, home: KYIV, members: BOTH, ...given }), never);
  await assert.rejects(make({ home: LVIV }), { code: 'not-home' });
  await assert.rejects(make({ term: 1 }), { code: 'not-home' });
  await assert.rejects(
    make({
      members: [
        [CLERK, 'member'],
        [ENGINEER, 'owner'],
      ],
    }),
    { code: 'roster-wrong' },
  );
  await assert.rejects(make({ kind: 'direct' }), { code: 'roster-wrong' });
  await make({});
  const other = { ...change({ epoch: 0, home: KYIV, members: BOTH }), group: GROUP.replace('7', '6') as typeof GROUP };
  await assert.rejects(at(KYIV).groups.propose(CLERK_OF, other, never), { code: 'group-exists' });
});

test(
  'a removed member writes no more and fetches nothing later, and keeps reading what was there',
  LIMIT,
  async (t) => {
    const { at } = await world(t, [KYIV]);
    const members = [
      [CLERK, 'owner'],
      [COOK, 'member'],
    ] as const;
    const step = (epoch: number, all: readonly (readonly [UserId, 'owner' | 'member'])[]) =>
      at(KYIV).groups.propose(CLERK_OF, change({ epoch, home: KYIV, members: all, info: new Uint8Array(8) }), never);
    await step(0, members);
    const { conversations, groups } = at(KYIV);
    await conversations.submit(FROM, groupMessage(1));
    await step(1, [[CLERK, 'owner']]);
    await conversations.submit(FROM, groupMessage(2));
    await step(2, [[CLERK, 'owner']]);
    const read = async (user: UserId) =>
      (await conversations.history(user, CONVERSATION, { limit: 10 })).messages.map(({ envelope }) => envelope.id);
    assert.deepEqual(await read(COOK), [messageId(1)]);
    assert.deepEqual(await read(CLERK), [messageId(2), messageId(1)]);
    assert.equal(await conversations.findMessage(COOK, messageId(2)), undefined);
    const commits = await groups.reader.commits(COOK, CONVERSATION, { after: 0 });
    assert.deepEqual(
      commits.commits.map(({ epoch }) => epoch),
      [0, 1],
    );
    await assert.rejects(groups.reader.info(COOK, CONVERSATION, {}, never), { code: 'not-a-member' });
    await assert.rejects(groups.reader.info(ENGINEER, CONVERSATION, {}, never), { code: 'conversation-unknown' });
    await assert.rejects(conversations.submit({ user: COOK, device: DEVICE }, groupMessage(3)), {
      code: 'not-a-member',
    });
    const [entry] = await conversations.listConversations(COOK);
    assert.deepEqual([entry?.hasLeft, entry?.last?.envelope.id], [true, messageId(1)]);
    const [, left] = (await conversations.eventsSince(COOK, { incarnation: 0, n: 0 }, 10)).events.slice(-2);
    assert.ok(left?.kind === 'commit' && left.epoch === 1);
    await step(3, members);
    await conversations.submit(FROM, groupMessage(4));
    assert.deepEqual(await read(COOK), [messageId(4), messageId(1)]);
  },
);

test('in news administrators alone write', LIMIT, async (t) => {
  const { at } = await world(t, [KYIV]);
  const members = [
    [CLERK, 'owner'],
    [COOK, 'member'],
  ] as const;
  await at(KYIV).groups.propose(CLERK_OF, change({ epoch: 0, home: KYIV, kind: 'news', members }), never);
  await at(KYIV).conversations.submit(FROM, groupMessage(1));
  await assert.rejects(at(KYIV).conversations.submit({ user: COOK, device: DEVICE }, groupMessage(2)), {
    code: 'may-not-write',
  });
});

test('a realm that was away gets all commits in order, and messages that came before them', LIMIT, async (t) => {
  const { at, network } = await world(t, [KYIV, LVIV, ODESA]);
  const three = ALL.filter(([user]) => user !== PORTER);
  await at(KYIV).groups.propose(CLERK_OF, change({ epoch: 0, home: KYIV, members: three }), never);
  await until(async () => (await epochAt(at(LVIV))) === 1);
  network.tap = async (frame, from, to) => (from === KYIV && to === ODESA ? undefined : frame);
  await at(KYIV).groups.propose(CLERK_OF, change({ epoch: 1, home: KYIV, members: ALL }), never);
  await until(async () => (await epochAt(at(LVIV))) === 2);
  await at(LVIV).conversations.submit({ user: ENGINEER, device: DEVICE }, groupMessage(1));
  await until(() => at(ODESA).groups.counters()['held'] === 1);
  assert.deepEqual(receivedBy(at(ODESA), PORTER), []);
  network.tap = async (frame) => frame;
  network.cut(KYIV);
  await until(() => receivedBy(at(ODESA), PORTER).length === 1);
  assert.equal(await epochAt(at(ODESA)), 2);
});

test('both sides of a partition keep writing, and merge', LIMIT, async (t) => {
  const { at, network } = await world(t, [KYIV, LVIV]);
  await at(KYIV).groups.propose(CLERK_OF, change({ epoch: 0, home: KYIV, members: BOTH }), never);
  await until(async () => (await epochAt(at(LVIV))) === 1);
  network.down(LVIV);
  for (let n = 1; n <= 20; n++) {
    await at(KYIV).conversations.submit(FROM, groupMessage(n));
    await at(LVIV).conversations.submit({ user: ENGINEER, device: DEVICE }, groupMessage(100 + n));
  }
  await assert.rejects(at(LVIV).groups.propose(ENGINEER_OF, change({ epoch: 1, home: KYIV, members: BOTH }), never), {
    code: 'home-away',
  });
  await at(KYIV).groups.propose(CLERK_OF, change({ epoch: 1, home: KYIV, members: [[CLERK, 'owner']] }), never);
  await at(KYIV).groups.propose(CLERK_OF, change({ epoch: 2, home: KYIV, members: BOTH }), never);
  network.up(LVIV);
  await until(() => receivedBy(at(LVIV), ENGINEER).length === 20 && receivedBy(at(KYIV), CLERK).length === 20);
  await until(async () => (await epochAt(at(LVIV))) === 3);
});

test('a message to a thousand members of two realms is one envelope for the other realm', LIMIT, async (t) => {
  const user = (n: number) => parseUserId(`a0000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`);
  const homes = Array.from({ length: 1000 }, (_, n) => (n < 500 ? KYIV : LVIV));
  const profiles = new Map(
    homes.map((home, n) => {
      const address = parseUserAddress(`u${n}@${home}`);
      return [user(n), { id: user(n), address, name: '', kind: 'person', home, status: 'active' } as const];
    }),
  );
  const { at } = await world(t, [KYIV, LVIV], { directory: { findById: (id) => profiles.get(id) } });
  const members = homes.map((_, n) => [user(n), n === 0 ? 'owner' : 'member'] as const);
  await at(KYIV).groups.propose(author(user(0), KYIV), change({ epoch: 0, home: KYIV, members }), never);
  await until(async () => (await epochAt(at(LVIV))) === 1);
  const { sent } = at(KYIV).delivery.counters();
  await at(KYIV).conversations.submit({ user: user(0), device: DEVICE }, groupMessage(1));
  await until(() => receivedBy(at(LVIV), user(999)).length === 1);
  await until(() => at(KYIV).delivery.counters().sent === sent + 1);
  assert.equal(at(KYIV).delivery.counters().sent, sent + 1);
  assert.ok(
    [...profiles.values()].filter(({ home }) => home === LVIV).every(({ id }) => receivedBy(at(LVIV), id).length === 1),
  );
});

test('what a removed member stamped later than a week after that is not taken in', LIMIT, async (t) => {
  const { at } = await world(t, [KYIV]);
  const members = [
    [CLERK, 'owner'],
    [COOK, 'member'],
  ] as const;
  const step = (epoch: number, all: readonly (readonly [UserId, 'owner' | 'member'])[]) =>
    at(KYIV).groups.propose(CLERK_OF, change({ epoch, home: KYIV, members: all }), never);
  await step(0, members);
  await step(1, [[CLERK, 'owner']]);
  const day = 24 * 3_600_000;
  const { rosters } = at(KYIV);
  const heard = (stampedAt: number) => rosters.mayBeLate(CONVERSATION, COOK, stampedAt);
  assert.deepEqual(await Promise.all([heard(1), heard(Date.now() + 6 * day), heard(Date.now() + 8 * day)]), [
    true,
    true,
    false,
  ]);
  assert.equal(await rosters.mayBeLate(CONVERSATION, ENGINEER, 1), false);
});
