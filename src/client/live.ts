// The live connection: opens the socket, says hello, keeps it alive, and comes back by itself after a pause that grows
// and is never the same for two clients. It knows frames and nothing of what they mean.
import { finalCode } from '../protocols/lan/close-codes.ts';
import { type ClientFrame, decodeServerFrame, encodeClientFrame, type ServerFrame } from '../protocols/lan/frames.ts';
import { API_PREFIX, HEARTBEAT, LIVE_SUBPROTOCOL } from '../protocols/lan/limits.ts';
import { pauseAfter } from '../realm/backoff.ts';
import type { Clock, Timer } from '../realm/clock.ts';
import { codeOf } from '../realm/errors.ts';
import type { LiveSocket, OpenSocket } from './platform.ts';
import type { ConnectionState } from './surface.ts';

/** Milliseconds from opening the socket to the server's hello. */
const OPEN_DEADLINE = 15_000;
const PAUSES = { first: 250, longest: 15_000 } as const;
/** Milliseconds in which something has to be heard after something was sent; then as long again for the answer to a ping. */
const ANSWER_DEADLINE = 7_000;
const NORMAL_CLOSURE = 1000;

export interface LiveComponents {
  readonly server: string;
  readonly openSocket: OpenSocket;
  readonly clock: Clock;
  readonly random: () => number;
}

export interface LiveHandlers {
  /** Made anew for each connection, since the cursor moves. */
  hello(): Promise<ClientFrame>;
  /** What a bearer session needs in the upgrade request. */
  headers(): Record<string, string>;
  onFrame(frame: ServerFrame): void;
  /** Messages that can't be opened at present. */
  unreadable(): number;
  onState(state: ConnectionState, code?: string, retryIn?: number): void;
  /** The server says that coming back makes no sense. */
  onFinal(code: string): void;
  /** A socket could not be opened at all, which may mean that the session is over; resolves with the code to give up with. */
  whyOver(): Promise<string | undefined>;
}

export class LiveConnection {
  readonly #components: LiveComponents;
  readonly #handlers: LiveHandlers;
  #socket: LiveSocket | undefined;
  #state: ConnectionState = 'offline';
  #timer: Timer | undefined;
  #heartbeat: Timer | undefined;
  #answer: Timer | undefined;
  #lastHeard = 0;
  #lastSent = 0;
  #failures = 0;

  constructor(components: LiveComponents, handlers: LiveHandlers) {
    this.#components = components;
    this.#handlers = handlers;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  start(): void {
    if (this.#state === 'offline') this.#open();
  }

  stop(): void {
    if (this.#state === 'offline') return;
    this.#drop(NORMAL_CLOSURE);
    this.#become('offline');
  }

  /** Sends when the connection has said hello; false when there is none. */
  send(frame: ClientFrame): boolean {
    if (!this.#socket || (this.#state !== 'live' && this.#state !== 'catching-up')) return false;
    this.#socket.send(new Uint8Array(encodeClientFrame(frame)));
    this.#lastSent = this.#components.clock.monotonic();
    this.#awaitAnswer();
    return true;
  }

  /** Whoever writes into a line that is cut is told soon; while nobody writes the heartbeat is quick enough. */
  #awaitAnswer(isLast = false): void {
    if (this.#answer && !isLast) return;
    const { clock } = this.#components;
    const since = clock.monotonic();
    this.#answer = clock.after(ANSWER_DEADLINE, () => {
      this.#answer = undefined;
      if (this.#lastHeard >= this.#lastSent || !this.#socket) return;
      // answered, but more was sent meanwhile
      if (this.#lastHeard >= since) return this.#awaitAnswer();
      if (isLast) return this.#lost(0);
      this.#socket.send(new Uint8Array(encodeClientFrame(this.#ping())));
      this.#awaitAnswer(true);
    });
  }

  #open(): void {
    const { server, openSocket, clock } = this.#components;
    this.#become('connecting');
    const url = new URL(`${API_PREFIX}/live`, server.replace(/^http/, 'ws')).href;
    const socket = openSocket(url, LIVE_SUBPROTOCOL, this.#handlers.headers());
    this.#socket = socket;
    socket.binaryType = 'arraybuffer';
    const mine = () => this.#socket === socket;
    socket.addEventListener('open', () => void this.#greet(socket, mine));
    socket.addEventListener('message', (event: { data: unknown }) => mine() && this.#hear(event.data));
    socket.addEventListener('close', (event: { code: number }) => mine() && this.#lost(event.code));
    // Tells nothing that 'close' does not, but `ws` throws what nobody listens to.
    socket.addEventListener('error', () => {});
    this.#timer = clock.after(OPEN_DEADLINE, () => mine() && this.#lost(0));
  }

  async #greet(socket: LiveSocket, mine: () => boolean): Promise<void> {
    const hello = await this.#handlers.hello();
    if (mine()) socket.send(new Uint8Array(encodeClientFrame(hello)));
  }

  #hear(data: unknown): void {
    this.#lastHeard = this.#components.clock.monotonic();
    try {
      if (!(data instanceof ArrayBuffer)) return this.#lost(0, 'frame-malformed');
      this.#act(decodeServerFrame(new Uint8Array(data)));
    } catch (error) {
      this.#lost(0, codeOf(error));
    }
  }

  #act(frame: ServerFrame): void {
    if (frame.kind === 'hello') {
      this.#timer?.cancel();
      this.#become('catching-up');
      this.#beat(frame.heartbeat > 0 ? frame.heartbeat : HEARTBEAT);
    }
    if (frame.kind === 'live') this.#failures = 0;
    this.#handlers.onFrame(frame);
  }

  /** To be called when everything before the `live` frame has been told. */
  caughtUp(): void {
    if (this.#state === 'catching-up') this.#become('live');
  }

  /** Pings, and gives a silent socket up after two pauses: a black hole closes nothing by itself. */
  #beat(every: number): void {
    const { clock } = this.#components;
    this.#heartbeat?.cancel();
    this.#heartbeat = clock.after(every, () => {
      if (clock.monotonic() - this.#lastHeard > 2 * every) return this.#lost(0);
      this.send(this.#ping());
      this.#beat(every);
    });
  }

  #ping(): ClientFrame {
    const unreadable = this.#handlers.unreadable();
    return { kind: 'ping', ...(unreadable > 0 && { unreadable }) };
  }

  #lost(closeCode: number, code = 'server-unreachable'): void {
    const hadHello = this.#state !== 'connecting';
    this.#drop(NORMAL_CLOSURE);
    const final = finalCode(closeCode);
    if (final !== undefined) return this.#giveUp(final);
    this.#pause(code, hadHello);
  }

  #pause(code: string, hadHello: boolean): void {
    const { clock, random } = this.#components;
    const retryIn = pauseAfter(this.#failures++, PAUSES, random());
    this.#become('waiting', code, retryIn);
    this.#timer = clock.after(retryIn, () => void this.#again(hadHello));
  }

  async #again(hadHello: boolean): Promise<void> {
    const final = hadHello ? undefined : await this.#handlers.whyOver();
    if (this.#state !== 'waiting') return;
    if (final === undefined) return this.#open();
    this.#giveUp(final);
  }

  #giveUp(code: string): void {
    this.#become('offline', code);
    this.#handlers.onFinal(code);
  }

  #drop(code: number): void {
    this.#timer?.cancel();
    this.#heartbeat?.cancel();
    this.#answer?.cancel();
    this.#answer = undefined;
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close(code);
  }

  #become(state: ConnectionState, code?: string, retryIn?: number): void {
    this.#state = state;
    this.#handlers.onState(state, code, retryIn);
  }
}
