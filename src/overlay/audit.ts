// Security events of the overlay. A flood of refusals must not become a flood of records: above the limit they are counted
// and the count is told with the next one that passes. Each reason has a limit of its own, so that nobody can hide a stolen
// certificate behind a crowd of self-made ones.
import type { Clock } from '../realm/clock.ts';

export interface OverlayEvent {
  /** `admission-refused`, `connection-refused`, `scope-refused`, `enrol-refused`, `session-cut`, `circuit-cut`, `twin-detected`, `twin-unproved`. */
  readonly code: string;
  readonly reason: string;
  readonly realm?: string;
  readonly role?: string;
  readonly peerId?: string;
  readonly address?: string;
  readonly protocol?: string;
  /** Events of the same code and reason that were left out before this one. */
  readonly suppressed?: number;
}

export type OverlayAudit = (event: OverlayEvent) => void;

const BURST = 20;
/** Milliseconds for one more. */
const REFILL = 500;
/** Reasons are words of ours and few; should they ever not be, the oldest is forgotten. */
const MAX_BUCKETS = 256;

interface Bucket {
  tokens: number;
  at: number;
  suppressed: number;
}

/** A certificate that was shown with another key than its own, or a key that two programs have: stolen or copied. */
export function isAlert({ code, reason }: OverlayEvent): boolean {
  return reason === 'cert-key-mismatch' || code === 'twin-detected';
}

export function limitAudit(audit: OverlayAudit, clock: Clock): OverlayAudit {
  const buckets = new Map<string, Bucket>();
  return (event) => {
    const bucket = refilled(buckets, `${event.code} ${event.reason}`, clock.monotonic());
    if (bucket.tokens < 1) {
      bucket.suppressed++;
      return;
    }
    bucket.tokens--;
    audit(bucket.suppressed > 0 ? { ...event, suppressed: bucket.suppressed } : event);
    bucket.suppressed = 0;
  };
}

function refilled(buckets: Map<string, Bucket>, name: string, now: number): Bucket {
  const bucket = buckets.get(name) ?? { tokens: BURST, at: now, suppressed: 0 };
  bucket.tokens = Math.min(BURST, bucket.tokens + (now - bucket.at) / REFILL);
  bucket.at = now;
  const [oldest] = buckets.keys();
  if (buckets.size >= MAX_BUCKETS && oldest !== undefined && !buckets.has(name)) buckets.delete(oldest);
  buckets.set(name, bucket);
  return bucket;
}
