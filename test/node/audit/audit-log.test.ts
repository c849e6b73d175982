// The audit log: durable, bounded, and a change made behind its back shows where it was made.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import * as fc from 'fast-check';
import { AuditLog } from '../../../node/audit/audit-log.ts';
import { decodeRecord, encodeRecord, NO_HASH, recordOf } from '../../../node/audit/audit-record.ts';
import { createDatabase, type Database } from '../../../src/store/database.ts';
import type { Write } from '../../../src/store/engine.ts';
import { key } from '../../../src/store/keys.ts';
import { ForgetfulDisk } from '../../store/forgetful-disk.ts';

const LIMIT = { timeout: 30_000 };
const clock = { now: () => 1_800_000_000_000 };

async function filled(disk = new ForgetfulDisk()): Promise<{ database: Database; log: AuditLog }> {
  const database = await createDatabase(disk.openEngine());
  const log = new AuditLog({ database, clock });
  await Promise.all(
    ['a', 'b', 'c', 'd'].map((code) => log.record({ code, actor: 'clerk', fields: { n: 1, ok: true } })),
  );
  return { database, log };
}

const recordKey = (n: number) => key('audit', 'record', n);

test('records come back in order, the newest ones on demand', LIMIT, async () => {
  const { log } = await filled();
  const records = await log.tail(3);
  assert.deepEqual(
    records.map(({ n, code }) => [n, code]),
    [
      [2, 'b'],
      [3, 'c'],
      [4, 'd'],
    ],
  );
  assert.deepEqual(records[0], { n: 2, time: clock.now(), code: 'b', actor: 'clerk', fields: { n: 1, ok: true } });
  assert.deepEqual(await log.verify(), { kind: 'whole', count: 4 });
});

test('an empty log is whole', LIMIT, async () => {
  const log = new AuditLog({ database: await createDatabase(new ForgetfulDisk().openEngine()), clock });
  assert.deepEqual(await log.verify(), { kind: 'whole', count: 0 });
});

test('the chain goes on after a restart', LIMIT, async () => {
  const disk = new ForgetfulDisk();
  await filled(disk);
  disk.powerCut();
  const log = new AuditLog({ database: await createDatabase(disk.openEngine()), clock });
  await log.record({ code: 'e' });
  assert.deepEqual(await log.verify(), { kind: 'whole', count: 5 });
});

test('a record is acknowledged only once it is on disk', LIMIT, async () => {
  const disk = new ForgetfulDisk();
  const { log } = await filled(disk);
  disk.holdSyncs();
  let done = false;
  void log.record({ code: 'late' }).finally(() => {
    done = true;
  });
  for (let i = 0; i < 10; i++) await turn();
  assert.equal(done, false);
  disk.powerCut();
  const again = new AuditLog({ database: await createDatabase(disk.openEngine()), clock });
  assert.deepEqual(await again.verify(), { kind: 'whole', count: 4 });
});

test('a record that could not be written leaves no gap', LIMIT, async () => {
  const disk = new ForgetfulDisk();
  const { log } = await filled(disk);
  disk.full = true;
  await assert.rejects(log.record({ code: 'x' }), { code: 'disk-full' });
  disk.full = false;
  await log.record({ code: 'y' });
  assert.deepEqual(await log.verify(), { kind: 'whole', count: 5 });
});

const altered = encodeRecord({ record: recordOf({ code: 'nothing happened' }, 2, clock.now()), previous: NO_HASH });
const tampering: [string, Write[], { at: number; why: string }][] = [
  ['an altered record', [{ type: 'put', key: recordKey(2), value: altered }], { at: 2, why: 'altered' }],
  ['a removed record', [{ type: 'del', key: recordKey(3) }], { at: 3, why: 'missing' }],
  ['an end that was cut off', [{ type: 'del', key: recordKey(4) }], { at: 4, why: 'cut-off' }],
  ['garbage', [{ type: 'put', key: recordKey(1), value: Uint8Array.of(1) }], { at: 1, why: 'unreadable' }],
];
for (const [what, writes, found] of tampering) {
  test(`verify names the place of ${what}`, LIMIT, async () => {
    const { database, log } = await filled();
    await database.commit(writes);
    assert.deepEqual(await log.verify(), { kind: 'damaged', ...found });
  });
}

test('whatever an event says, its record is bounded and reads back', () => {
  const event = fc.record(
    {
      code: fc.string({ unit: 'binary', maxLength: 200 }),
      actor: fc.string({ unit: 'binary', maxLength: 1000 }),
      fields: fc.dictionary(fc.string(), fc.oneof(fc.string({ maxLength: 1000 }), fc.double(), fc.boolean()), {
        maxKeys: 40,
      }),
    },
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(event, (value) => {
      const record = recordOf(value, 1, clock.now());
      const bytes = encodeRecord({ record, previous: NO_HASH });
      assert.ok(bytes.length < 20_000);
      assert.deepEqual(decodeRecord(bytes).record.code, record.code);
      for (let cut = 0; cut < bytes.length; cut += 7) assert.throws(() => decodeRecord(bytes.slice(0, cut)));
    }),
  );
});
