// Receiving: frames are worked off one after the other, each becomes an event, and then the cursor moves. So a client that
// ends between two frames is told the second one again, and never misses one; what comes twice is told once.
import * as v from 'valibot';
import type { ClientFrame, ServerFrame } from '../protocols/lan/frames.ts';
import { type Cursor, cursor as cursorForm, type FrameMessage } from '../protocols/lan/wire.ts';
import type { Clock, Timer } from '../realm/clock.ts';
import { codeOf } from '../realm/errors.ts';
import { type ConversationId, type MessageId, parseMessageId, type UserId } from '../realm/ids.ts';
import type { OpenBody } from './bodies.ts';
import { sentenceOf } from './catalogue/catalogue.ts';
import { english } from './catalogue/en.ts';
import type { Emitter } from './emitter.ts';
import type { People } from './people.ts';
import type { ClientStorage } from './platform.ts';
import type { Sending } from './sending.ts';
import type { ClientEvents, Islands, Me } from './surface.ts';
import type { Telling } from './telling.ts';
import { isErased, type OpenedEvent } from './timeline/events.ts';

/** Milliseconds in which arrivals are gathered before the server is told that they are held here. */
const RECEIVED_PAUSE = 20;
/** Milliseconds for the key of a message to come after it, before the message is told as one that can't be read. */
const KEY_PATIENCE = 5_000;
/** Messages that are recognised when they come again. */
const MAX_SEEN = 20_000;

const NO_ISLANDS: Islands = { realms: [] };

export interface IncomingComponents {
  readonly events: Emitter<ClientEvents>;
  readonly storage: ClientStorage;
  readonly people: Pick<People, 'remember' | 'byId'>;
  readonly clock: Pick<Clock, 'after'>;
  readonly sending: Pick<Sending, 'knows' | 'echoed' | 'receipt' | 'stored' | 'refused'>;
  readonly me: Me;
  readonly send: (frame: ClientFrame) => boolean;
  readonly open: OpenBody;
  readonly telling: Pick<Telling, 'tell'>;
  /** Whether its key is still to come: it is told by somebody else then, once it can be read. */
  readonly isWaiting: (id: MessageId) => boolean;
  /** An event that was opened: stored before the cursor passes it. Resolves with it as it is to be told. */
  readonly onEvent: (event: OpenedEvent) => Promise<OpenedEvent>;
  /** What changes a conversation without being an event of it. */
  readonly onOther: (frame: OtherFrame) => Promise<void>;
  /** Whether all that was told is stored, so that the cursor may be. */
  readonly isStored: () => Promise<boolean>;
  readonly onLive: () => void;
}

export type OtherFrame = Extract<
  ServerFrame,
  { kind: 'receipt' | 'position' | 'removed' | 'cleared' | 'commit' | 'intent' | 'mail' | 'vault' }
>;

export class Incoming {
  readonly #components: IncomingComponents;
  readonly #seen = new Map<MessageId, ConversationId>();
  /** Read positions that the server has not yet confirmed. */
  readonly #reads = new Map<ConversationId, MessageId>();
  #work: Promise<void> = Promise.resolve();
  #isOver = false;
  #cursor: Cursor | undefined;
  #key = '';
  #received: Timer | undefined;
  readonly #patience = new Set<Timer>();
  #islands: Islands = NO_ISLANDS;

  constructor(components: IncomingComponents) {
    this.#components = components;
  }

  async open(): Promise<void> {
    const { storage, me } = this.#components;
    this.#key = `${me.user.id}/cursor`;
    this.#cursor = readCursor(await storage.get(this.#key));
  }

  /** Where to go on, once what has arrived is worked off. */
  async cursor(): Promise<Cursor | undefined> {
    await this.#work;
    return this.#cursor;
  }

