// Enrolment over the overlay: by a relay of a realm above, or by the branch's own.
import { enrolOverWire } from '../../src/overlay/enrol/client.ts';
import { systemClock } from '../../src/realm/clock.ts';
import type { Courier } from './join-realm.ts';

/** A join that finds nobody ends by then. */
const DEADLINE = 30_000;

export function overlayCourier(rootFingerprint: string): Courier {
  return {
    live: true,
    carry: (request, ways) =>
      enrolOverWire({ request, ways, rootFingerprint, clock: systemClock, signal: AbortSignal.timeout(DEADLINE) }),
  };
}
