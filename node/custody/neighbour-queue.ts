// What one neighbour on the tree is handed: as long as something is due there is a stream to it, or the next try is. All flows
// to it have turns, so that nobody's backlog keeps others waiting.
import type { Path, PathReport } from '../../src/overlay/seam.ts';
import { RETRY } from '../../src/protocols/deliver/index.ts';
import { Bell } from '../../src/realm/bell.ts';
import { codeOf } from '../../src/realm/errors.ts';
import type { Log } from '../../src/realm/log.ts';
import type { RealmName } from '../../src/realm/names.ts';
import { QueueRunner } from '../delivery/queue-runner.ts';
import { CustodySession, type CustodySessionComponents, LOOK } from './custody-session.ts';
import type { Flow, Item } from './hand-on.ts';

export interface NeighbourQueueComponents extends Omit<CustodySessionComponents, 'next' | 'isPending' | 'onOpen'> {
  /** Those whose next hop is this neighbour. */
  readonly flows: (neighbour: RealmName) => readonly Flow[];
  /** 0 up to 1. */
  readonly random: () => number;
  readonly log: Log;
}

export class NeighbourQueue {
  readonly neighbour: RealmName;
  readonly #parts: NeighbourQueueComponents;
  readonly #runner: QueueRunner;
  readonly #due = new Bell();
  #session: CustodySession | undefined;
  #turn = 0;
  #ready: Item | undefined;
  /** Of the newest stream. */
  path: Path | undefined;
  /** Why no stream stands; undefined while one does or none is needed. */
  code: string | undefined;
  /** Milliseconds since 1970: since when `code` holds. */
  since: number | undefined;

  constructor(parts: NeighbourQueueComponents, neighbour: RealmName) {
    this.#parts = parts;
    this.#runner = new QueueRunner(parts, RETRY);
    this.neighbour = neighbour;
  }

  start(): void {
    this.#runner.start((signal) => this.#run(signal), 'a custody queue ended');
  }

  stop(): Promise<void> {
    return this.#runner.stop();
  }

  /** There may be something to hand on. */
  wake(): void {
    this.#due.ring();
    this.#session?.wake();
  }

  /** A way leads to the neighbour, or a better one. */
  onPath(report: PathReport): void {
    if (report.kind !== 'unreachable') this.#runner.retry();
  }

  /** The neighbour speaks to us: it is there again, though no way has changed. */
  alive(): void {
    this.#runner.retry();
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#ready ??= await this.#next();
      if (!this.#ready) {
        await this.#nothingDue(signal);
        continue;
      }
      const failure = await this.#serve(signal);
      if (failure !== undefined) await this.#wait(failure, signal);
    }
    await this.#ready?.answered({ kind: 'broken' });
  }

  /** What waits for its time is looked at now and then; where nothing waits at all, nothing moves. */
  async #nothingDue(signal: AbortSignal): Promise<void> {
    if (this.#parts.flows(this.neighbour).length === 0) await this.#due.heard(signal);
    else await this.#due.heardWithin(this.#parts.clock, LOOK, signal);
  }

  async #serve(signal: AbortSignal): Promise<unknown> {
    const onOpen = (path: Path) => {
      this.path = path;
      this.code = undefined;
      this.since = undefined;
    };
    const next = async () => this.#takeReady() ?? (await this.#next());
    const isPending = () => this.#parts.flows(this.neighbour).length > 0;
    const session = new CustodySession({ ...this.#parts, next, isPending, onOpen }, this.neighbour);
    this.#session = session;
    try {
      await session.run(signal);
      return undefined;
    } catch (error) {
      return error;
    } finally {
      if (session.progressed) this.#runner.succeeded();
      this.#session = undefined;
    }
  }

  #takeReady(): Item | undefined {
    const ready = this.#ready;
    this.#ready = undefined;
    return ready;
  }

  /** From the flow whose turn it is, or the first after it that has something due. */
  async #next(): Promise<Item | undefined> {
    const flows = this.#parts.flows(this.neighbour);
    const from = this.#turn;
    for (let step = 0; step < flows.length; step++) {
      const at = (from + step) % flows.length;
      const item = await this.#take(flows[at]);
      if (!item) continue;
      this.#turn = at + 1;
      return item;
    }
    return undefined;
  }

  /** What can't be read now is looked for again; it must not end the queue, on which all others wait too. */
  async #take(flow: Flow | undefined): Promise<Item | undefined> {
    try {
      return await flow?.take();
    } catch (error) {
      if (!this.#runner.isStopped) this.#parts.log.error({ err: error }, 'mail to be handed on was not read');
      return undefined;
    }
  }

  async #wait(error: unknown, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const code = codeOf(error);
    this.since ??= this.#parts.clock.now();
    this.code = code;
    const delay = this.#runner.nextPause();
    this.#parts.log.info({ neighbour: this.neighbour, code, delay }, 'custody waits for the next try');
    await this.#runner.pause(delay, signal);
  }
}
