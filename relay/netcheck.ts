// What a relay knows of the network before it, for the operator.
import type { NatView } from '../src/overlay/stun/nat-detection.ts';
import { formatEndpoint } from '../src/overlay/stun/servers.ts';
import { formatHostPort } from '../src/settings/host-port.ts';
import { listenedPlaces } from '../src/settings/relay-addresses.ts';
import type { Settings } from '../src/settings/settings.ts';
import type { Netcheck } from './api.ts';

export function netcheckOf(view: NatView, settings: Settings['relay'], mapping: Netcheck['mapping']): Netcheck {
  const { kind, udp, tcp, isUdpBlocked, servers, ipv6 } = view;
  const forward = kind === 'symmetric' && mapping.outer === undefined ? portToForward(settings) : undefined;
  return {
    nat: kind,
    udp,
    tcp,
    ...(isUdpBlocked === undefined ? {} : { udpBlocked: isUdpBlocked }),
    servers: servers.map((seen) => ({
      server: formatEndpoint(seen.server),
      ...(seen.udp ? { udp: formatEndpoint(seen.udp) } : {}),
      ...(seen.tcp ? { tcp: formatEndpoint(seen.tcp) } : {}),
    })),
    ipv6: { hasAddress: ipv6.hasAddress, ...(ipv6.works === undefined ? {} : { works: ipv6.works }) },
    mapping,
    ...(forward ? { forward } : {}),
  };
}

/** The first port that the relay listens on, at each of its addresses. */
function portToForward(settings: Settings['relay']): Netcheck['forward'] {
  const places = listenedPlaces(settings);
  const [first] = places;
  return first && { port: first.port, to: places.filter(({ port }) => port === first.port).map(formatHostPort) };
}
