// A generated day in small: two branches with their real programs on loopback, four people with two devices each. One branch is cut
// off for a part of it, and a node is killed.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { registerUser } from '../../cli/register-user.ts';
import { startTwoBranches } from '../faults/two-branches.ts';
import { contentOf, DayDevice } from './device.ts';
import { planDay } from './planning.ts';
import { Play, type Stage } from './playing.ts';
import { branchOf, type DayShape } from './steps.ts';

const LIMIT = { timeout: 240_000 };
const SHAPE: DayShape = { branches: 2, people: 4, acts: 60, groups: 1, largestFile: 300_000 };
const SEED = Number(process.env['CANOPY_DAY_SEED'] ?? 7);

test('at the end of a day every device of everybody shows the same', LIMIT, async (t) => {
  const branches = await startTwoBranches(t.signal);
  t.after(() => branches.stop());
  const realms = [branches.kyiv, branches.lviv] as const;
  const realmOf = (branch: number) => (branch === 0 ? realms[0] : realms[1]);
  const stage: Stage = {
    login: async ({ person, device }) => {
      const { admin, realm, url } = realmOf(branchOf(person, SHAPE));
      const [login, first, password] = [`person-${person}`, `first of person ${person}`, `second of person ${person}`];
      if (device === 0) await registerUser(admin, { login, name: login, password: first });
      const user = `${login}@${realm}`;
      const secrets = device === 0 ? { password: first, newPassword: password } : { password };
      const made = await DayDevice.login({ server: url, user, ...secrets });
      t.after(() => made.close());
      return { device: made, user: made.userId() };
    },
    cut: async (branch) => realmOf(branch).program('relay').stop(),
    heal: async (branch) => realmOf(branch).start('relay'),
    kill: async (branch) => realmOf(branch).crash('node'),
  };
  const tell = process.env['CANOPY_DAY_TOLD'] ? (line: string) => console.error(line) : () => {};
  const play = new Play(planDay(SEED, SHAPE), stage, { settleLimit: 60_000, stepLimit: 15_000, tell });
  await play.play();
  assert.deepEqual(await play.verdict(), []);
  for await (const { what, name, size, hash } of play.files()) {
    assert.equal(hash, createHash('sha256').update(contentOf({ name, size })).digest('hex'), what);
  }
});
