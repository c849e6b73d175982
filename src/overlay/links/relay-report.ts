// What the operator is told of the link to one relay.
import type { Connections } from './connections.ts';
import type { Link } from './link.ts';
import type { RelayReport } from './links.ts';

export function relayReport({ end, phase, rounds, nextRoundIn }: Link, connections: Connections): RelayReport {
  const [best] = connections.with(end.peerId);
  const { via, rtt } = best ?? {};
  return {
    ...end,
    phase,
    path: best?.path ?? 'unreachable',
    rounds,
    ...(via === undefined ? {} : { via }),
    ...(rtt === undefined ? {} : { rtt }),
    ...(nextRoundIn === undefined ? {} : { nextRoundIn }),
  };
}
