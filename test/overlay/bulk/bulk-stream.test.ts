// Fault cases 13 and 14 for bulk streams: what an honest end does, and what it makes of records that lie.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import type { Stream as RawStream } from '@libp2p/interface';
import { multiaddrConnectionPair } from '@libp2p/utils';
import { boundedYamux } from '../../../src/overlay/bounded-yamux.ts';
import { BulkStream } from '../../../src/overlay/bulk/bulk-stream.ts';
import { dataHeader, encodeRecord, FIRST_LIMIT, MAX_PIECE } from '../../../src/overlay/bulk/index.ts';
import { Pace } from '../../../src/overlay/bulk/pace.ts';
import { MAX_RECEIVE_WINDOW, ReceivePool } from '../../../src/overlay/bulk/receive-window.ts';
import { systemClock } from '../../../src/realm/clock.ts';
import { codeOf } from '../../../src/realm/errors.ts';
import { parseRealmName } from '../../../src/realm/names.ts';
import { settled, until } from '../hosts.ts';

const TIMEOUT = { timeout: 30_000 };
const MIB = 1024 * 1024;
const peer = {
  realm: parseRealmName('lviv.acme.ua'),
  tier: 'branch',
  role: 'node',
  peerId: 'none',
  instance: '',
} as const;
const signal = (): AbortSignal => AbortSignal.timeout(10_000);

interface End {
  readonly raw: RawStream;
  readonly pace: Pace;
  readonly pool: ReceivePool;
  bulk(maxFrame?: number): BulkStream;
}

async function ends(t: TestContext): Promise<{ near: End; far: End }> {
  const [ours, theirs] = multiaddrConnectionPair();
  const muxer = boundedYamux({ maxFrame: 2 * MIB })();
  const [a, b] = [muxer.createStreamMuxer(ours), muxer.createStreamMuxer(theirs)];
  t.after(() => ours.abort(new Error('end of the test')));
  const arrived = new Promise<RawStream>((resolve) => b.addEventListener('stream', ({ detail }) => resolve(detail)));
  const near = await a.createStream();
  return { near: end(near), far: end(await arrived) };
}

function end(raw: RawStream): End {
  const [pace, pool] = [new Pace(systemClock), new ReceivePool()];
  const path = { kind: 'local', hops: [] } as const;
  const bulk = (maxFrame = MIB): BulkStream =>
    new BulkStream(raw, { peer, path, pace, pool, clock: systemClock, maxFrame });
  return { raw, pace, pool, bulk };
}

/** How a reader ends that hears these bytes from one who is no honest writer. */
async function fateOf(t: TestContext, ...pieces: readonly Uint8Array[]): Promise<string> {
  const { near, far } = await ends(t);
  const reader = far.bulk();
  const failure = reader.read(signal()).then(
    () => 'read',
    (error: unknown) => codeOf(error),
  );
  for (const piece of pieces) near.raw.send(piece);
  return failure;
}

test('frames of all sizes arrive in order and whole, then the end', TIMEOUT, async (t) => {
  const { near, far } = await ends(t);
  const [writer, reader] = [near.bulk(), far.bulk()];
  const sizes = [0, 1, 3, MAX_PIECE, MAX_PIECE + 1, FIRST_LIMIT, MIB - 1, MIB, 17];
  const frames = sizes.map((size) => new Uint8Array(randomBytes(size)));
  const writing = (async () => {
    for (const frame of frames) await writer.write(frame, signal());
    await writer.close();
  })();
  for (const frame of frames) assert.deepEqual(await reader.read(signal()), frame);
  assert.equal(await reader.read(signal()), undefined);
  await writing;
  await reader.write(Uint8Array.of(7), signal());
  await reader.close();
  assert.deepEqual(await writer.read(signal()), Uint8Array.of(7));
  await until(() => near.raw.status !== 'open' && far.raw.status !== 'open');
  assert.deepEqual([near.pace.inFlight, far.pool.free], [0, new ReceivePool().free]);
});

