// What kind of path a connection of libp2p is, judged by its remote address alone.
import type { Connection } from '@libp2p/interface';
import type { Multiaddr } from '@multiformats/multiaddr';
import { canonicalIp } from '../stun/ip-address.ts';
import type { LinkPath } from './links.ts';

const INTERNAL_PROTOCOLS: readonly string[] = [
  '/canopy/link-ping/1',
  '/canopy/locate/1',
  '/canopy/punch/1',
  '/ipfs/id/1.0.0',
  '/ipfs/id/push/1.0.0',
  '/ipfs/ping/1.0.0',
];

/** Undefined for a connection that is no link between relays, such as a forwarded one. */
export function pathOf(connection: Pick<Connection, 'remoteAddr'>): LinkPath | undefined {
  const names = new Set(connection.remoteAddr.getComponents().map(({ name }) => name));
  // WebRTC is dialled at `<relay>/p2p-circuit/webrtc/...`, and is direct all the same.
  if (names.has('webrtc')) return 'direct-webrtc';
  if (names.has('p2p-circuit')) return 'relayed';
  return names.has('tcp') ? 'direct-tcp' : undefined;
}

/** The peer id of the relay that carries a relayed connection. */
export function carrierOf(connection: Pick<Connection, 'remoteAddr'>): string | undefined {
  const components = connection.remoteAddr.getComponents();
  const circuit = components.findIndex(({ name }) => name === 'p2p-circuit');
  return components.slice(0, Math.max(circuit, 0)).findLast(({ name }) => name === 'p2p')?.value;
}

/** The IP address of the other end of a direct TCP connection. */
export function hostOf(address: Multiaddr): string | undefined {
  const components = address.getComponents();
  if (components.some(({ name }) => name === 'p2p-circuit' || name === 'webrtc')) return undefined;
  const host = components.find(({ name }) => name === 'ip4' || name === 'ip6')?.value;
  return host === undefined ? undefined : canonicalIp(host);
}

/** True when nothing but the overlay's own upkeep runs on the connection. */
export function isIdle(connection: Pick<Connection, 'streams'>): boolean {
  return connection.streams.every(({ protocol }) => !protocol || INTERNAL_PROTOCOLS.includes(protocol));
}
