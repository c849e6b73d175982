// Realms that lie to the home of a group: about who wrote a commit, about what was accepted before a restore, and in group info.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { inspectInfo } from '../../../node/groups/commit-inspection.ts';
import { encodeRoster } from '../../../src/crypto/roster.ts';
import { askOrder } from '../../../src/protocols/order/client.ts';
import { encodeCommit } from '../../../src/protocols/order/commit-body.ts';
import type { OrderedCommit } from '../../../src/protocols/order/frames.ts';
import { OrderServer } from '../../../src/protocols/order/server.ts';
import { systemClock } from '../../../src/realm/clock.ts';
import { InputError } from '../../../src/realm/errors.ts';
import { type UserId } from '../../../src/realm/ids.ts';
import { silentLog } from '../../../src/realm/log.ts';
import { systemRandom } from '../../../src/realm/random.ts';
import { openDatabase } from '../../../src/store/database.ts';
import { temporaryFolder } from '../../temporary-folder.ts';
import {
  type BranchOptions,
  CLERK,
  COOK,
  DEVICE,
  directory,
  ENGINEER,
  KYIV,
  LVIV,
  PORTER,
  startBranch,
} from '../simulated-branch.ts';
import { SimulatedNetwork } from '../simulated-network.ts';
import { author, CONVERSATION, change, epochAt, GROUP, never } from './group-world.ts';

const LIMIT = { timeout: 30_000 };
const MEMBERS = [
  [CLERK, 'owner'],
  [COOK, 'member'],
  [ENGINEER, 'member'],
] as const;

/** A home whose group LVIV is in; it stops, and comes up with another incarnation. LVIV then tells what a test makes of it. */
async function restored(t: TestContext, tells: readonly OrderedCommit[], options: Partial<BranchOptions> = {}) {
  const network = new SimulatedNetwork();
  const database = await openDatabase(await temporaryFolder(t));
  const first = await startBranch({ realm: KYIV, database, network });
  await first.groups.propose(author(CLERK, KYIV), change({ epoch: 0, home: KYIV, members: MEMBERS }), never);
  await first.stop();
  const hostile = network.node(LVIV);
  const server = new OrderServer({
    network: hostile,
    clock: systemClock,
    log: silentLog,
    answer: async () => ({ kind: 'commits', home: KYIV, term: 0, commits: tells, more: false }),
  });
  server.start();
  const branch = await startBranch({ realm: KYIV, database, network, incarnation: 2, ...options });
  t.after(async () => {
    await Promise.all([server.stop(), branch.stop()]);
    await database.close();
  });
  return { branch, hostile };
}

function told(
  sender: UserId,
  members: typeof MEMBERS | readonly (readonly [UserId, 'owner' | 'member'])[],
  text: string,
) {
  const listed = members.map(([user, role]) => ({ user, role }));
  const rosterBytes = encodeRoster({ kind: 'group', home: KYIV, term: 0, members: listed });
  const commit = new TextEncoder().encode(text);
  const homes = listed.map(({ user }) => (user === ENGINEER ? LVIV : KYIV));
  return {
    sender,
    device: DEVICE,
    body: encodeCommit({ group: GROUP, epoch: 1, term: 0, commit, rosterBytes, homes }),
  };
}

const next = (epoch: number) => change({ epoch, home: KYIV, members: MEMBERS });

test(
  'a restored home is told of a commit that its author had no right to, and takes it from nobody',
  LIMIT,
  async (t) => {
    const coup = told(ENGINEER, [[ENGINEER, 'owner']], 'all for the engineer');
    const { branch } = await restored(t, [coup]);
    assert.deepEqual(await branch.groups.propose(author(CLERK, KYIV), next(1), never), { epoch: 2 });
    const state = await branch.rosters.find(CONVERSATION);
    assert.deepEqual([state?.members.size, state?.members.get(CLERK)?.role, state?.term], [3, 'owner', 1]);
  },
);

test('a restored home is told of a commit of somebody who was no member', LIMIT, async (t) => {
  const { branch } = await restored(t, [told(PORTER, MEMBERS, 'by a stranger')]);
  assert.deepEqual(await branch.groups.propose(author(CLERK, KYIV), next(1), never), { epoch: 2 });
});

test('what a restored home takes over is inspected like what is handed in', LIMIT, async (t) => {
  const good = told(CLERK, MEMBERS, 'good');
  const inspect: BranchOptions['inspect'] = ({ commit }) => {
    if (new TextDecoder().decode(commit) === 'garbage') throw new InputError('commit-wrong', 'garbage');
  };
  const refused = await restored(t, [told(CLERK, MEMBERS, 'garbage')], { inspect });
  assert.deepEqual(await refused.branch.groups.propose(author(CLERK, KYIV), next(1), never), { epoch: 2 });
  const taken = await restored(t, [good], { inspect });
  await assert.rejects(taken.branch.groups.propose(author(CLERK, KYIV), next(1), never), { code: 'commit-lost' });
  assert.equal(await epochAt(taken.branch), 2);
});

test('a realm commits for nobody of another, also when nobody is in the directory any more', LIMIT, async (t) => {
  const everybody = directory();
  let known: Pick<typeof everybody, 'findById'> = everybody;
  const network = new SimulatedNetwork();
  const database = await openDatabase(await temporaryFolder(t));
  const branch = await startBranch({
    realm: KYIV,
    database,
    network,
    directory: { findById: (id) => known.findById(id) },
  });
  t.after(() => branch.stop().then(() => database.close()));
  const four = [...MEMBERS, [PORTER, 'member']] as const;
  await branch.groups.propose(author(CLERK, KYIV), change({ epoch: 0, home: KYIV, members: four }), never);
  known = { findById: (id) => (id === PORTER ? undefined : everybody.findById(id)) };
  const parts = { network: network.node(LVIV), clock: systemClock };
  const { commit, rosterBytes } = change({ epoch: 1, home: KYIV, members: MEMBERS });
  const rest = { conversation: CONVERSATION, group: GROUP, epoch: 1, device: DEVICE };
  for (const user of [CLERK, PORTER]) {
    const proposal = { kind: 'propose', ...rest, commit, rosterBytes, groupInfo: undefined, user } as const;
    assert.deepEqual(await askOrder(parts, KYIV, proposal, never), {
      kind: 'refused',
      code: 'foreign-sender',
      epoch: 0,
    });
    const info = { kind: 'put-info', ...rest, groupInfo: new Uint8Array(9), user } as const;
    assert.deepEqual(await askOrder(parts, KYIV, info, never), { kind: 'refused', code: 'foreign-sender', epoch: 0 });
  }
  assert.equal(await epochAt(branch), 1);
});

test('group info that is garbage takes the place of none', LIMIT, async (t) => {
  const { branch } = await restored(t, [], { inspectInfo });
  const info = { conversation: CONVERSATION, group: GROUP, epoch: 1 };
  for (const groupInfo of [new Uint8Array(), systemRandom(300)]) {
    await assert.rejects(branch.groups.putInfo(author(COOK, KYIV), { ...info, groupInfo }, never));
    const proposed = { ...next(1), groupInfo };
    await assert.rejects(branch.groups.propose(author(CLERK, KYIV), proposed, never), { name: 'PeerError' });
  }
  assert.equal(await epochAt(branch), 1);
});
