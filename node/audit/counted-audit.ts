// An audit log that also counts its events by their code, for the metrics.
import type { Audit, AuditEvent } from './audit.ts';

/** Codes are words of ours and few; should they ever not be, the rest is counted together. */
const MAX_CODES = 256;
const OTHERS = 'other';

export class CountedAudit implements Audit {
  readonly #audit: Audit;
  readonly #counts = new Map<string, number>();

  constructor(audit: Audit) {
    this.#audit = audit;
  }

  /** Events since the start. */
  get counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  async record(event: AuditEvent): Promise<void> {
    await this.#audit.record(event);
    const code = this.#counts.has(event.code) || this.#counts.size < MAX_CODES ? event.code : OTHERS;
    this.#counts.set(code, (this.#counts.get(code) ?? 0) + 1);
  }

  tail(limit: number): ReturnType<Audit['tail']> {
    return this.#audit.tail(limit);
  }

  verify(): ReturnType<Audit['verify']> {
    return this.#audit.verify();
  }
}
