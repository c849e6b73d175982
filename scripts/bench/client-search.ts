// What a client's cache and search cost with a long history: time to put and to index it, sizes, a question's time, and the time from
// opening the cache to the first screen of messages. On LevelDB in a folder of its own, encrypted, in this process. Prints one JSON
// document; times are in milliseconds.
//
//   node scripts/bench/client-search.ts [--messages 100000] [--questions 300]
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openLevelEngine } from '../../cli/cache/level-engine.ts';
import { placeOf } from '../../src/client/cache/cache.ts';
import { makeCacheSecret } from '../../src/client/cache/cache-secret.ts';
import { SealedCache } from '../../src/client/cache/sealed-cache.ts';
import { findMessages } from '../../src/client/finding.ts';
import { SearchIndex } from '../../src/client/search/search-index.ts';
import type { OpenedEvent } from '../../src/client/timeline/events.ts';
import { emptyTimeline, reduceTimeline } from '../../src/client/timeline/state.ts';
import { viewTimeline } from '../../src/client/timeline/view.ts';
import { systemClock } from '../../src/realm/clock.ts';
import { parseConversationId, parseDeviceId, parseMessageId, parseUserId } from '../../src/realm/ids.ts';
import { seeded, vocabulary } from './written-texts.ts';

const { values } = parseArgs({
  options: { messages: { type: 'string', default: '100000' }, questions: { type: 'string', default: '300' } },
});
const count = Number(values.messages);
const PAGE = 200;

const random = seeded(7);
const { text: textOf } = vocabulary(random);

const conversation = parseConversationId('10000000-0000-4000-8000-000000000001');
const sender = parseUserId('20000000-0000-4000-8000-000000000001');
const device = parseDeviceId('30000000-0000-4000-8000-000000000001');

function event(n: number): OpenedEvent {
  const id = parseMessageId(
    `${Math.floor(random() * 2 ** 32)
      .toString(16)
      .padStart(8, '0')}-0000-4000-8000-${n.toString(16).padStart(12, '0')}`,
  );
  const stamp = { ms: 1_700_000_000_000 + n * 60_000, counter: 0 };
  const content = { kind: 'text' as const, text: textOf(n), sentAt: stamp.ms };
  return {
    id,
    conversation,
    sender,
    device,
    recipients: [sender],
    stamp,
    arrivedAt: stamp.ms,
    role: 'member',
    state: 'read',
    content,
  };
}

const quantile = (sorted: readonly number[], of: number) =>
  Math.round(100 * (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * of))] ?? 0)) / 100;

const folder = await mkdtemp(join(tmpdir(), 'canopy-bench-'));
const secret = await makeCacheSecret(new Uint8Array(32).fill(9));
const open = async () => SealedCache.open({ engine: await openLevelEngine(folder), secret });

try {
  console.log(JSON.stringify(await measure()));
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function measure(): Promise<object> {
  const events = Array.from({ length: count }, (_, n) => event(n));
  const made = await open();
  const index = await SearchIndex.open(made);
  let [putting, indexing] = [0, 0];
  // Newest first, as a device catches up.
  for (let to = count; to > 0; to -= PAGE) {
    const page = events.slice(Math.max(0, to - PAGE), to);
    let begun = performance.now();
    await made.put(conversation, { events: page });
    putting += performance.now() - begun;
    begun = performance.now();
    index.add(
      conversation,
      page.map((one) => ({ place: placeOf(one) ?? '', text: one.content?.kind === 'text' ? one.content.text : '' })),
    );
    indexing += performance.now() - begun;
  }
  const begun = performance.now();
  await index.flush();
  indexing += performance.now() - begun;
  const { bytes } = index.size();
  await made.close();
  const first = await firstScreen();
  const questions = await ask(events);
  return {
    messages: count,
    putMs: Math.round(putting),
    indexMs: Math.round(indexing),
    indexBytes: bytes,
    diskBytes: await diskBytes(),
    ...first,
    ...questions,
  };
}

/** From a closed cache to the newest page as it is shown; then to an index that answers. */
async function firstScreen() {
  const begun = performance.now();
  const cache = await open();
  const page = await cache.page(conversation, { limit: 100 });
  const state = reduceTimeline(emptyTimeline(conversation), {
    kind: 'events',
    events: [...page.events, ...page.about],
  });
  const { items } = viewTimeline(state, { user: sender, kind: 'direct', now: Date.now() });
  const shown = performance.now();
  await SearchIndex.open(cache);
  const opened = performance.now();
  await cache.close();
  return { shown: items.length, firstScreenMs: Math.round(shown - begun), indexOpenMs: Math.round(opened - shown) };
}

/** Beginnings of words, pairs of words and Chinese, with the messages that were found. */
async function ask(events: readonly OpenedEvent[]) {
  const cache = await open();
  const index = await SearchIndex.open(cache);
  const kindOf = async () => 'direct' as const;
  const parts = { index, cache, me: sender, kindOf, settled: () => [], clock: systemClock };
  const times: number[] = [];
  let found = 0;
  for (let n = 0; n < Number(values.questions); n++) {
    const { content } = events[Math.floor(random() * events.length)] ?? {};
    const text = content?.kind === 'text' ? content.text : '';
    const question =
      n % 5 === 0 ? text.slice(0, 1) : n % 5 === 1 ? text.split(' ').slice(0, 2).join(' ') : text.slice(0, 3);
    const begun = performance.now();
    const hits = await findMessages(question, { limit: 50 }, parts);
    times.push(performance.now() - begun);
    found += hits.length;
  }
  await cache.close();
  times.sort((a, b) => a - b);
  return {
    questions: times.length,
    hits: found,
    queryP50Ms: quantile(times, 0.5),
    queryP95Ms: quantile(times, 0.95),
    queryMaxMs: quantile(times, 1),
  };
}

async function diskBytes(): Promise<number> {
  const files = await readdir(folder);
  const sizes = await Promise.all(files.map(async (file) => (await stat(join(folder, file))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}
