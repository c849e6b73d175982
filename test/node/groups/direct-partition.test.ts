// The first messages of two people at the same time, each in a branch that was cut off from the other's: both make the group of their
// conversation. When the cut heals one of the two counts at both branches, and what was written in the other stays readable.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { directConversationId, type GroupId, parseGroupId } from '../../../src/realm/ids.ts';
import { CLERK, DEVICE, ENGINEER, KYIV, LVIV, messageId, until } from '../simulated-branch.ts';
import { author, change, never, world } from './group-world.ts';

const LIMIT = { timeout: 30_000 };
const CONVERSATION = directConversationId(CLERK, ENGINEER);
const [LOW, HIGH] = ['1', 'e'].map((head) => parseGroupId(`${head}0000000-0000-4000-8000-000000000001`));
const [clerk, engineer] = [author(CLERK, KYIV), author(ENGINEER, LVIV)];

test(
  'two groups of one conversation, made during a partition, become one that counts, and both stay readable',
  LIMIT,
  async (t) => {
    assert.ok(LOW && HIGH);
    const { at, network } = await world(t, [KYIV, LVIV]);
    const [kyiv, lviv] = [at(KYIV), at(LVIV)];
    const step = (home: typeof KYIV, group: GroupId, epoch: number) => {
      const [first, second] = home === KYIV ? [CLERK, ENGINEER] : [ENGINEER, CLERK];
      const members = [
        [first, 'owner'],
        [second, 'owner'],
      ] as const;
      return change({
        epoch,
        home,
        kind: 'direct',
        group,
        conversation: CONVERSATION,
        members,
        text: `${home} ${epoch}`,
      });
    };
    const message = (n: number) => {
      const text = { id: messageId(n), conversation: CONVERSATION, recipients: [], expires: 0 };
      return { ...text, body: new TextEncoder().encode(`${n}`) };
    };
    network.down(LVIV);
    await kyiv.groups.propose(clerk, step(KYIV, HIGH, 0), never);
    await kyiv.conversations.submit({ user: CLERK, device: DEVICE }, message(1));
    await lviv.groups.propose(engineer, step(LVIV, LOW, 0), never);
    await lviv.conversations.submit({ user: ENGINEER, device: DEVICE }, message(2));
    network.up(LVIV);
    const groupsAt = async (branch: typeof kyiv, user: typeof CLERK) =>
      (await branch.groups.reader.groups(user, CONVERSATION)).map(({ group, home }) => `${group} ${home}`);
    const sides = [
      [kyiv, CLERK],
      [lviv, ENGINEER],
    ] as const;
    for (const [branch, user] of sides) {
      await until(async () => (await groupsAt(branch, user)).length === 2);
      assert.deepEqual(await groupsAt(branch, user), [`${LOW} ${LVIV}`, `${HIGH} ${KYIV}`]);
      assert.equal((await branch.rosters.find(CONVERSATION))?.group, LOW);
      for (const [group, home] of [
        [LOW, LVIV],
        [HIGH, KYIV],
      ] as const) {
        const { commits } = await branch.groups.reader.commits(user, CONVERSATION, { group, after: 0 });
        assert.deepEqual(
          commits.map(({ commit }) => new TextDecoder().decode(commit)),
          [`${home} 0`],
        );
      }
    }
    const history = async (branch: typeof kyiv, user: typeof CLERK) =>
      (await branch.conversations.history(user, CONVERSATION, { limit: 10 })).messages.map(
        ({ envelope }) => envelope.id,
      );
    for (const [branch, user] of sides) await until(async () => (await history(branch, user)).length === 2);
    assert.deepEqual(await history(kyiv, CLERK), await history(lviv, ENGINEER));
    // Both go on: what was not read yet of the one that lost may still need its keys changed, at its own home.
    assert.deepEqual(await kyiv.groups.propose(clerk, step(LVIV, LOW, 1), never), { epoch: 2 });
    assert.deepEqual(await lviv.groups.propose(engineer, step(KYIV, HIGH, 1), never), { epoch: 2 });
    await kyiv.conversations.submit({ user: CLERK, device: DEVICE }, message(3));
    await until(async () => (await history(lviv, ENGINEER)).length === 3);
    // Nobody makes a third.
    const third = step(KYIV, parseGroupId('00000000-0000-4000-8000-000000000009'), 0);
    await assert.rejects(kyiv.groups.propose(clerk, third, never), { code: 'group-exists' });
  },
);
