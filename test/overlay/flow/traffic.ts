// Traffic of a node: texts at a steady pace, each with the time until its echo, and bulk.
import { createHash, randomBytes } from 'node:crypto';
import type { Network, Stream } from '../../../src/overlay/seam.ts';
import type { RealmName } from '../../../src/realm/names.ts';
import { BULK, type BulkOrder, type BulkResult, ECHO, STUCK, type TextsOrder } from './orders.ts';

const TEXT_BYTES = 600;
const FRAME = 256 * 1024;
/** Nothing taken for so long: the other side has stopped. */
const STILL = 2_000;

/** Milliseconds that each text and its echo took; a late one delays none after it. */
export async function sendTexts(
  network: Network,
  to: RealmName,
  { count, every }: TextsOrder,
  signal: AbortSignal,
): Promise<number[]> {
  const stream = await network.open(to, ECHO, { signal });
  const sent: number[] = [];
  const took: number[] = [];
  const timer = setInterval(() => {
    if (sent.length >= count) return clearInterval(timer);
    sent.push(performance.now());
    void stream.write(randomBytes(TEXT_BYTES), signal).catch(() => clearInterval(timer));
  }, every);
  try {
    while (took.length < count) {
      if (!(await stream.read(signal))) throw new Error('the echo ended');
      took.push(performance.now() - (sent[took.length] ?? 0));
    }
  } finally {
    clearInterval(timer);
  }
  await stream.close();
  return took;
}

export async function sendBulk(
  network: Network,
  to: RealmName,
  order: BulkOrder,
  signal: AbortSignal,
): Promise<BulkResult> {
  const protocol = order.protocol ?? BULK;
  const stream = await network.open(to, protocol, { signal, class: order.class ?? 'bulk' });
  const begun = performance.now();
  if (protocol === STUCK)
    return { bytes: await fill(stream, order.bytes), ms: performance.now() - begun, isWhole: false };
  const hash = createHash('sha256');
  const frame = randomBytes(FRAME);
  for (let left = order.bytes; left > 0; left -= FRAME) {
    const piece = frame.subarray(0, Math.min(FRAME, left));
    frame.writeUInt32BE(left % 2 ** 32);
    hash.update(piece);
    await stream.write(Uint8Array.from(piece), signal);
  }
  await stream.close();
  const told: unknown = JSON.parse(new TextDecoder().decode((await stream.read(signal)) ?? new Uint8Array()));
  const ms = performance.now() - begun;
  const heard = typeof told === 'object' && told !== null && 'hash' in told && 'bytes' in told ? told : undefined;
  const isWhole = heard?.bytes === order.bytes && heard.hash === hash.digest('hex');
  return { bytes: order.bytes, ms, isWhole };
}

/** How many bytes go out to one who takes none. */
async function fill(stream: Stream, most: number): Promise<number> {
  const frame = randomBytes(FRAME);
  for (let sent = 0; ; sent += FRAME) {
    if (sent >= most) return sent;
    const late = new Promise<'late'>((resolve) => setTimeout(() => resolve('late'), STILL));
    const writing = stream.write(frame).catch(() => {});
    if ((await Promise.race([writing, late])) === 'late') return sent;
  }
}
