// Security events of the overlay. A flood of refusals must not become a flood of records: above the limit they are counted
// and the count is told with the next one that passes.
import type { Clock } from '../realm/clock.ts';

export interface OverlayEvent {
  /** `admission-refused`, `connection-refused`, `scope-refused`, `enrol-refused`, `session-cut`. */
  readonly code: string;
  readonly reason: string;
  readonly realm?: string;
  readonly role?: string;
  readonly peerId?: string;
  readonly address?: string;
  readonly protocol?: string;
  /** Events of the same code that were left out before this one. */
  readonly suppressed?: number;
}

export type OverlayAudit = (event: OverlayEvent) => void;

const BURST = 20;
/** Milliseconds for one more. */
const REFILL = 500;

export function limitAudit(audit: OverlayAudit, clock: Clock): OverlayAudit {
  const buckets = new Map<string, { tokens: number; at: number; suppressed: number }>();
  return (event) => {
    const now = clock.monotonic();
    const bucket = buckets.get(event.code) ?? { tokens: BURST, at: now, suppressed: 0 };
    bucket.tokens = Math.min(BURST, bucket.tokens + (now - bucket.at) / REFILL);
    bucket.at = now;
    buckets.set(event.code, bucket);
    if (bucket.tokens < 1) {
      bucket.suppressed++;
      return;
    }
    bucket.tokens--;
    audit(bucket.suppressed > 0 ? { ...event, suppressed: bucket.suppressed } : event);
    bucket.suppressed = 0;
  };
}
