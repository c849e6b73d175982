// Fault cases 14, 36 and 39: 100 MiB over a relayed path of three relays, each a process of its own, and what bulk does to
// texts and to the relays' memory; a reader that stops; a line that bulk fills.
// Idle and busy texts take turns, so that whatever else this machine does falls upon both.
import assert from 'node:assert/strict';
import { after, before, describe, type TestContext, test } from 'node:test';
import { STUCK } from '../overlay/flow/orders.ts';
import { TwoBranches } from '../overlay/flow/processes.ts';
import { bulk, Growth, settle, TextRounds, untilFair } from '../overlay/flow/relayed.ts';
import { SlowLine } from '../overlay/flow/slow-line.ts';

const MIB = 1024 * 1024;
const LIMIT = { timeout: 300_000 };
const ROUNDS = 8;
const STUCK_ROUNDS = 3;
const WHOLE = 100 * MIB;
/** Bytes that may be on the way, or wait at the end of a reader that has stopped. */
const MOST_AHEAD = 8 * MIB;

describe('a relayed path', LIMIT, () => {
  let branches: TwoBranches;
  before(async () => {
    branches = await TwoBranches.start({ punch: [] });
    await settle(branches, 'relayed');
  }, LIMIT);
  after(() => branches?.stop());

  test('100 MiB arrive whole over three relays that keep their size, and texts keep their pace', LIMIT, async (t) => {
    const growth = new Growth(branches);
    await untilFair(t, branches, async (rounds) => {
      for (let round = 0; round < ROUNDS; round++) await wholeBeside(t, rounds, branches, WHOLE / ROUNDS);
    });
    growth.check(t);
  });

  test('a reader that has stopped holds up its writer alone', LIMIT, async (t) => {
    const growth = new Growth(branches);
    await untilFair(t, branches, async (rounds) => {
      for (let round = 0; round < STUCK_ROUNDS; round++) {
        await rounds.idle();
        const { bytes } = await rounds.during(() => bulk(branches, WHOLE, STUCK));
        assert.ok(bytes < MOST_AHEAD, `${bytes} bytes were taken from the writer of a reader that has stopped`);
        await wholeBeside(t, rounds, branches, 8 * MIB);
      }
    });
    growth.check(t);
  });
});

describe('a line of 20 Mbit/s on the way', LIMIT, () => {
  let branches: TwoBranches;
  let line: SlowLine;
  before(async () => {
    branches = await TwoBranches.start({
      punch: [],
      uplink: async (port) => {
        line = await SlowLine.open(port, 20);
        return line.port;
      },
    });
    await settle(branches, 'relayed');
  }, LIMIT);
  after(async () => {
    await branches?.stop();
    await line?.close();
  });

  test('bulk fills it and texts keep their pace', LIMIT, async (t) => {
    await untilFair(t, branches, async (rounds) => {
      const mbit = await wholeBeside(t, rounds, branches, 8 * MIB);
      await rounds.idle();
      assert.ok(mbit > 8, `bulk carried ${mbit} Mbit/s of 20`);
    });
  });

  test('bulk waits while the line stands still, and goes on by itself', LIMIT, async () => {
    const carried = bulk(branches, 8 * MIB);
    await line.standStill(1_000, 4_000);
    assert.ok((await carried).isWhole);
  });
});

describe('an operator allows 16 Mbit/s of bulk', LIMIT, () => {
  let branches: TwoBranches;
  before(async () => {
    branches = await TwoBranches.start({
      punch: [],
      settings: { limits: [{ where: 'wan', class: 'bulk', kbit: 16_000 }] },
    });
    await settle(branches, 'relayed');
  }, LIMIT);
  after(() => branches?.stop());

  test('bulk keeps to it, and texts keep their pace', LIMIT, async (t) => {
    await untilFair(t, branches, async (rounds) => {
      const mbit = await wholeBeside(t, rounds, branches, 8 * MIB);
      await rounds.idle();
      assert.ok(mbit < 18, `${mbit} Mbit/s`);
    });
  });
});

async function wholeBeside(t: TestContext, rounds: TextRounds, branches: TwoBranches, bytes: number): Promise<number> {
  await rounds.idle();
  const { isWhole, mbit } = await rounds.during(() => bulk(branches, bytes));
  t.diagnostic(`${Math.round(mbit)} Mbit/s`);
  assert.ok(isWhole, 'what arrived has another hash than what was sent');
  return mbit;
}
