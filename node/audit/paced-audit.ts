// An audit log that nobody fills by being refused again and again. Refusals of one kind by one actor are written as they come at first, and
// from then on now and then, with the number of those between; what somebody did, rather than tried, is always written.
import { RateLimiter } from '../../src/overlay/stun/rate-limit.ts';
import type { Clock } from '../../src/realm/clock.ts';
import type { Audit, AuditEvent } from './audit.ts';

/** Each can be brought about without end by somebody who may do nothing here. */
const REFUSALS: ReadonlySet<string> = new Set([
  'access-refused',
  'blob-hostile',
  'custody-declined',
  'delivery-refused',
  'enrol-refused',
  'envelope-set-aside',
  'login-guessing',
  'login-refused',
]);
/** Of one kind by one actor: an hour's worth of work for an administrator who reads them. */
const EACH = { perSecond: 1 / 60, burst: 60 };
/** Of all together: 10,000 at once, and then 40 MB a month. */
const ALL = { perSecond: 0.1, burst: 10_000 };
const WITHHELD = 'audit-withheld';

export class PacedAudit implements Audit {
  readonly #audit: Audit;
  readonly #rate: RateLimiter;
  /** By kind, since the last one that was written. */
  readonly #withheld = new Map<string, number>();

  constructor(audit: Audit, clock: Clock) {
    this.#audit = audit;
    this.#rate = new RateLimiter(clock, EACH, ALL);
  }

  async record(event: AuditEvent): Promise<void> {
    const { code, actor = '' } = event;
    if (!REFUSALS.has(code)) return this.#audit.record(event);
    if (!this.#rate.take(`${code} ${actor}`)) {
      this.#withheld.set(code, (this.#withheld.get(code) ?? 0) + 1);
      return;
    }
    const count = this.#withheld.get(code);
    this.#withheld.delete(code);
    if (count !== undefined) await this.#audit.record({ code: WITHHELD, fields: { code, count } });
    await this.#audit.record(event);
  }

  tail(limit: number): ReturnType<Audit['tail']> {
    return this.#audit.tail(limit);
  }

  verify(): ReturnType<Audit['verify']> {
    return this.#audit.verify();
  }
}
