// The new device of scripts/bench/new-device.ts, in a process of its own so that its memory can be told: logs in with an empty cache
// on disk, and says on stdout when the first screen is there, when all is held, when all can be searched. The server's answers are
// counted in bytes as they come.
import { parseArgs } from 'node:util';
import { openLevelEngine } from '../../cli/cache/level-engine.ts';
import { nodePlatform } from '../../cli/chat/node-platform.ts';
import { makeCacheSecret } from '../../src/client/cache/cache-secret.ts';
import { SealedCache } from '../../src/client/cache/sealed-cache.ts';
import { type Client, type Conversation, createClient, type HttpFetch } from '../../src/client/client.ts';

const { values } = parseArgs({
  options: {
    server: { type: 'string', default: '' },
    login: { type: 'string', default: '' },
    password: { type: 'string', default: '' },
    folder: { type: 'string', default: '' },
    messages: { type: 'string', default: '0' },
    words: { type: 'string', default: '' },
  },
});
const count = Number(values.messages);
const words = values.words.split(' ');
/** Messages that fill a tall window. */
const SCREEN = 40;
const SEARCHES = 300;
/** Of the index's writing, after which what was counted lies on disk. */
const LEISURE = 6_000;

const platform = nodePlatform();
let bytes = 0;
const fetch: HttpFetch = async (url, init) => {
  const answer = await platform.fetch(url, init);
  bytes += Number(answer.headers.get('content-length') ?? 0);
  return answer;
};
const cache = await SealedCache.open({
  engine: await openLevelEngine(values.folder),
  secret: await makeCacheSecret(crypto.getRandomValues(new Uint8Array(32))),
});

const begun = performance.now();
const since = (from = begun): number => Math.round(performance.now() - from);
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const memory = (): number => Math.round(process.memoryUsage.rss() / 2 ** 20);
let peak = 0;
const watching = setInterval(() => (peak = Math.max(peak, memory())), 50);

const client = createClient({
  server: values.server,
  fetch,
  openSocket: platform.openSocket,
  openCache: async () => cache,
});
await client.login(values.login, values.password);
const loggedIn = since();
client.connect();
const chat = await firstConversation(client);
const firstScreen = await screenOf(client, chat);
await held();
const allHeld = since();
const cpuMs = Math.round((process.cpuUsage().user + process.cpuUsage().system) / 1000);
const whole = await walk(client, chat);
const rounds = await search(client);
await pause(LEISURE);
clearInterval(watching);
console.log(
  JSON.stringify({
    loggedInMs: loggedIn,
    firstScreenMs: firstScreen,
    firstScreenAfterLoginMs: firstScreen - loggedIn,
    allHeldMs: allHeld,
    cpuMs,
    answerBytes: bytes,
    peakMiB: peak,
    ...whole,
    ...rounds,
    unreadable: client.counters()['unable-to-decrypt'] ?? 0,
  }),
);
client.disconnect();
await platform.close();
process.exit();

async function firstConversation(of: Client): Promise<Conversation> {
  for (;;) {
    const [found] = await of.conversations();
    if (found) return found;
    await pause(5);
  }
}

/** As a page does: opens the conversation and shows what is there as soon as it fills a screen. */
async function screenOf(of: Client, { id }: Conversation): Promise<number> {
  const timeline = await of.timeline(id);
  while (readable(timeline.view().items) < Math.min(SCREEN, count)) await pause(5);
  const at = since();
  timeline.close();
  return at;
}

/** No conversation has a gap any more, and what came is on disk. */
async function held(): Promise<void> {
  for (;;) {
    const looked = await cache.records('looked');
    if (looked.size > 0 && (await cache.records('holes')).size === 0) return;
    await pause(20);
  }
}

/** To the very beginning, page by page, from what is held here. */
async function walk(of: Client, { id }: Conversation) {
  const from = performance.now();
  let [seen, before] = [0, undefined as string | undefined];
  for (;;) {
    const page = await cache.page(id, { limit: 200, ...(before !== undefined && { before }) });
    seen += page.events.filter(({ content }) => content?.kind === 'text').length;
    before = page.before;
    if (before === undefined) break;
  }
  const timeline = await of.timeline(id);
  await timeline.older();
  timeline.close();
  return { readable: seen, walkMs: since(from) };
}

function readable(items: ReturnType<Awaited<ReturnType<Client['timeline']>>['view']>['items']): number {
  return items.filter((item) => item.kind === 'message' && item.text !== undefined).length;
}

/** Beginnings, words and pairs of words, as the client answers them; `marker` stands in the oldest message alone. */
async function search(of: Client) {
  const oldest = await of.search('oldestmarker', { limit: 5 });
  const times: number[] = [];
  const cpu: number[] = [];
  let hits = 0;
  for (let n = 0; n < SEARCHES; n++) {
    const word = words[(n * 7919) % words.length] ?? '';
    const question =
      n % 5 === 0
        ? word.slice(0, 1)
        : n % 5 === 1
          ? `${word} ${words[(n * 104_729) % words.length]}`
          : word.slice(0, 3);
    const [from, spent] = [performance.now(), process.cpuUsage()];
    hits += (await of.search(question, { limit: 50 })).length;
    times.push(performance.now() - from);
    const { user, system } = process.cpuUsage(spent);
    cpu.push((user + system) / 1000);
  }
  const p = (list: number[], of: number): number =>
    Math.round(10 * (list.toSorted((a, b) => a - b)[Math.floor(list.length * of)] ?? 0)) / 10;
  return {
    foundOldest: oldest.length,
    searchHits: hits,
    searchP50Ms: p(times, 0.5),
    searchP95Ms: p(times, 0.95),
    searchP95CpuMs: p(cpu, 0.95),
  };
}
