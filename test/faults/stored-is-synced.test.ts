// Acknowledged means fsynced: the order of write, fdatasync and acknowledgement as the kernel saw it.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { parseMessageId } from '../../src/realm/ids.ts';
import { nextEvent } from '../client/waiting.ts';
import { type LoneRealm, makeLoneRealm } from './lone-realm.ts';
import { Program } from './program.ts';
import { type Call, readTrace, violations } from './syscall-trace.ts';

const STRACE = ['strace', '-D', '-f', '--seccomp-bpf', '-yy', '-xx', '-s', '100000'];
const CALLS = 'trace=write,writev,pwrite64,sendto,sendmsg,fdatasync,fsync';
const BURSTS = [1, 1, 1, 10, 40];

const isThere = spawnSync('strace', ['-f', '--seccomp-bpf', '-o', '/dev/null', 'true']).status === 0;
/** Where the laboratory is required, so is the tracer: then this fails without it. */
const isRequired = (process.env['CANOPY_TEST_REQUIRE'] ?? '').includes('lab');
const skip =
  isThere || isRequired ? false : 'strace not found, or it may not trace here; npm run test:setup installs it';

describe('stored is synced', { skip, timeout: 120_000 }, () => {
  let realm: LoneRealm;
  let calls: readonly Call[];
  const ids: string[] = [];

  before(async () => {
    realm = await makeLoneRealm();
    const file = join(realm.folder, 'trace');
    const node = await Program.start({ role: 'node', dir: realm.dir, under: [...STRACE, '-e', CALLS, '-o', file] });
    try {
      ids.push(...(await writeMessages(realm)));
    } finally {
      await node.stop();
    }
    calls = readTrace(await endOfTrace(file));
  });
  after(() => realm.remove());

  test('each message was written to the log, the log synced, and only then was anybody told', () => {
    assert.equal(
      ids.length,
      BURSTS.reduce((sum, count) => sum + count),
    );
    assert.deepEqual(violations(calls, ids), []);
  });

  test('the same trace without its syncs, or with syncs that failed, is found out', () => {
    const unsynced = calls.filter(({ name }) => !name.endsWith('sync'));
    assert.equal(violations(unsynced, ids).length, ids.length);
    const failed = calls.map((call) => (call.name.endsWith('sync') ? { ...call, result: -1 } : call));
    assert.equal(violations(failed, ids).length, ids.length);
    const elsewhere = calls.map((call) => (call.name.endsWith('sync') ? { ...call, file: '3</tmp/other.log>' } : call));
    assert.equal(violations(elsewhere, ids).length, ids.length);
  });

  test('an acknowledgement that is moved before its sync is found out', () => {
    for (const id of ids) {
      const early = calls.map((call) =>
        call.data.includes(id) && /TCP/.test(call.file) ? { ...call, begun: 0 } : call,
      );
      assert.deepEqual(violations(early, [id]), [`${id} was told before it was synced`]);
    }
  });
});

test('planted traces: the reader follows calls that were interrupted, and finds each violation', () => {
  const id = '7a1f9d0e-6a55-4f2e-8a0b-51c3b2a49d10';
  const write = `write(9</db/000003.log>, "${hex(logRecord(id))}", 30`;
  const ack = `write(20<TCP:[127.0.0.1:1->127.0.0.1:2]>, "${hex(Buffer.from(`stored ${id}`))}", 43) = 43`;
  const good = [
    `7 ${write} <unfinished ...>`,
    '8 fdatasync(9</db/000003.log>) = 0',
    '7 <... write resumed>) = 30',
    '7 fdatasync(9</db/000003.log> <unfinished ...>',
    '8 write(1<pipe:[4]>, "\\x61", 1) = 1',
    '7 <... fdatasync resumed>) = 0',
    `8 ${ack}`,
  ];
  const judge = (lines: readonly string[]) => violations(readTrace(lines.join('\n')), [id]);
  assert.deepEqual(judge(good), []);
  const [begin = '', foreign = '', end = '', sync = '', other = '', synced = '', told = ''] = good;
  assert.deepEqual(judge([begin, foreign, end, sync, told, other, synced]), [`${id} was told before it was synced`]);
  assert.deepEqual(
    judge([begin, foreign, end, told]),
    [`${id} was never synced`],
    'a sync that began before the write ended',
  );
  assert.deepEqual(judge([sync, synced, told]), [`${id} was never written`]);
  assert.deepEqual(judge(good.slice(0, -1)), [`${id} was never acknowledged`]);
  const wrongFile = good.map((line) => line.replace('fdatasync(9</db/000003.log>', 'fdatasync(9</db/000005.log>'));
  assert.deepEqual(judge(wrongFile), [`${id} was never synced`]);
  const failed = good.map((line) => line.replace('fdatasync resumed>) = 0', 'fdatasync resumed>) = -1 EIO'));
  assert.deepEqual(judge(failed), [`${id} was never synced`]);
});

/** One whole fragment of LevelDB's log that holds the id's bytes. */
function logRecord(id: string): Buffer {
  return Buffer.concat([
    Buffer.from([0, 0, 0, 0, 23, 0, 1]),
    Buffer.from(`00${id.replaceAll('-', '')}`, 'hex'),
    Buffer.alloc(6),
  ]);
}

const hex = (bytes: Buffer): string => bytes.toString('hex').replaceAll(/../g, '\\x$&');

/** Alone and in bursts, which share a sync. @returns ids of what was acknowledged */
async function writeMessages(realm: LoneRealm): Promise<string[]> {
  const [clerk, engineer] = await realm.people();
  const ids: string[] = [];
  try {
    for (const { client } of [clerk, engineer]) {
      client.connect();
      await nextEvent(client, 'ready');
    }
    for (const count of BURSTS) {
      const burst = Array.from({ length: count }, () => parseMessageId(randomUUID()));
      const stored = burst.map((id) =>
        nextEvent(clerk.client, 'state', (event) => event.id === id && event.state === 'stored'),
      );
      for (const id of burst) await clerk.client.send({ id, to: engineer.address, text: `number ${id}` });
      await Promise.all(stored);
      ids.push(...burst);
    }
  } finally {
    for (const { client } of [clerk, engineer]) client.disconnect();
  }
  return ids;
}

/** The tracer ends after the node does. */
async function endOfTrace(file: string): Promise<string> {
  for (let before = -1; ; ) {
    const text = await readFile(file, 'latin1');
    if (text.length === before) return text;
    before = text.length;
    await pause(500);
  }
}
