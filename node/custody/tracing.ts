// Asks the realms on a message's way what they know of it, and answers the same question of others.
import {
  decodeTraceAnswer,
  decodeTraceQuery,
  encodeTraceAnswer,
  encodeTraceQuery,
  TRACE_ERRAND,
  type TraceAnswer,
  type TraceQuery,
} from '../../src/protocols/custody/trace.ts';
import type { MessageId, UserId } from '../../src/realm/ids.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { Errands } from '../errands/errands.ts';
import type { Custody } from './custody.ts';

export interface TracingComponents {
  readonly realm: RealmName;
  readonly errands: Pick<Errands, 'ask' | 'answer'>;
  readonly custody: Pick<Custody, 'trace'>;
  /** When a message of that origin was on disk here; undefined for one that never came. */
  readonly arrivedAt: (origin: RealmName, id: MessageId, sender: UserId) => Promise<number | undefined>;
}

export class Tracing {
  readonly #parts: TracingComponents;

  constructor(parts: TracingComponents) {
    this.#parts = parts;
    parts.errands.answer(TRACE_ERRAND, async (origin, body) =>
      encodeTraceAnswer(await this.#know(origin, decodeTraceQuery(body))),
    );
  }

  /** Undefined when that realm never had it. @throws CanopyError when it cannot be asked now */
  async ask(realm: RealmName, query: TraceQuery, signal: AbortSignal): Promise<TraceAnswer | undefined> {
    const { errands } = this.#parts;
    return decodeTraceAnswer(await errands.ask(realm, TRACE_ERRAND, encodeTraceQuery(query), signal));
  }

  /** Only ever of the origin's own messages: the errand says, and proves, who asks. */
  async #know(origin: RealmName, query: TraceQuery): Promise<TraceAnswer | undefined> {
    const { realm, custody, arrivedAt } = this.#parts;
    const { destination, incarnation, n, id, sender } = query;
    if (destination === realm) {
      const at = await arrivedAt(origin, id, sender);
      return at === undefined ? undefined : { at, passedAt: 0, endedAt: 0 };
    }
    const trace = await custody.trace(origin, destination, incarnation, n);
    if (!trace) return undefined;
    const { heldAt: at, passedAt = 0, endedAt = 0, next, code, since } = trace;
    const why = { ...(code !== undefined && { code }), ...(since !== undefined && { since }) };
    return { at, passedAt, endedAt, ...(next !== undefined && { next }), ...why };
  }
}
