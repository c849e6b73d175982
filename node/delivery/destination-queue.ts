// What one destination gets: as long as something waits for it there is a stream to it, or the next try is due. A try comes at
// once when a way opens up, else after a back-off with jitter.
import type { PathReport } from '../../src/overlay/seam.ts';
import { FIRST_RETRY, LONGEST_RETRY } from '../../src/protocols/deliver/index.ts';
import { Bell } from '../../src/realm/bell.ts';
import { codeOf } from '../../src/realm/errors.ts';
import type { Log } from '../../src/realm/log.ts';
import type { RealmName } from '../../src/realm/names.ts';
import { DeliverSession, type DeliverSessionComponents } from './deliver-session.ts';
import type { QueueReport } from './delivery.ts';
import type { Outbox } from './outbox.ts';

export interface DestinationQueueComponents extends Omit<DeliverSessionComponents, 'onOpen'> {
  readonly outbox: Pick<Outbox, 'read' | 'remove' | 'depth'>;
  /** 0 up to 1. */
  readonly random: () => number;
  readonly log: Log;
}

export class DestinationQueue {
  readonly destination: RealmName;
  readonly #parts: DestinationQueueComponents;
  readonly #stopped = new AbortController();
  readonly #added = new Bell();
  readonly #retry = new Bell();
  #session: DeliverSession | undefined;
  #running: Promise<void> | undefined;
  #failures = 0;
  #state: QueueReport['state'] = 'idle';
  #code: string | undefined;

  constructor(parts: DestinationQueueComponents, destination: RealmName) {
    this.#parts = parts;
    this.destination = destination;
  }

  start(): void {
    const { signal } = this.#stopped;
    this.#running ??= this.#run(signal).catch((error: unknown) => {
      if (!signal.aborted) this.#parts.log.error({ err: error }, 'a delivery queue ended');
    });
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
  }

  /** An entry was added. */
  added(): void {
    this.#added.ring();
    this.#session?.wake();
  }

  /** The way to the destination became usable, or another one. */
  onPath(report: PathReport): void {
    if (report.kind === 'unreachable') return;
    this.#retry.ring();
    const path = this.#session?.path;
    if (path && (path.kind !== report.kind || path.via !== report.via)) this.#session?.renew();
  }

  report(): Pick<QueueReport, 'state' | 'code'> {
    const state = this.#state === 'sending' && !this.#session?.isBusy ? 'idle' : this.#state;
    return { state, ...(this.#code !== undefined && state === 'waiting' && { code: this.#code }) };
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#whileEmpty(signal);
      const failure = await this.#serve(signal);
      if (failure !== undefined) await this.#wait(failure, signal);
    }
  }

  async #whileEmpty(signal: AbortSignal): Promise<void> {
    this.#state = 'idle';
    while (this.#parts.outbox.depth(this.destination) === 0) await this.#added.heard(signal);
  }

  /** Resolves with why the stream broke; undefined when it ended as it should. */
  async #serve(signal: AbortSignal): Promise<unknown> {
    this.#state = 'connecting';
    const onOpen = () => {
      this.#state = 'sending';
    };
    const session = new DeliverSession({ ...this.#parts, onOpen }, this.destination);
    this.#session = session;
    try {
      await session.run(signal);
      return undefined;
    } catch (error) {
      return error;
    } finally {
      if (session.progressed) this.#failures = 0;
      this.#session = undefined;
    }
  }

  async #wait(error: unknown, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#state = 'waiting';
    this.#code = codeOf(error);
    const longest = Math.min(LONGEST_RETRY, FIRST_RETRY * 2 ** Math.min(this.#failures++, 10));
    const delay = longest * (0.5 + this.#parts.random() / 2);
    const fields = { destination: this.destination, code: this.#code, delay: Math.round(delay) };
    this.#parts.log.info(fields, 'delivery waits for the next try');
    await this.#retry.heardWithin(this.#parts.clock, delay, signal);
  }
}
