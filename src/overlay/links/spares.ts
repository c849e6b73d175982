// Ends connections beside the best one. The side that opened a connection closes it, once it is idle and a better one has
// stood for a while, so that streams on their way find their end.
import type { Connections } from './connections.ts';
import { isIdle } from './path.ts';

const SPARE_FOR = 30_000;

/** @param now monotonic milliseconds */
export function closeSpares(connections: Connections, peers: Iterable<string>, now: number): void {
  for (const peerId of peers) {
    const [best, ...spares] = connections.with(peerId);
    if (!best || now - best.openedAt < SPARE_FOR) continue;
    for (const { connection, openedAt } of spares) {
      const isDue = now - openedAt >= SPARE_FOR && connection.direction === 'outbound' && isIdle(connection);
      if (isDue) void connection.close().catch(() => {});
    }
  }
}
