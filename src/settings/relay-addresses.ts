// Where the relay of this host is reached, as multiaddrs and as STUN names it.
import { networkInterfaces } from 'node:os';
import { dialledFromHere, formatHostPort, type HostPort, isAnyHost } from './host-port.ts';
import type { Settings } from './settings.ts';

/** For other realms: what is announced, else what it listens on. */
export function outerRelayAddresses({ announce, listen }: Settings['relay'], peerId: string): string[] {
  return multiaddrs(announce.length > 0 ? announce : everyListener(listen), peerId);
}

/** For the realm's own LAN: what it listens on first. */
export function innerRelayAddresses({ announce, listen }: Settings['relay'], peerId: string): string[] {
  return multiaddrs([...everyListener(listen), ...announce], peerId);
}

/** Where it listens, each address of this host by itself. */
export function listenedPlaces({ listen }: Pick<Settings['relay'], 'listen'>): HostPort[] {
  return everyListener(listen);
}

/** For the node on the same host. */
export function localRelayAddresses({ listen }: Settings['relay'], peerId: string): string[] {
  return multiaddrs(listen.map(dialledFromHere), peerId);
}

function multiaddrs(places: readonly HostPort[], peerId: string): string[] {
  return [...new Set(places.map((place) => `${multiaddrOf(place)}/p2p/${peerId}`))];
}

/** "Any" stands for the addresses of this host's interfaces. */
function everyListener(listen: readonly HostPort[]): HostPort[] {
  return listen.flatMap((place) => (isAnyHost(place.host) ? everyInterface(place) : [place]));
}

function everyInterface({ host, port }: HostPort): HostPort[] {
  const wanted = host === '::' ? ['IPv4', 'IPv6'] : ['IPv4'];
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, internal, scopeid }) => wanted.includes(family) && !internal && !scopeid)
    .map(({ address }) => ({ host: address, port }));
}

/** What listens there, without a peer id. */
export function multiaddrOf({ host, port }: HostPort): string {
  if (host.includes(':')) return `/ip6/${host}/tcp/${port}`;
  return /^[\d.]+$/.test(host) ? `/ip4/${host}/tcp/${port}` : `/dns/${host}/tcp/${port}`;
}

/** `:PORT`, a port of whatever address others reach us at, when the one that we know may not be theirs. */
export function stunText(place: HostPort, isAnnounced: boolean): string {
  return isAnnounced || isAnyHost(place.host) ? `:${place.port}` : formatHostPort(place);
}
