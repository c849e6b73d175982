// What a destination's word does to the outbox, by whichever way it comes, and when an old one is told again.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { storePath } from '../../../node/delivery/handover-store.ts';
import { openOutbox } from '../../../node/delivery/outbox.ts';
import { Settling } from '../../../node/delivery/settling.ts';
import { encodeEnvelope } from '../../../src/crypto/envelope.ts';
import { createDatabase } from '../../../src/store/database.ts';
import { ForgetfulDisk } from '../../store/forgetful-disk.ts';
import { HandClock } from '../hand-clock.ts';
import { CLERK, DEVICE, ENGINEER, KYIV, LVIV, message } from '../simulated-branch.ts';

const LIMIT = { timeout: 20_000 };
const START = Date.UTC(2026, 0, 1);
const WAY = storePath({ kind: 'custody', hops: [] });
const BEGINNING = { incarnation: 0, n: 0 };
const ALL = { count: 100, bytes: 1_000_000 };

async function queued(t: TestContext, count: number) {
  const database = await createDatabase(new ForgetfulDisk().openEngine());
  t.after(() => database.close());
  const outbox = await openOutbox({ database, incarnation: 1 });
  const add = async (n: number) => {
    const { id, conversation, body } = message(n);
    const addresses = { version: 1, id, conversation, sender: CLERK, device: DEVICE, recipients: [ENGINEER] } as const;
    const rest = {
      origin: KYIV,
      incarnation: 1,
      expires: 0,
      priority: 'text',
      durable: true,
      kind: 'message',
      blobs: [],
      body,
    } as const;
    const added = outbox.add(LVIV, encodeEnvelope({ ...addresses, ...rest, stamp: { ms: START, counter: n } }), START);
    await database.commit([...added.writes]);
    added.committed();
  };
  for (let n = 1; n <= count; n++) await add(n);
  const settling = new Settling({
    outbox,
    clock: new HandClock(START),
    onFailed: async () => {},
    wasLent: async () => true,
  });
  const word = (watermark: number) =>
    settling.settled(LVIV, { incarnation: 1, marks: { watermark, ranges: [] }, setAside: [] }, WAY);
  return { outbox, settling, word };
}

test('an old word that a custodian tells again after a newer one lets nothing be counted twice', LIMIT, async (t) => {
  const { outbox, settling, word } = await queued(t, 15);
  const inFlight = (await outbox.read(LVIV, BEGINNING, ALL)).slice(0, 10);
  assert.deepEqual([await word(5), await word(10), await word(5)], [5, 5, 0]);
  await settling.acknowledged(LVIV, inFlight, WAY);
  assert.equal(outbox.depth(LVIV), 5, 'what still waits is still known to wait');
});
