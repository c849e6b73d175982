// One live socket: hello, then two streams that do not wait for each other. What arrives for the user is pulled from the
// store page by page, at the pace of the reader, and only pushed at once while the reader is up to date; so a slow reader
// costs this node no memory. What the client sends is taken in order, with a bounded number under way: above it the socket
// is simply not read for a while.
import { CLOSE } from '../../../src/protocols/lan/close-codes.ts';
import {
  type ClientFrame,
  decodeClientFrame,
  encodeServerFrame,
  type ServerFrame,
} from '../../../src/protocols/lan/frames.ts';
import { ACCOUNT, HEARTBEAT, HELLO_DEADLINE, ISLANDS, LIVE_VERSION } from '../../../src/protocols/lan/limits.ts';
import type { Timer } from '../../../src/realm/clock.ts';
import { codeOf } from '../../../src/realm/errors.ts';
import { type ConversationId, directConversationId, type UserId } from '../../../src/realm/ids.ts';
import type { UserEvent } from '../../conversations/conversations.ts';
import type { Islands } from '../../islands.ts';
import type { PresenceEvent, Watch } from '../../presence/presence.ts';
import type { Caller } from '../caller.ts';
import type { LanComponents } from '../components.ts';
import { refusalOf } from '../refusals.ts';
import { viewUser } from '../views.ts';
import { ArrivalPump } from './arrival-pump.ts';
import type { GatheredWrites } from './gathered-writes.ts';
import { Throttle } from './throttle.ts';

/** Bytes that wait for the reader above which presence and typing are dropped, and above which nothing more is read. */
const MAX_WAITING = 256 * 1024;
/** Milliseconds in which a reader must take what waits for it. */
const READ_DEADLINE = 30_000;
/** Milliseconds in which a peer may answer a close. */
const CLOSE_DEADLINE = 2_000;

export type LiveComponents = Pick<
  LanComponents,
  'realm' | 'conversations' | 'directory' | 'presence' | 'islands' | 'mails' | 'groups' | 'clock' | 'log'
>;

/** The part of a WebSocket that a session uses; a stream from another branch has it as well. */
export interface LiveTransport {
  readonly OPEN: number;
  readonly readyState: number;
  readonly bufferedAmount: number;
  send(data: Uint8Array): void;
  close(code: number): void;
  terminate(): void;
  ping(data?: undefined, mask?: undefined, written?: () => void): void;
  pause(): void;
  resume(): void;
  on(event: 'message', listener: (data: unknown, isBinary: boolean) => void): unknown;
  on(event: 'pong' | 'error', listener: () => void): unknown;
  once(event: 'close', listener: () => void): unknown;
}

export class LiveSession {
  readonly caller: Caller;
  readonly #components: LiveComponents;
  readonly #socket: LiveTransport;
  readonly #gather: GatheredWrites;
  readonly #throttle: Throttle;
  readonly #pump: ArrivalPump;
  #deadline: Timer;
  #watch: Watch | undefined;
  #unwatch: () => void = () => {};
  #draining: Promise<void> | undefined;
  #greeted = false;
  #knowsAccounts = false;
  #unreadable = 0;
  #heard: number;

