// Which kind of NAT stands before us, by what two STUN servers see of one and the same local UDP port (RFC 5780 section 4.3,
// the part about mapping): two different outer ports mean that nobody else can foresee the third.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import type { Clock } from '../../realm/clock.ts';
import { askUdp } from './client.ts';
import { canonicalIp } from './ip-address.ts';
import type { Endpoint } from './message.ts';

export type NatMapping = 'none' | 'cone' | 'symmetric' | 'unknown';

/** `unknown` when fewer than two servers answered over UDP. */
export async function detectNat(servers: readonly Endpoint[], clock: Clock, signal: AbortSignal): Promise<NatMapping> {
  const socket = createSocket('udp4');
  try {
    socket.bind(0);
    await once(socket, 'listening', { signal });
    socket.setMaxListeners(servers.length * 2 + 2);
    const asked = await Promise.allSettled(servers.map((server) => askUdp(server, clock, signal, socket)));
    const seen = asked.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    return judge(seen, socket.address().port);
  } finally {
    socket.close();
  }
}

function judge(seen: readonly Endpoint[], localPort: number): NatMapping {
  const [first] = seen;
  if (!first) return 'unknown';
  if (first.port === localPort && isOwn(first.host)) return 'none';
  if (seen.some(({ host, port }) => host !== first.host || port !== first.port)) return 'symmetric';
  return seen.length > 1 ? 'cone' : 'unknown';
}

function isOwn(host: string): boolean {
  const own = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return own.some(({ address }) => canonicalIp(address) === host);
}
