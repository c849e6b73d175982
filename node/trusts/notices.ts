// Tells the other side of a trust what happened here, until it knows: at once, and while it can't be reached again every minute
// and whenever a way comes back. What nobody took for 30 days is given up; the chains say it as well.
import { ACCEPTANCE_ERRAND } from '../../src/protocols/trust/index.ts';
import type { Clock, Timer } from '../../src/realm/clock.ts';
import { codeOf, messageOf, RefusedError, UnreachableError } from '../../src/realm/errors.ts';
import type { Log } from '../../src/realm/log.ts';
import type { Errands } from '../errands/errands.ts';
import type { Notice, TrustStore } from './trust-store.ts';

export interface NoticesComponents {
  readonly store: TrustStore;
  readonly errands: Pick<Errands, 'ask'>;
  readonly clock: Pick<Clock, 'now' | 'after'>;
  readonly log: Log;
  /** The other side will not have it, for good. */
  readonly onRefused: (notice: Notice, code: string) => Promise<void>;
}

const RETRY = 60_000;
const GIVE_UP = 30 * 24 * 60 * 60 * 1000;

export class Notices {
  readonly #parts: NoticesComponents;
  readonly #stopping = new AbortController();
  #timer: Timer | undefined;
  #running: Promise<void> | undefined;

  constructor(components: NoticesComponents) {
    this.#parts = components;
  }

  /** Undefined when it got through now; else the code of what is in the way, and it is tried on. */
  async tell(notice: Notice): Promise<string | undefined> {
    await this.#parts.store.putNotice(notice);
    const trouble = await this.#try(notice);
    if (trouble !== undefined) this.#schedule();
    return trouble;
  }

  /** Tries what is left; also when a way has come back. Never rejects. */
  wake(): void {
    this.#timer?.cancel();
    this.#running ??= this.#tryAll()
      .catch((error: unknown) => this.#parts.log.error({ error: messageOf(error) }, 'notices about trusts failed'))
      .finally(() => {
        this.#running = undefined;
      });
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new UnreachableError('stopping', 'the node is stopping'));
    this.#timer?.cancel();
    await this.#running;
  }

  async #tryAll(): Promise<void> {
    let left = 0;
    for (const notice of await this.#parts.store.notices()) {
      if (this.#stopping.signal.aborted) return;
      if ((await this.#try(notice)) !== undefined) left++;
    }
    if (left > 0) this.#schedule();
  }

  async #try(notice: Notice): Promise<string | undefined> {
    const { errands, store, clock, log, onRefused } = this.#parts;
    try {
      await errands.ask(notice.realm, notice.kind, notice.body, this.#stopping.signal);
    } catch (error) {
      const code = codeOf(error);
      const isOver = clock.now() - notice.time > GIVE_UP;
      if (!isFinal(error) && !isOver) return code;
      log.warn({ realm: notice.realm, kind: notice.kind, code }, 'notice about a trust not taken');
      // In this order: should the power go in between, it is told and refused once more.
      await onRefused(notice, code);
      await store.dropNotices([notice]);
      return notice.kind === ACCEPTANCE_ERRAND ? code : undefined;
    }
    await store.dropNotices([notice]);
    return undefined;
  }

  #schedule(): void {
    this.#timer?.cancel();
    if (this.#stopping.signal.aborted) return;
    this.#timer = this.#parts.clock.after(RETRY, () => this.wake());
  }
}

/** The other side's own word about this trust; everything else may change. */
const FINAL = new Set([
  'trust-over',
  'trust-unknown',
  'trust-conflict',
  'already-kin',
  'not-a-party',
  'malformed',
  'unknown-kind',
]);

/** Signed by the other side: what a hop says ends nothing. */
function isFinal(error: unknown): boolean {
  return error instanceof RefusedError && FINAL.has(error.code);
}