  constructor(components: LiveComponents, caller: Caller, socket: LiveTransport, gather: GatheredWrites = () => {}) {
    this.caller = caller;
    this.#gather = gather;
    this.#components = components;
    this.#socket = socket;
    const { clock } = components;
    this.#heard = clock.monotonic();
    this.#throttle = new Throttle(clock, {
      pause: () => socket.pause(),
      resume: () => socket.resume(),
    });
    this.#pump = new ArrivalPump(components, caller.user.id, {
      send: (frame) => this.#send(frame),
      drained: () => this.#drained(),
      failed: (error) => this.#fail(error),
    });
    this.#deadline = clock.after(HELLO_DEADLINE, () => this.close(CLOSE.malformed));
    socket.on('message', (data, isBinary) => this.#hear(data, isBinary));
    socket.on('pong', () => this.#touch());
    socket.on('error', () => socket.terminate());
  }

  /** Something arrived for this user. */
  arrived(event: UserEvent): void {
    if (this.#greeted) this.#pump.arrived(event);
  }

  /** What concerns the account: that the device is to wipe itself, or that another device has changed the vault. */
  account(kind: 'wipe' | 'vault'): void {
    if (this.#knowsAccounts) this.#send({ kind });
  }

  /** Messages that the device can't open, by its own word. */
  get unreadable(): number {
    return this.#unreadable;
  }

  /** False when nothing was heard since the time given, on the monotonic clock. */
  heardSince(time: number): boolean {
    return this.#heard >= time;
  }

  ping(): void {
    this.#socket.ping();
  }

  close(code: number): void {
    this.#deadline.cancel();
    this.#socket.close(code);
    // A peer that does not answer the close is not waited for.
    this.#deadline = this.#components.clock.after(CLOSE_DEADLINE, () => this.#socket.terminate());
  }

  terminate(): void {
    this.#socket.terminate();
  }

  /** After the socket has closed. */
  end(): void {
    this.#deadline.cancel();
    this.#throttle.end();
    this.#pump.end();
    this.#watch?.end();
    this.#unwatch();
  }

  #touch(): void {
    this.#heard = this.#components.clock.monotonic();
  }

  #hear(data: unknown, isBinary: boolean): void {
    // What comes after a close counts for nobody.
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#touch();
    this.#throttle.count();
    try {
      if (!isBinary || !(data instanceof Uint8Array)) return this.close(CLOSE.malformed);
      this.#act(decodeClientFrame(data));
    } catch (error) {
      this.#components.log.warn({ code: codeOf(error) }, 'live frame refused');
      this.close(CLOSE.malformed);
    }
  }

  #act(frame: ClientFrame): void {
    if (this.#greeted === (frame.kind === 'hello')) return this.close(CLOSE.malformed);
    const { conversations } = this.#components;
    const { user } = this.caller;
    switch (frame.kind) {
      case 'hello':
        return this.#greet(frame);
      case 'submit':
        return void this.#throttle.during(this.#submit(frame));
      case 'read':
        return this.#run(conversations.markRead(user.id, frame.conversation, frame.id), frame.id);
      case 'received':
        return this.#run(conversations.markDelivered(user.id, frame.cursor));
      case 'typing':
        return this.#run(this.#type(frame.conversation, frame.to));
      case 'watch':
        return this.#watch?.set(frame.users);
      case 'ping':
        this.#unreadable = frame.unreadable ?? 0;
        return this.#send({ kind: 'pong' });
    }
  }

  /** To the other one of a conversation of two, or to a small group that the user is in. */
  async #type(conversation: ConversationId, to: readonly UserId[]): Promise<void> {
    const { presence, groups } = this.#components;
    const { id } = this.caller.user;
    const [other] = to;
    const isDirect = to.length === 1 && other !== undefined && conversation === directConversationId(id, other);
    const others = isDirect ? to : to.length === 0 ? ((await groups?.typingTo(id, conversation)) ?? []) : [];
    if (others.length > 0) presence.typing(id, conversation, others);
  }

  #greet(hello: Extract<ClientFrame, { kind: 'hello' }>): void {
    this.#deadline.cancel();
    if (!hello.versions.includes(LIVE_VERSION)) return this.close(CLOSE.noVersion);
    this.#greeted = true;
    void this.#begin(hello).catch((error: unknown) => this.#fail(error));
  }

  async #begin(hello: Extract<ClientFrame, { kind: 'hello' }>): Promise<void> {
    const { realm, clock, presence } = this.#components;
    const { user, session } = this.caller;
    const begun = await this.#pump.begin(hello.cursor, hello.most);
    this.#send({
      kind: 'hello',
      version: LIVE_VERSION,
      capabilities: [],
      realm,
      user: viewUser(user),
      device: session.device.id,
      time: clock.now(),
      heartbeat: HEARTBEAT,
      ...begun,
    });
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#watch = presence.watch(user.id, (event) => this.#tell(event));
    await this.#tellMail();
    this.#knowsAccounts = hello.capabilities.includes(ACCOUNT);
    if (hello.capabilities.includes(ISLANDS)) this.#watchIslands();
    this.#pump.wake();
  }

  /** Something came for this device. */
  hasMail(): void {
    if (this.#greeted) this.#send({ kind: 'mail' });
  }

  async #tellMail(): Promise<void> {
    const { user, session } = this.caller;
    const { mails } = this.#components;
    if (await mails?.has({ user: user.id, device: session.device.id })) this.#send({ kind: 'mail' });
  }

  #watchIslands(): void {
    const { islands } = this.#components;
    if (!islands) return;
    const tell = ({ alone, realms }: Islands): void =>
      this.#send({ kind: 'islands', realms: [...realms], ...(alone !== undefined && { alone }) });
    this.#unwatch = islands.onChange(tell);
    const { current } = islands;
    if (current.realms.length > 0 || current.alone !== undefined) tell(current);
  }

  async #submit({ kind: _kind, ...message }: Extract<ClientFrame, { kind: 'submit' }>): Promise<void> {
    const { user, session } = this.caller;
    try {
      const { stamp } = await this.#components.conversations.submit(
        { user: user.id, device: session.device.id },
        message,
      );
      this.#send({ kind: 'stored', id: message.id, stamp: { ms: stamp.ms, counter: stamp.counter } });
    } catch (error) {
      this.#refuse(error, message.id);
    }
  }

  #run(work: Promise<void>, ref?: string): void {
    void this.#throttle.during(work.catch((error: unknown) => this.#refuse(error, ref)));
  }

  #refuse(error: unknown, ref?: string): void {
    const { code, params, status } = refusalOf(error);
    if (status === 500) this.#components.log.error({ err: error }, 'live request failed');
    this.#send({ kind: 'error', code, params, ...(ref === undefined ? {} : { ref }) });
  }

  #tell(event: PresenceEvent): void {
    // Of passing interest: not worth a place in the queue of a slow reader.
    if (this.#socket.bufferedAmount > MAX_WAITING) return;
    if (event.kind === 'typing') {
      const { user, conversation, active } = event;
      return this.#send({ kind: 'typing', user, conversation, active });
    }
    const { user, state, lastSeenAt } = event;
    this.#send({ kind: 'presence', user, state, ...(lastSeenAt === undefined ? {} : { lastSeenAt }) });
  }

  #send(frame: ServerFrame): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#gather();
    this.#socket.send(encodeServerFrame(frame));
    if (this.#socket.bufferedAmount > MAX_WAITING && !this.#draining) void this.#throttle.during(this.#drained());
  }

  /** Resolves when the reader has taken what waits for it; one that does not in time is let go. */
  #drained(): Promise<void> {
    const socket = this.#socket;
    if (socket.bufferedAmount <= MAX_WAITING || socket.readyState !== socket.OPEN) return Promise.resolve();
    this.#draining ??= this.#drain();
    return this.#draining;
  }

  async #drain(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const deadline = this.#components.clock.after(READ_DEADLINE, () => {
      this.close(CLOSE.slowReader);
      resolve();
    });
    // Called in order: when this one is written, all before it are. It is also called when the socket closes.
    this.#socket.ping(undefined, undefined, () => resolve());
    await promise;
    deadline.cancel();
    this.#draining = undefined;
  }

  #fail(error: unknown): void {
    this.#components.log.error({ err: error }, 'live session failed');
    this.close(CLOSE.stopping);
  }
}
