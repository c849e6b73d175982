// Fault case 15: a branch that was taken over floods another one and the enterprise's relay; the people of the flooded branch
// go on writing.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Flood } from './flooder.ts';
import { startTwoBranches, type TwoBranches } from './two-branches.ts';

const LIMIT = { timeout: 180_000 };
const FLOODER = fileURLToPath(new URL('./flooder.ts', import.meta.url));
const MESSAGES = 100;
const EVERY = 100;
/** Milliseconds until the own node has a message on disk. */
const MOST = 500;
/** What a relay that is flooded may grow by, in MiB, and by how much more in as long again: not with the length of the flood. */
const GROWTH = 200;
const GROWTH_LATER = 100;
/** Begun in all while the messages are sent; two busy cores are shared with the flood. */
const FLOOD = 2_000;

describe('a flood of streams, dials, requests for circuits and hellos of pipes', LIMIT, () => {
  let branches: TwoBranches;
  before(async () => {
    branches = await startTwoBranches(AbortSignal.timeout(LIMIT.timeout));
  });
  after(() => branches?.stop());

  test('leaves the people of the branch their chat, and its programs their size', LIMIT, async (t) => {
    const { kyiv, lviv } = branches;
    const relay = kyiv.program('relay');
    await Promise.all([lviv.program('relay').stop(), lviv.program('node').stop()]);
    const idle = await sendAll(branches);
    const before = relay.memory;
    const growth = (since: number): number => Math.round(relay.memory - since);
    const flood = startFlood({ dir: lviv.dir, relays: addressesOf(relay.ready) });
    try {
      await pause(1_000);
      const busy = await sendAll(branches);
      const begun = flood.begun();
      t.diagnostic(`p95 ${p95(idle)} ms before, ${p95(busy)} ms in the flood of ${JSON.stringify(begun)}`);
      const halfWay = relay.memory;
      const atFirst = growth(before);
      t.diagnostic(`the relay grew by ${atFirst} MiB at first`);
      await sendAll(branches);
      t.diagnostic(`and by ${growth(halfWay)} MiB in as long again, to ${JSON.stringify(flood.begun())}`);
      const all = Object.values(begun).reduce((sum, count) => sum + count, 0);
      assert.ok(all > FLOOD, `the flood was no flood: ${JSON.stringify(begun)}`);
      assert.ok(p95(busy) < MOST, `${p95(busy)} ms`);
      assert.ok(relay.isRunning && atFirst < GROWTH, `${atFirst} MiB`);
      assert.ok(growth(halfWay) < GROWTH_LATER, `${growth(halfWay)} MiB later`);
    } finally {
      await flood.stop();
    }
    assert.deepEqual(relay.events('unhandled rejection'), []);
  });

  test('and afterwards the branches reach each other again', LIMIT, async () => {
    const { kyiv, lviv } = branches;
    await lviv.start('relay', 'node');
    const arrived = new Promise<string>((resolve) => lviv.client.on('message', ({ text }) => text && resolve(text)));
    await kyiv.client.send({ to: lviv.address, text: 'after the flood' });
    const heard = await Promise.race([arrived, pause(60_000, 'nothing', { ref: false })]);
    const ends = [kyiv, lviv].map((branch) => branch.program('node').log.slice(-10));
    assert.notEqual(heard, 'nothing', JSON.stringify([await kyiv.admin.status(), await lviv.admin.status(), ...ends]));
  });
});

async function sendAll({ kyiv, lviv }: TwoBranches): Promise<number[]> {
  const sending: Promise<number>[] = [];
  for (let count = 0; count < MESSAGES; count++) {
    const begun = performance.now();
    sending.push(kyiv.client.send({ to: lviv.address, text: `${count}` }).then(() => performance.now() - begun));
    await pause(EVERY);
  }
  return Promise.all(sending);
}

function p95(values: readonly number[]): number {
  return Math.round(values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.95)] ?? Number.NaN);
}

function addressesOf(ready: Readonly<Record<string, unknown>>): string[] {
  const { relay } = ready;
  assert.ok(Array.isArray(relay) && relay.every((one) => typeof one === 'string'), JSON.stringify(ready));
  return relay;
}

function startFlood(flood: Flood): { begun(): Record<string, number>; stop(): Promise<void> } {
  const child = spawn(process.execPath, [FLOODER, JSON.stringify(flood)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let begun: Record<string, number> = {};
  createInterface({ input: child.stdout }).on('line', (line) => (begun = JSON.parse(line)));
  const gone = once(child, 'exit');
  return {
    begun: () => begun,
    stop: async () => {
      child.kill('SIGKILL');
      await gone;
    },
  };
}
