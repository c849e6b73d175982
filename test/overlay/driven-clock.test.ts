// The overlay's waits are by the clock that is passed in, so that a simulation can drive them.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { answerOnce } from '../../src/overlay/enrol/exchange.ts';
import type { Stream } from '../../src/overlay/seam.ts';
import { untilAborted } from '../../src/realm/until-aborted.ts';

const ROOT = resolve(import.meta.dirname, '../../src/overlay');
/** Where only real sockets and real peers are waited for. */
const BY_THE_WALL = ['admission/encrypter.ts', 'framed-stream.ts'];
const WALL_CLOCK = /AbortSignal\.timeout\(|(?<![.\w])setTimeout\(|(?<![.\w])setInterval\(|Date\.now\(/;

test('nothing else in the overlay looks at the wall', () => {
  const files = readdirSync(ROOT, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  assert.ok(files.length > 100);
  assert.deepEqual(
    files.filter((name) => WALL_CLOCK.test(readFileSync(join(ROOT, name), 'utf8'))).toSorted(),
    BY_THE_WALL,
  );
});

test('a request that never comes ends when the driven clock says so, and not before', { timeout: 5_000 }, async () => {
  const due: { delay: number; callback: () => void }[] = [];
  const clock = {
    after: (delay: number, callback: () => void) => {
      due.push({ delay, callback });
      return { cancel: () => {} };
    },
  };
  const silent: Pick<Stream, 'read'> = {
    read: async (signal) => {
      if (signal) await untilAborted(signal);
      throw signal?.reason;
    },
  };
  const stream = Object.assign(Object.create(null), silent);
  const answered = answerOnce(stream, async (bytes) => bytes, clock);
  assert.deepEqual(
    due.map(({ delay }) => delay),
    [15_000],
  );
  due[0]?.callback();
  await assert.rejects(answered, { code: 'timeout' });
});
