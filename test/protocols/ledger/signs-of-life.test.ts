// What a quiet stream of the ledger carries, and when silence on it ends it. By a clock that is driven.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Stream } from '../../../src/overlay/seam.ts';
import { HolderSession } from '../../../src/protocols/ledger/client.ts';
import { encodeFrame } from '../../../src/protocols/ledger/frames.ts';
import { LEDGER_PROTOCOL, SILENCE_DEADLINE, TIP_INTERVAL } from '../../../src/protocols/ledger/index.ts';
import { Intake } from '../../../src/protocols/ledger/intake.ts';
import { ServedReader } from '../../../src/protocols/ledger/served-reader.ts';
import { SimulatedClock } from '../../simulation/clock.ts';
import { PairedNetworks } from '../paired-network.ts';
import { authorOf, kyiv, lviv, readerStore } from './ledger-realm.ts';

const LIMIT = { timeout: 30_000 };
const ID = { realm: kyiv, chain: 'directory' } as const;
const HOUR = 3_600_000;

test(
  'a holder with nothing to say gives a sign of life in time for its reader, and no more of them than that takes',
  LIMIT,
  async () => {
    const clock = new SimulatedClock();
    const { store } = await authorOf(ID);
    const reader = new ServedReader({ store, clock }, { realm: lviv, tier: 'branch', role: 'node', peerId: 'reader' });
    const ended = new AbortController();
    const at: number[] = [];
    const written = (async () => {
      for await (const frame of reader.frames(ended.signal)) {
        assert.deepEqual(frame, { kind: 'tips', tips: [] });
        at.push(clock.monotonic());
      }
    })();
    await clock.runUntil(HOUR);
    ended.abort();
    await written;
    reader.close();
    assert.equal(at.length, Math.floor(HOUR / TIP_INTERVAL));
    assert.ok(at.every((time, i) => time - (at[i - 1] ?? 0) < SILENCE_DEADLINE));
    assert.equal(clock.waiting, 0);
  },
);

test('a holder that hangs is left after two minutes', LIMIT, async () => {
  const clock = new SimulatedClock();
  const networks = new PairedNetworks();
  networks.of(kyiv, 'branch').handle(LEDGER_PROTOCOL, { allow: 'family' }, async (stream: Stream) => {
    await stream.read();
    await stream.write(encodeFrame({ kind: 'tips', tips: [] }));
    await stream.read();
  });
  const store = await readerStore();
  const parts = { store, intake: new Intake(store), network: networks.of(lviv, 'branch'), clock };
  const session = new HolderSession(parts, kyiv, {
    onOpen: () => undefined,
    onTip: () => undefined,
    onFraud: () => undefined,
    onBad: () => undefined,
    onGossip: async () => undefined,
  });
  await session.ask([ID]);
  let left: number | undefined;
  const done = assert.rejects(session.run(new AbortController().signal), { code: 'timeout' }).finally(() => {
    left = clock.monotonic();
  });
  await clock.runUntil(HOUR);
  await done;
  assert.equal(left, SILENCE_DEADLINE);
});