test('a writer gets no further ahead of a reader that has stopped than its window', TIMEOUT, async (t) => {
  const { near, far } = await ends(t);
  const [writer, reader] = [near.bulk(), far.bulk()];
  const frame = randomBytes(64 * 1024);
  await Promise.all([writer.write(frame), reader.read(signal())]);
  let written = 0;
  const writing = (async () => {
    for (;;) {
      await writer.write(frame);
      written += frame.length;
    }
  })();
  writing.catch(() => {});
  await settled(() => written);
  assert.ok(written <= MAX_RECEIVE_WINDOW, `${written} bytes`);
  writer.abort(new Error('enough'));
  await assert.rejects(writing);
  await assert.rejects(
    async () => {
      while (await reader.read(signal()));
    },
    { code: 'stream-reset' },
  );
  assert.deepEqual([near.pace.inFlight, far.pool.free], [0, new ReceivePool().free]);
});

test('a write that is given up in the middle of a frame ends the stream, before it nothing', TIMEOUT, async (t) => {
  const { near, far } = await ends(t);
  const writer = near.bulk();
  far.bulk();
  await assert.rejects(writer.write(new Uint8Array(1), AbortSignal.abort(new Error('no'))), /no/);
  assert.equal(near.raw.status, 'open');
  const late = AbortSignal.timeout(300);
  await assert.rejects(async () => {
    for (;;) await writer.write(new Uint8Array(MIB), late);
  });
  await until(() => near.raw.status !== 'open');
});

test('who writes past the limit is reset', TIMEOUT, async (t) => {
  const piece = new Uint8Array(MAX_PIECE);
  const prefix = new Uint8Array(4);
  new DataView(prefix.buffer).setUint32(0, MIB);
  const record = [dataHeader(piece.length), piece];
  const { near, far } = await ends(t);
  far.bulk();
  near.raw.send(dataHeader(4));
  near.raw.send(prefix);
  for (let sent = 0; sent < 2 * FIRST_LIMIT; sent += piece.length) for (const part of record) near.raw.send(part);
  await until(() => near.raw.status !== 'open');
});

test('records that lie end the stream by name', TIMEOUT, async (t) => {
  assert.equal(await fateOf(t, Uint8Array.of(9)), 'bad-frame');
  assert.equal(await fateOf(t, Uint8Array.of(0)), 'bad-frame');
  assert.equal(await fateOf(t, dataHeader(0xffff_ffff)), 'frame-too-long');
  assert.equal(await fateOf(t, dataHeader(0)), 'frame-too-long');
  assert.equal(await fateOf(t, dataHeader(4), Uint8Array.of(0xff, 0xff, 0xff, 0xff)), 'frame-too-long');
  assert.equal(await fateOf(t, encodeRecord({ kind: 'ack', received: 1, limit: 1 })), 'bad-frame');
  const end = encodeRecord({ kind: 'end' });
  assert.equal(await fateOf(t, dataHeader(6), Uint8Array.of(0, 0, 0, 9, 1, 1), end), 'stream-cut-short');
  assert.equal(await fateOf(t, end, dataHeader(1), Uint8Array.of(1)), 'read');
});

test('a frame in pieces of one byte takes no more memory than its bytes', TIMEOUT, async (t) => {
  const { near, far } = await ends(t);
  const reader = far.bulk();
  const frame = randomBytes(20_000);
  const prefix = new Uint8Array(4);
  new DataView(prefix.buffer).setUint32(0, frame.length);
  for (const byte of [...prefix, ...frame]) near.raw.send(Uint8Array.of(...dataHeader(1), byte));
  assert.deepEqual(await reader.read(signal()), new Uint8Array(frame));
});

test('streams of one connection share its pace, and each gets its turn', TIMEOUT, async (t) => {
  const pace = new Pace(systemClock);
  const pool = new ReceivePool();
  const path = { kind: 'local', hops: [] } as const;
  const carried = await Promise.all(
    [0, 1, 2].map(async () => {
      const { near, far } = await ends(t);
      const init = { peer, path, pace, pool, clock: systemClock };
      const [writer, reader] = [new BulkStream(near.raw, init), new BulkStream(far.raw, init)];
      const writing = (async () => {
        for (let count = 0; count < 40; count++) await writer.write(new Uint8Array(MAX_PIECE));
        await writer.close();
      })();
      let bytes = 0;
      for (let frame = await reader.read(signal()); frame; frame = await reader.read(signal())) bytes += frame.length;
      await writing;
      return bytes;
    }),
  );
  assert.deepEqual(carried, Array(3).fill(40 * MAX_PIECE));
});
