// `canopy trust`, `canopy reach` and `canopy policy` against running realms: a region and two enterprises, which are strangers.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { canopy } from './run-cli.ts';
import { loopbackOptions, type RunningRegion, runRegion } from './running-region.ts';

const TIMEOUT = { timeout: 120_000 };
let region: RunningRegion;
let acme: string;
let beta: string;

before(async () => {
  region = await runRegion();
  [acme, beta] = [await enterprise('acme.ua'), await enterprise('beta.ua')];
}, TIMEOUT);

after(() => region.stop(), TIMEOUT);

async function enterprise(name: string): Promise<string> {
  const dir = join(region.folder, name);
  const joined = await canopy(['join', await region.invite(name), '--dir', dir, ...(await loopbackOptions())]);
  assert.equal(joined.code, 0, joined.stderr);
  await region.start(dir);
  return dir;
}

async function json(words: readonly string[], dir: string): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await canopy([...words, '--json', '--dir', dir]);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

/** The proposal reaches the other side once both enterprises have found their region. */
async function untilReceived(): Promise<void> {
  for (;;) {
    const { trusts } = await json(['trust', 'list'], beta);
    if (Array.isArray(trusts) && trusts.some(({ state }) => state === 'received')) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

test('a trust is proposed, accepted, told and removed, and reach proves it', TIMEOUT, async () => {
  const before = await canopy(['reach', 'beta.ua', '--dir', acme]);
  assert.match(before.stdout, /acme\.ua reaches beta\.ua: tiers\n.*no trust/);
  const planned = await json(['trust', 'add', 'beta.ua', '--dry-run'], acme);
  assert.match(JSON.stringify(planned), /"state":"proposed"/);
  assert.match((await canopy(['trust', 'list', '--dir', acme])).stdout, /no trusts/);

  const proposed = await canopy([
    'trust',
    'add',
    'beta.ua',
    '--direction',
    'outward',
    '--from',
    'clerk',
    '--expires',
    '30d',
    '--dir',
    acme,
  ]);
  assert.equal(proposed.code, 0, proposed.stderr);
  assert.match(proposed.stdout, /with beta\.ua: proposed\n/);
  assert.match(proposed.stdout, /our people: +clerk/);
  const again = await canopy(['trust', 'add', 'beta.ua', '--dir', acme]);
  assert.equal(again.code, 6, 'a conflict');

  await untilReceived();
  const unasked = await canopy(['trust', 'accept', 'acme.ua', '--dir', beta]);
  assert.equal(unasked.code, 2);
  assert.match(unasked.stderr, /--yes/);
  const accepted = await json(['trust', 'accept', 'acme.ua', '--yes'], beta);
  assert.match(JSON.stringify(accepted), /"direction":"inward".*"state":"in-force"/);

  const reach = await json(['reach', 'acme.ua', 'beta.ua'], region.dir);
  assert.match(JSON.stringify(reach), /"way":"direct".*"trust":{"id"/);
  const back = await canopy(['reach', 'beta.ua', 'acme.ua', '--dir', region.dir]);
  assert.match(back.stdout, /beta\.ua does not reach acme\.ua/);
  assert.match(back.stdout, /certified: +acme\.ua by ua until/);

  const removed = await canopy(['trust', 'remove', 'beta.ua', '--yes', '--dir', acme]);
  assert.equal(removed.code, 0, removed.stderr);
  const { trusts } = await json(['trust', 'list'], beta);
  assert.match(JSON.stringify(trusts), /"state":"removed".*"removedBy":"acme\.ua"/);
});

test('what cannot be is refused with the code of its kind', TIMEOUT, async () => {
  const codes = async (...words: string[]) => (await canopy([...words, '--dir', acme])).code;
  assert.equal(await codes('trust', 'add', 'ua'), 2, 'its own parent');
  assert.equal(await codes('trust', 'add', 'Beta.ua'), 2, 'no name');
  assert.equal(await codes('trust', 'add', 'odesa.beta.ua', '--from', 'sales@odesa.beta.ua'), 2, 'not our people');
  assert.equal(await codes('trust', 'add', 'odesa.beta.ua', '--expires', '2020-01-01'), 2, 'over already');
  assert.equal(await codes('trust', 'remove', 'nothing', '--yes'), 2);
  assert.equal((await canopy(['trust', 'list', '--dir', join(region.folder, 'nowhere')])).code, 2, 'no realm there');
});

test('a policy of an enterprise is set, told and taken back', TIMEOUT, async () => {
  const set = await json(['policy', 'set', 'destinations', '*.acme.ua'], acme);
  assert.match(JSON.stringify(set), /"realm":"acme\.ua","values":\["\*\.acme\.ua"\]/);
  assert.match(
    (await canopy(['policy', 'list', '--dir', acme])).stdout,
    /destinations +acme\.ua +\*\.acme\.ua\nfindable +- +not set: all/,
  );
  assert.equal((await canopy(['policy', 'set', 'destinations', '--dir', acme])).code, 2);
  assert.equal((await canopy(['policy', 'set', 'moods', '*', '--dir', acme])).code, 2);
  await json(['policy', 'set', 'destinations', '--none'], acme);
  assert.match((await canopy(['policy', 'get', 'destinations', '--dir', acme])).stdout, /not set: all/);
});
