// An acted client with one very long conversation, held as a real one is: encrypted, in this browser's database, shown by the
// library's own timelines. For measuring the pages; what costs the network is not in it.

import type { ClientCache } from '../../../src/client/cache/cache.ts';
import { SealedCache } from '../../../src/client/cache/sealed-cache.ts';
import { Chats } from '../../../src/client/chats.ts';
import type { Client, ClientEvents, Message, OpenTimeline } from '../../../src/client/client.ts';
import type { OpenedEvent } from '../../../src/client/timeline/events.ts';
import { type ConversationId, type MessageId, parseDeviceId, parseMessageId } from '../../../src/realm/ids.ts';
import { openBrowserCache } from '../cache/browser-cache.ts';
import { ActedClient } from './acted-client.ts';
import { CLERK, conversationOf, DRAWING, ENGINEER } from './acted-people.ts';

const DEVICE = parseDeviceId('00000000-0000-4000-8000-0000000000d3');
const MINUTE = 60_000;
/** Messages that are put at once. */
const BATCH = 2000;
const WORDS =
  'the north stair needs another look before Friday and sheet four is not yet stamped by anybody in Lviv'.split(' ');

export const LONG = conversationOf(ENGINEER);

export class LongClient extends ActedClient {
  readonly #cache: ClientCache;
  readonly #chats: Chats;
  readonly #told = new Set<(message: Message) => void>();
  #count = 0;

  private constructor(cache: ClientCache) {
    super('empty');
    this.#cache = cache;
    this.#chats = new Chats({
      cache,
      me: CLERK.id,
      clock: { now: () => Date.now() },
      kindOf: async () => 'direct',
      settled: () => [{ kind: 'read', mark: { arrivedAt: Number.MAX_SAFE_INTEGER, at: 0 } }],
      unsent: () => [],
    });
  }

  static async open(): Promise<LongClient> {
    return new LongClient(await SealedCache.open(await openBrowserCache('canopy-long')));
  }

  /** Ends `now`, one message a minute. */
  async fill(count: number, now: number): Promise<void> {
    for (let from = 0; from < count; from += BATCH) {
      const numbers = Array.from({ length: Math.min(BATCH, count - from) }, (_, index) => from + index);
      await this.#cache.put(LONG, { events: numbers.map((n) => longEvent(n, now - (count - n) * MINUTE)) });
    }
  }

  /** One more, as it comes from the network. */
  async comes(): Promise<void> {
    this.#count += 1;
    const event = longEvent(1_000_000 + this.#count, Date.now());
    await this.#cache.put(LONG, { events: [event] });
    this.#chats.events([event]);
    for (const listener of this.#told) listener(messageOf(event));
  }

  override on<K extends keyof ClientEvents>(type: K, listener: (event: ClientEvents[K]) => void): () => void {
    const end = super.on(type, listener);
    if (type !== 'message') return end;
    const told = listener as (event: Message) => void;
    this.#told.add(told);
    return () => {
      this.#told.delete(told);
      end();
    };
  }

  override async conversations(): ReturnType<Client['conversations']> {
    return [
      { id: LONG, others: [ENGINEER], unread: 0, last: messageOf(longEvent(0, Date.now() - MINUTE)) },
      { id: conversationOf(DRAWING), others: [DRAWING], unread: 0 },
    ];
  }

  override async timeline(conversation: ConversationId): Promise<OpenTimeline> {
    return conversation === LONG ? this.#chats.timeline(conversation) : super.timeline(conversation);
  }
}

function longEvent(n: number, at: number): OpenedEvent {
  const length = 3 + ((n * 7) % 40);
  const text = Array.from({ length }, (_, word) => WORDS[(n * 13 + word * 5) % WORDS.length]).join(' ');
  const mine = n % 3 === 0;
  return {
    id: idOf(n),
    conversation: LONG,
    sender: mine ? CLERK.id : ENGINEER.id,
    device: DEVICE,
    recipients: [mine ? ENGINEER.id : CLERK.id],
    stamp: { ms: at, counter: 0 },
    arrivedAt: at,
    role: 'owner',
    state: mine ? 'read' : 'stored',
    content: { kind: 'text', text, sentAt: at, after: n === 0 ? [] : [idOf(n - 1)] },
  };
}

function idOf(n: number): MessageId {
  return parseMessageId(`00000000-0000-4000-9000-${n.toString(16).padStart(12, '0')}`);
}

function messageOf({ id, sender, stamp, content }: OpenedEvent): Message {
  const mine = sender === CLERK.id;
  const [from, to] = mine ? [CLERK, ENGINEER] : [ENGINEER, CLERK];
  const text = content?.kind === 'text' ? content.text : undefined;
  const at = stamp?.ms ?? 0;
  return { id, conversation: LONG, from, to: [to], mine, text, sentAt: at, ...(stamp && { stamp }), state: 'stored' };
}
