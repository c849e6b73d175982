// A generated day in the laboratory: three branches behind routers, twelve people with two devices each; one branch is off the net for a
// part of it, a node is killed. CANOPY_DAY_SEED plays another day, CANOPY_DAY_ACTS a shorter or longer one; what was measured of a whole one goes to docs/measured/day.md.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { contentOf } from '../day/device.ts';
import { planDay } from '../day/planning.ts';
import { Play, type Stage } from '../day/playing.ts';
import { branchOf, type Day, type DayShape, deviceKey } from '../day/steps.ts';
import { DayDesk } from './day-desk.ts';
import { type Branch, Deployment } from './deployment.ts';
import { Internet } from './internet.ts';
import { blackOut, heal } from './network-faults.ts';
import { kill, processOf } from './processes.ts';

const PAGE = join(import.meta.dirname, '../../docs/measured/day.md');
const MINUTE = 60_000;
const ACTS = 600;
const acts = Number(process.env['CANOPY_DAY_ACTS'] ?? ACTS);
const SHAPE: DayShape = { branches: 3, people: 12, acts, groups: 4, largestFile: 2_000_000 };
const SEED = Number(process.env['CANOPY_DAY_SEED'] ?? 1);
const NAMES = ['kyiv', 'lviv', 'odesa'];
const LAN_PORT = 8443;

test('after a day every device of everybody shows the same', { timeout: 60 * MINUTE }, async (t) => {
  const internet = new Internet('day');
  const deployment = await Deployment.create(internet);
  t.after(() => deployment.stop());
  const enterprise = await deployment.enterprise('acme.ua', await deployment.region('ua'));
  const branches: Branch[] = [];
  for (const name of NAMES) {
    branches.push(await deployment.branch(`${name}.acme.ua`, internet.site(name, 'port-restricted'), enterprise));
  }
  const people = Array.from({ length: SHAPE.people }, (_, person) => person);
  const at = (branch: number): Branch => branches[branch] ?? assert.fail(`no branch ${branch}`);
  for (const person of people)
    await deployment.user(at(branchOf(person, SHAPE)), `person-${person}`, `Person ${person}`);
  await deployment.acquaint(
    branches,
    people.map((person) => `person-${person}@${at(branchOf(person, SHAPE)).realm}`),
  );
  const desks = branches.map(({ site }) => new DayDesk(site.desk));
  t.after(() => Promise.all(desks.map((desk) => desk.stop())));
  const begun = performance.now();
  const day = planDay(SEED, SHAPE);
  const tell = (line: string) => {
    process.stderr.write(`${((performance.now() - begun) / 1000).toFixed(1)} s: ${line}\n`);
  };
  const play = new Play(day, await stageOf(at, desks), { settleLimit: 5 * MINUTE, stepLimit: 3 * MINUTE, tell });
  await play.play();
  assert.deepEqual(await play.verdict(), []);
  let files = 0;
  for await (const { what, name, size, hash } of play.files()) {
    assert.equal(hash, createHash('sha256').update(contentOf({ name, size })).digest('hex'), what);
    files++;
  }
  const page = pageOf(day, files, (performance.now() - begun) / 1000);
  console.log(page);
  if (acts >= ACTS) await writeFile(PAGE, page);
});

async function stageOf(at: (branch: number) => Branch, desks: readonly DayDesk[]): Promise<Stage> {
  return {
    login: async (name) => {
      const branch = branchOf(name.person, SHAPE);
      const { site, realm, lanAuthority } = at(branch);
      const [server, ca] = [`https://${site.nodeAddress}:${LAN_PORT}`, await readFile(lanAuthority, 'utf8')];
      const desk = desks[branch] ?? assert.fail(`no desk ${branch}`);
      const own = `the words of person ${name.person}`;
      const secrets = name.device === 0 ? { ...Deployment.firstLogin, newPassword: own } : { password: own };
      return desk.login(deviceKey(name), { server, ca, user: `person-${name.person}@${realm}`, ...secrets });
    },
    cut: async (branch) => blackOut(at(branch).site),
    heal: async (branch) => heal(at(branch).site),
    // `canopy start` brings it up again by itself.
    kill: async (branch) => kill(processOf(at(branch).node, 'node')),
  };
}

function pageOf({ seed, steps }: Day, files: number, seconds: number): string {
  const counts = new Map<string, number>();
  for (const { act } of steps) counts.set(act, (counts.get(act) ?? 0) + 1);
  const rows = [...counts].sort().map(([act, count]) => `| ${act} | ${count} |`);
  return `# A day

Seed ${seed}, ${SHAPE.acts} acts: three branches, twelve people with two devices each; one branch cut off for a part, one node killed; at the end every device of each person showed the same, nothing was lost,
doubled or undecryptable, and ${files} files were fetched and compared. ${seconds.toFixed(0)} s. ${new Date().toISOString().slice(0, 10)}, by
\`npm run test:long -- test/lab/day.long.ts\`.

| act | times |
|---|---|
${rows.join('\n')}
`;
}
