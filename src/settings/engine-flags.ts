// Flags of the JavaScript engine that each program runs with; whoever starts a program passes them on.
import type { Role } from '../realm/names.ts';

/**
 * A relay's short-lived objects are small and many when it is flooded. Left to itself the engine takes on some 100 MiB for them
 * before it collects any; MiB for each half of that space. Forwarding costs a relay up to a half more CPU for it, 2.3 to 2.6 s a GB
 * where it was 1.7 to 1.8 (scripts/bench/forward.ts, one run each); the aim is 6.
 */
export const ENGINE_FLAGS: Readonly<Record<Role, readonly string[]>> = {
  node: [],
  relay: ['--max-semi-space-size=4'],
};
