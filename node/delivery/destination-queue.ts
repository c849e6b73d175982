// What one destination gets: as long as something waits for it there is a stream to it, or the next try is due. A try comes at
// once when a way opens up, else after a back-off with jitter. Where no direct way is permitted, and where the destination stays
// away, the next realm on the tree is lent a copy. What is frozen waits until its destination is in good standing again.
import type { PathReport } from '../../src/overlay/seam.ts';
import { RETRY } from '../../src/protocols/deliver/index.ts';
import { Bell } from '../../src/realm/bell.ts';
import { codeOf, RefusedError } from '../../src/realm/errors.ts';
import type { Log } from '../../src/realm/log.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { CustodyService } from '../custody/custody-service.ts';
import { DeliverSession, type DeliverSessionComponents } from './deliver-session.ts';
import type { QueueReport } from './delivery.ts';
import type { Outbox } from './outbox.ts';
import { QueueRunner } from './queue-runner.ts';
import type { Standing } from './standing.ts';
import type { Ways } from './ways.ts';

export interface DestinationQueueComponents extends Omit<DeliverSessionComponents, 'onOpen'> {
  readonly outbox: Pick<Outbox, 'read' | 'depth'>;
  readonly ways: Pick<Ways, 'to'>;
  readonly standing: Pick<Standing, 'isFrozen'>;
  readonly custody: Pick<CustodyService, 'lend' | 'withdraw' | 'obstacle'>;
  /** 0 up to 1. */
  readonly random: () => number;
  readonly log: Log;
}

/** Milliseconds that a destination may be away before the tier above is lent a copy. */
const LENT_AFTER = 3_000;

export class DestinationQueue {
  readonly destination: RealmName;
  readonly #parts: DestinationQueueComponents;
  readonly #runner: QueueRunner;
  readonly #added = new Bell();
  readonly #decided = new Bell();
  #session: DeliverSession | undefined;
  #state: QueueReport['state'] = 'idle';
  #code: string | undefined;
  /** Milliseconds since 1970: since when no stream to the destination came about. */
  #awaySince: number | undefined;
  #isLent = false;

  constructor(parts: DestinationQueueComponents, destination: RealmName) {
    this.#parts = parts;
    this.#runner = new QueueRunner(parts, RETRY);
    this.destination = destination;
  }

  start(): void {
    this.#runner.start((signal) => this.#run(signal), 'a delivery queue ended');
  }

  stop(): Promise<void> {
    return this.#runner.stop();
  }

  /** An entry was added. */
  added(): void {
    this.#added.ring();
    this.#session?.wake();
    if (this.#isLent) this.#parts.custody.lend(this.destination);
  }

  /** Trusts or revocations changed: what was decided about the way may no longer hold. */
  reconsider(): void {
    const isDirect = this.#parts.ways.to(this.destination).kind === 'direct';
    const isFrozen = this.#parts.standing.isFrozen(this.destination);
    this.#decided.ring();
    this.#runner.retry();
    if (isFrozen || !isDirect) this.#session?.giveUp(new RefusedError('way-changed', 'The way is closed'));
  }

  /** The way to the destination became usable, or another one. */
  onPath(report: PathReport): void {
    if (report.kind === 'unreachable') return;
    this.#runner.retry();
    const path = this.#session?.path;
    if (path && (path.kind !== report.kind || path.via !== report.via)) this.#session?.renew();
  }

  /** The destination came to us: it is there again, whatever the pause says. */
  alive(): void {
    this.#runner.retry();
  }

  report(): Pick<QueueReport, 'state' | 'code' | 'since' | 'custodian'> {
    const state = this.#isIdle() ? 'idle' : this.#state;
    const way = this.#parts.ways.to(this.destination);
    const custodian = way.kind === 'tree' ? way.next : way.kind === 'direct' ? way.custodian : undefined;
    const obstacle = this.#obstacle();
    return { state, ...obstacle, ...(this.#isLent && custodian !== undefined && { custodian }) };
  }

  #isIdle(): boolean {
    if (this.#state === 'sending') return !this.#session?.isBusy;
    return this.#state === 'custody' && this.#parts.outbox.depth(this.destination) === 0;
  }

  #obstacle(): { code?: string; since?: number } {
    if (this.#state === 'custody') return this.#parts.custody.obstacle(this.destination) ?? {};
    if (this.#state === 'frozen') return { code: 'frozen' };
    if (this.#state !== 'waiting' || this.#code === undefined) return {};
    return { code: this.#code, ...(this.#awaySince !== undefined && { since: this.#awaySince }) };
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#whileEmpty(signal);
      const way = this.#parts.ways.to(this.destination);
      if (this.#parts.standing.isFrozen(this.destination)) await this.#hold('frozen', signal);
      else if (way.kind === 'none') await this.#hold('waiting', signal, 'no-way');
      else if (way.kind === 'tree') await this.#byCustody(signal);
      else await this.#direct(signal);
    }
  }

  /** Until trusts or revocations change. */
  async #hold(state: QueueReport['state'], signal: AbortSignal, code?: string): Promise<void> {
    this.#lend(false);
    this.#state = state;
    this.#code = code;
    await this.#decided.heard(signal);
  }

  async #byCustody(signal: AbortSignal): Promise<void> {
    this.#lend(true);
    this.#state = 'custody';
    await this.#decided.heard(signal);
  }

  async #direct(signal: AbortSignal): Promise<void> {
    const failure = await this.#serve(signal);
    if (failure === undefined) return;
    const now = this.#parts.clock.now();
    this.#awaySince ??= now;
    if (now - this.#awaySince >= LENT_AFTER) this.#lend(true);
    await this.#wait(failure, signal);
  }

  #lend(isLent: boolean): void {
    this.#isLent = isLent;
    if (isLent) this.#parts.custody.lend(this.destination);
    else this.#parts.custody.withdraw(this.destination);
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
      this.#awaySince = undefined;
      this.#lend(false);
    };
    const session = new DeliverSession({ ...this.#parts, onOpen }, this.destination);
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

  async #wait(error: unknown, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#state = 'waiting';
    this.#code = codeOf(error);
    const delay = this.#runner.nextPause();
    const fields = { destination: this.destination, code: this.#code, delay };
    this.#parts.log.info(fields, 'delivery waits for the next try');
    await this.#runner.pause(delay, signal);
  }
}