  take(frame: ServerFrame): void {
    const before = this.#work;
    this.#work = (async () => {
      await before;
      if (!this.#isOver) await this.#handle(frame).catch((error: unknown) => this.#failed(error));
    })();
  }

  conversationOf(id: MessageId): ConversationId | undefined {
    return this.#seen.get(id);
  }

  markRead(conversation: ConversationId, id: MessageId): void {
    this.#reads.set(conversation, id);
    this.#components.send({ kind: 'read', conversation, id });
  }

  /** For good: what has not been worked off is told again to the next. */
  async close(): Promise<void> {
    this.stop();
    this.#isOver = true;
    for (const timer of this.#patience) timer.cancel();
    await this.#work;
  }

  /** Before the connection closes: tells the server how far this client got. */
  stop(): void {
    if (!this.#received) return;
    this.#received.cancel();
    this.#received = undefined;
    if (!this.#cursor) return;
    this.#components.send({ kind: 'received', cursor: this.#cursor });
    void this.#hold(this.#cursor);
  }

  async #handle(frame: ServerFrame): Promise<void> {
    const { events, sending } = this.#components;
    switch (frame.kind) {
      case 'hello':
        return this.#greet(frame.reset);
      case 'live':
        for (const [conversation, id] of this.#reads) this.#components.send({ kind: 'read', conversation, id });
        return this.#components.onLive();
      case 'event':
        await this.#message(frame);
        return this.#advance(frame.cursor);
      case 'receipt':
        sending.receipt(frame);
        return this.#other(frame);
      case 'position':
        if (this.#reads.get(frame.conversation) === frame.upTo) this.#reads.delete(frame.conversation);
        events.emit('position', { conversation: frame.conversation, upTo: frame.upTo });
        return this.#other(frame);
      case 'removed':
        events.emit('removed', { conversation: frame.conversation, id: frame.id });
        return this.#other(frame);
      case 'commit':
      case 'intent':
      case 'cleared':
      case 'mail':
      case 'vault':
        return this.#other(frame);
      case 'stored':
        return sending.stored(frame.id, frame.stamp);
      case 'presence':
        return this.#presence(frame);
      case 'islands':
        return this.#tell({ alone: frame.alone, realms: frame.realms });
      case 'typing':
        return this.#typing(frame.user, frame.conversation, frame.active);
      case 'error':
        return this.#refused(frame);
      case 'wipe':
      case 'pong':
        return;
    }
  }

  async #other(frame: OtherFrame): Promise<void> {
    await this.#components.onOther(frame);
    if ('cursor' in frame) this.#advance(frame.cursor);
  }

  #tell(islands: Islands): void {
    this.#islands = islands;
    this.#components.events.emit('islands', islands);
  }

  /** What was told of other realms counts no more without a connection to tell it. */
  lost(): void {
    if (this.#islands !== NO_ISLANDS) this.#tell(NO_ISLANDS);
  }

  get islands(): Islands {
    return this.#islands;
  }

  async #greet(reset: boolean): Promise<void> {
    if (!reset) return;
    this.#cursor = undefined;
    await this.#components.storage.delete(this.#key);
    this.#components.events.emit('reset', {});
  }

  async #message(frame: Extract<ServerFrame, { kind: 'event' }>): Promise<void> {
    const { people, sending, open, onEvent, telling } = this.#components;
    const { id, conversation, stamp } = frame.message;
    people.remember([frame.user]);
    const isEcho = sending.knows(id);
    if (!isEcho && this.#seen.has(id)) return;
    this.#see(id, conversation);
    const event = await open(frame.message);
    // As it is now: until the event is stored its key may come, and whoever opens the message then tells of it.
    const isWaiting = this.#components.isWaiting(id);
    const held = await onEvent(event);
    if (isEcho) return sending.echoed(event, stamp);
    // What is over for this user and is told once more: nobody is to read it again.
    if (isErased(held) && !isErased(event)) return;
    if (isWaiting) this.#tellUnread(frame.message, event);
    else await telling.tell(frame.message, event);
  }

  /** Keys come by other ways than messages, often a moment later: nobody needs to see that. */
  #tellUnread(message: FrameMessage, event: OpenedEvent): void {
    const timer = this.#components.clock.after(KEY_PATIENCE, () => {
      this.#patience.delete(timer);
      if (this.#components.isWaiting(message.id)) void this.#components.telling.tell(message, event);
    });
    this.#patience.add(timer);
  }

  async #presence(frame: Extract<ServerFrame, { kind: 'presence' }>): Promise<void> {
    const { people, events } = this.#components;
    const user = await people.byId(frame.user).catch(() => undefined);
    const seen = frame.lastSeenAt === undefined ? {} : { lastSeenAt: frame.lastSeenAt };
    if (user) events.emit('presence', { user, state: frame.state, ...seen });
  }

  async #typing(id: UserId, conversation: ConversationId, active: boolean): Promise<void> {
    const user = await this.#components.people.byId(id).catch(() => undefined);
    if (user) this.#components.events.emit('typing', { user, conversation, active });
  }

  async #refused(frame: Extract<ServerFrame, { kind: 'error' }>): Promise<void> {
    const { sending, events } = this.#components;
    const { code, params } = frame;
    const id = frame.ref === undefined ? undefined : messageIdOf(frame.ref);
    if (id && sending.knows(id)) return sending.refused(id, code, params);
    for (const [conversation, read] of this.#reads) if (read === id) this.#reads.delete(conversation);
    events.emit('error', { code, params, message: sentenceOf(english, code, params) });
  }

  /** One frame that can't be worked off must not stop the others. */
  #failed(error: unknown): void {
    const code = codeOf(error);
    this.#components.events.emit('error', { code, params: {}, message: sentenceOf(english, code) });
  }

  #see(id: MessageId, conversation: ConversationId): void {
    this.#seen.set(id, conversation);
    if (this.#seen.size <= MAX_SEEN) return;
    for (const oldest of this.#seen.keys()) {
      this.#seen.delete(oldest);
      return;
    }
  }

  /** Gathers; one message to the server and one write for all that came meanwhile. */
  #advance(cursor: Cursor): void {
    this.#cursor = cursor;
    this.#received ??= this.#components.clock.after(RECEIVED_PAUSE, () => {
      this.#received = undefined;
      if (this.#cursor) void this.#hold(this.#cursor);
    });
  }

  /** Written first, told then: what was told is not sent again to a client that forgot it. */
  async #hold(cursor: Cursor): Promise<void> {
    const { storage, send, events, isStored } = this.#components;
    const key = this.#key;
    try {
      if (!(await isStored())) return;
      await storage.set(key, JSON.stringify(cursor));
      send({ kind: 'received', cursor });
    } catch {
      events.emit('error', { code: 'storage-failed', params: {}, message: sentenceOf(english, 'storage-failed') });
    }
  }
}

function readCursor(text: string | undefined): Cursor | undefined {
  try {
    const result = v.safeParse(cursorForm, JSON.parse(text ?? ''));
    return result.success ? result.output : undefined;
  } catch {
    return undefined;
  }
}

function messageIdOf(text: string): MessageId | undefined {
  try {
    return parseMessageId(text);
  } catch {
    return undefined;
  }
}
