// What the cache must do over every engine. Each engine's test runs these; the browser's runs them inside Chromium, so nothing
// here may need Node. `check` throws where something is not as promised.
import type { ClientCache } from '../../../src/client/cache/cache.ts';
import { placeOf } from '../../../src/client/cache/cache.ts';
import type { CacheSecret } from '../../../src/client/cache/cache-secret.ts';
import type { CacheEngine, CacheWrite } from '../../../src/client/cache/engine.ts';
import { SealedCache } from '../../../src/client/cache/sealed-cache.ts';
import type { OpenedEvent } from '../../../src/client/timeline/events.ts';
import type { Content } from '../../../src/crypto/content.ts';
import { codeOf } from '../../../src/realm/errors.ts';
import {
  type MessageId,
  parseConversationId,
  parseDeviceId,
  parseMessageId,
  parseUserId,
} from '../../../src/realm/ids.ts';

/** A place that can be opened again after it was closed, with what it held. */
export interface CachePlace {
  open(): Promise<CacheEngine>;
  readonly secret: CacheSecret;
  readonly otherSecret: CacheSecret;
}

export interface CacheFact {
  readonly title: string;
  run(place: CachePlace): Promise<void>;
}

const hex = (n: number, length: number) => n.toString(16).padStart(length, '0');
const uuid = (kind: number, n: number) => `${hex(kind, 8)}-0000-4000-8000-${hex(n, 12)}`;
export const CHAT = parseConversationId(uuid(1, 1));
const OTHER = parseConversationId(uuid(1, 2));
const CLERK = parseUserId(uuid(2, 1));
const STRANGER = parseUserId(uuid(2, 2));
const ids = (events: readonly OpenedEvent[]) => events.map((event) => event.id).sort();
const id = (n: number): MessageId =>
  parseMessageId(`${hex((n * 2_654_435_761) % 2 ** 32, 8)}-0000-4000-8000-${hex(n, 12)}`);

export function said(n: number, content: Content = { kind: 'text', text: `message ${n}`, sentAt: n }): OpenedEvent {
  const ids = { id: id(n), conversation: CHAT, sender: CLERK, device: parseDeviceId(uuid(3, 1)), recipients: [CLERK] };
  return {
    ...ids,
    stamp: { ms: 1_000_000 + n, counter: n % 3 },
    arrivedAt: 2_000_000 + n,
    role: 'member',
    state: 'stored',
    content,
  };
}
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => from + at);

function check(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(`not so: ${what}`);
}
/** One text for equal values: bytes as numbers, fields in the order of their names. */
function inOrder(_key: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return [...value];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
function same(actual: unknown, expected: unknown, what: string): void {
  const text = (value: unknown) => JSON.stringify(value, inOrder);
  check(
    text(actual) === text(expected),
    `${what}: ${text(actual)?.slice(0, 300)} instead of ${text(expected)?.slice(0, 300)}`,
  );
}

async function withCache(place: CachePlace, work: (cache: ClientCache) => Promise<void>): Promise<void> {
  const cache = await SealedCache.open({ engine: await place.open(), secret: place.secret });
  try {
    await work(cache);
  } finally {
    await cache.close();
  }
}

/** All that is held, by pages. */
export async function numbersOf(cache: ClientCache, limit = 70): Promise<number[]> {
  const numbers: number[] = [];
  let before: string | undefined;
  do {
    const page = await cache.page(CHAT, { limit, ...(before !== undefined && { before }) });
    numbers.push(...page.events.map((event) => event.content?.sentAt ?? -1));
    before = page.before;
  } while (before !== undefined);
  return numbers;
}

export const CACHE_FACTS: readonly CacheFact[] = [
  {
    title: 'pages come newest first, whatever order things were put in, each thing once',
    run: (place) =>
      withCache(place, async (cache) => {
        const order = range(0, 700).map((n) => (n * 421) % 700);
        for (let at = 0; at < order.length; at += 90) {
          await cache.put(CHAT, { events: order.slice(at, at + 90).map((n) => said(n)) });
        }
        await cache.put(CHAT, { events: [said(5), said(699)] });
        await cache.put(OTHER, { events: [{ ...said(1), conversation: OTHER }] });
        same(await numbersOf(cache), range(0, 700).toReversed(), 'all, newest first');
        const newest = await cache.page(CHAT, { limit: 3 });
        same(newest.events, [said(699), said(698), said(697)], 'the newest page, whole');
        same(await cache.at(CHAT, placeOf(said(350)) ?? ''), said(350), 'one by its place');
        same(await cache.at(CHAT, placeOf(said(9999)) ?? ''), undefined, 'nothing where nothing is');
      }),
  },
  {
    title: 'what is about a message comes with it, however far away it stands',
    run: (place) =>
      withCache(place, async (cache) => {
        await cache.put(CHAT, { events: range(0, 400).map((n) => said(n)) });
        const edit = said(900, { kind: 'edit', target: id(3), text: 'edited', sentAt: 900 });
        const timer = said(901, { kind: 'timer', expiresAfter: 5, sentAt: 901 });
        const receipt = { id: id(3), by: CLERK, state: 'read' as const, at: 7 };
        await cache.put(CHAT, { events: [edit, timer], receipts: [{ ...receipt, at: 9 }, receipt] });
        const old = await cache.page(CHAT, { before: placeOf(said(5)) ?? '', limit: 3 });
        same(
          old.events.map((event) => event.id),
          [id(4), id(3), id(2)],
          'an old page',
        );
        same(old.about.map((event) => event.id).sort(), [edit.id, timer.id].sort(), 'the edit and the timer');
        same(old.receipts, [receipt], 'the earlier receipt');
      }),
  },
  {
    title: 'an opened message is not replaced by an unopened one, and the other way round it is',
    run: (place) =>
      withCache(place, async (cache) => {
        const { content: _none, ...closed } = { ...said(1), problem: 'epoch-unknown' };
        await cache.put(CHAT, { events: [closed] });
        await cache.put(CHAT, { events: [said(1)] });
        await cache.put(CHAT, { events: [{ ...closed, state: 'read' }] });
        same((await cache.page(CHAT, { limit: 9 })).events, [{ ...said(1), state: 'read' }], 'opened, and read');
      }),
  },
  {
    title: 'what is removed or cleared is gone with all that was about it',
    run: (place) =>
      withCache(place, async (cache) => {
        await cache.put(CHAT, {
          events: range(0, 300).map((n) => said(n)),
          receipts: [{ id: id(7), by: CLERK, state: 'read', at: 1 }],
        });
        await cache.remove(
          CHAT,
          range(0, 250).map((n) => said(n)),
        );
        same(await numbersOf(cache), range(250, 300).toReversed(), 'the rest');
        await cache.put(CHAT, { events: [said(7)] });
        same(
          (await cache.page(CHAT, { before: placeOf(said(8)) ?? '', limit: 2 })).receipts,
          [],
          'no receipt of before',
        );
        await cache.clear(CHAT);
        same(await numbersOf(cache), [], 'nothing');
      }),
  },
  {
    title: 'what is erased keeps its place, its deletion and its readers, and never comes back',
    run: (place) =>
      withCache(place, async (cache) => {
        const deletion = said(2, { kind: 'delete', targets: [id(1)], sentAt: 2 });
        const reaction = said(3, { kind: 'reaction', target: id(1), emoji: '👍', on: true, sentAt: 3 });
        const receipts = [{ id: id(1), by: CLERK, state: 'read', at: 1 }] as const;
        await cache.put(CHAT, { events: [said(1), deletion, reaction], receipts });
        await cache.erase(CHAT, [said(1)]);
        await cache.put(CHAT, { events: [said(1)] });
        const page = await cache.page(CHAT, { before: placeOf(deletion) ?? '', limit: 1 });
        const { content: _gone, ...rest } = said(1);
        same(page.events, [{ ...rest, problem: 'erased' }], 'the place');
        same([page.about, page.receipts], [[deletion], receipts], 'what outlives it');
      }),
  },
  {
    title: 'what was changed in an erased message goes with it, whichever of the two comes first',
    run: (place) =>
      withCache(place, async (cache) => {
        const edit = (n: number) => said(n, { kind: 'edit', target: id(1), text: `secret ${n}`, sentAt: n });
        const reaction = said(5, { kind: 'reaction', target: id(1), emoji: '🔑', on: true, sentAt: 5 });
        await cache.put(CHAT, { events: [said(1), edit(2)] });
        same(ids(await cache.erase(CHAT, [said(1)])), ids([said(1), edit(2)]), 'what went');
        same(ids(await cache.put(CHAT, { events: [edit(3), said(4)] })), [edit(3).id], 'the late one');
        same(ids(await cache.put(CHAT, { events: [edit(2), reaction] })), ids([edit(2), reaction]), 'and again');
        same(ids(await cache.put(CHAT, { events: [said(1)] })), [said(1).id], 'what comes back');
        const { events, about } = await cache.page(CHAT, { limit: 9 });
        same(
          events.map(({ content, problem }) => content?.kind ?? problem),
          ['erased', 'text', 'erased', 'erased', 'erased'],
          'places',
        );
        same(about, [], 'nothing about it');
      }),
  },
  {
    title: 'a message that its sender says is gone takes along their changes of it, and nobody else’s word does',
    run: (place) =>
      withCache(place, async (cache) => {
        const { content: _none, ...gone } = { ...said(1), problem: 'erased' };
        const theirs = said(2, { kind: 'edit', target: id(1), text: 'secret', sentAt: 2 });
        const stranger = { ...gone, sender: STRANGER, stamp: { ms: 9, counter: 0 } };
        await cache.put(CHAT, { events: [said(1), theirs] });
        await cache.put(CHAT, { events: [stranger] });
        const before = await cache.page(CHAT, { limit: 2 });
        same([before.events, before.about], [[theirs, said(1)], [theirs]], 'as it was');
        same(ids(await cache.put(CHAT, { events: [gone] })), ids([said(1), theirs]), 'what went');
        const late = said(3, { kind: 'edit', target: id(1), text: 'secret', sentAt: 3 });
        same(ids(await cache.put(CHAT, { events: [late] })), [late.id], 'and what comes late');
        const { events, about } = await cache.page(CHAT, { limit: 3 });
        check(!JSON.stringify([events, about]).includes('secret'), 'nothing says it');
      }),
  },
  {
    title: 'events are found by their ids and senders, wherever they stand',
    run: (place) =>
      withCache(place, async (cache) => {
        await cache.put(CHAT, { events: range(0, 700).map((n) => said(n)) });
        const other = { ...said(3), sender: STRANGER, stamp: { ms: 2_000_000, counter: 0 } };
        await cache.put(CHAT, { events: [other] });
        same(await cache.find(CHAT, [{ id: id(3), sender: CLERK }]), [said(3)], 'of its sender');
        same(await cache.find(CHAT, [{ id: id(650) }, { id: id(3) }]), [other, said(650)], 'the last of each');
        same(await cache.find(CHAT, [{ id: id(9999) }, { id: id(4) }]), [said(4)], 'what there is');
      }),
  },
  {
    title: 'large messages divide blocks earlier and come back whole',
    run: (place) =>
      withCache(place, async (cache) => {
        const large = (n: number) => said(n, { kind: 'text', text: 'ї'.repeat(30_000), sentAt: n });
        await cache.put(CHAT, { events: range(0, 40).map(large) });
        same(await numbersOf(cache), range(0, 40).toReversed(), 'all');
        same((await cache.page(CHAT, { limit: 1 })).events, [large(39)], 'whole');
      }),
  },
  {
    title: 'records are set together, listed by area and deleted',
    run: (place) =>
      withCache(place, async (cache) => {
        const one = Uint8Array.of(1);
        await cache.setRecords(
          'drafts',
          new Map([
            ['a', one],
            ['b', Uint8Array.of(2)],
          ]),
        );
        await cache.setRecords('other', new Map([['a', Uint8Array.of(3)]]));
        await cache.setRecords('drafts', new Map([['b', undefined]]));
        same(await cache.record('drafts', 'a'), one, 'a record');
        same([...(await cache.records('drafts'))], [['a', one]], 'the area');
        same(await cache.record('drafts', 'b'), undefined, 'a deleted one');
      }),
  },
  {
    title: 'what was put is there after closing and opening, and unreadable with another secret',
    run: async (place) => {
      await withCache(
        place,
        async (cache) => void (await cache.put(CHAT, { events: range(0, 300).map((n) => said(n)) })),
      );
      await withCache(place, async (cache) => same(await numbersOf(cache), range(0, 300).toReversed(), 'all'));
      const stranger = await SealedCache.open({ engine: await place.open(), secret: place.otherSecret });
      same((await stranger.page(CHAT, { limit: 9 })).events, [], 'nothing under the names of another secret');
      await stranger.close();
    },
  },
  {
    title: 'what lies in the engine shows neither texts nor ids, and a row in another row’s place is refused',
    run: async (place) => {
      const engine = await place.open();
      const cache = await SealedCache.open({ engine, secret: place.secret });
      await cache.put(CHAT, { events: range(0, 300).map((n) => said(n)) });
      await cache.setRecords('drafts', new Map([[CHAT, new TextEncoder().encode('draft-marker')]]));
      const rows = await engine.range({ from: '', to: '~' });
      const latin = new TextDecoder('latin1');
      const everything = rows.map(([key, value]) => key + latin.decode(value)).join('\n');
      for (const secret of ['message 1', 'draft-marker', CHAT, CHAT.replaceAll('-', ''), 'drafts']) {
        check(!everything.includes(secret), `"${secret}" is not to be seen`);
      }
      const blocks = rows.filter(([key]) => key.startsWith('e'));
      const [first, second] = blocks;
      check(first !== undefined && second !== undefined, 'there are two blocks');
      await engine.write([{ put: first[0], value: second[1] }]);
      const code = await cache.page(CHAT, { limit: 1000 }).then(() => 'read', codeOf);
      check(code === 'cache-damaged', `swapped rows are refused: ${code}`);
      await cache.close();
    },
  },
  {
    title: 'a write that fails leaves everything as it was, and the next one goes through',
    run: async (place) => {
      const engine = await place.open();
      let isBroken = false;
      const fragile: CacheEngine = {
        range: (range) => engine.range(range),
        write: (writes: readonly CacheWrite[]) =>
          isBroken ? Promise.reject(new Error('no room')) : engine.write(writes),
        wipe: () => engine.wipe(),
        close: () => engine.close(),
      };
      const cache = await SealedCache.open({ engine: fragile, secret: place.secret });
      await cache.put(CHAT, { events: range(0, 150).map((n) => said(n)) });
      isBroken = true;
      const failed = await cache.put(CHAT, { events: range(150, 400).map((n) => said(n)) }).then(
        () => false,
        () => true,
      );
      check(failed, 'the failure is told');
      same(await numbersOf(cache), range(0, 150).toReversed(), 'as before');
      isBroken = false;
      await cache.put(CHAT, { events: [said(150)] });
      same(await numbersOf(cache), range(0, 151).toReversed(), 'and on');
      await cache.close();
    },
  },
  {
    title: 'after a wipe nothing is there, nor of what somebody was about to write',
    run: async (place) => {
      const cache = await SealedCache.open({ engine: await place.open(), secret: place.secret });
      await cache.put(CHAT, { events: [said(1)] });
      const late = cache.put(CHAT, { events: [said(2)] });
      await Promise.all([cache.wipe(), late, cache.setRecords('area', new Map([['name', new Uint8Array(1)]]))]);
      await cache.put(CHAT, { events: [said(3)] });
      await withCache(place, async (fresh) => same(await numbersOf(fresh), [], 'nothing'));
    },
  },
];
