// Where the relay of this host is reached, as multiaddrs and as STUN names it.
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { dialledFromHere, formatHostPort, type HostPort, isAnyHost } from './host-port.ts';
import type { Settings } from './settings.ts';

/** As many as an answer of /canopy/locate/1 has room for. */
const MAX_TOLD = 4;

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
  const wanted = host === '::' ? 'IPv6' : 'IPv4';
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, internal, scopeid }) => family === wanted && !internal && !scopeid)
    .map(({ address }) => ({ host: address, port }));
}

/** What listens there, without a peer id. */
export function multiaddrOf({ host, port }: HostPort): string {
  if (host.includes(':')) return `/ip6/${host}/tcp/${port}`;
  return /^[\d.]+$/.test(host) ? `/ip4/${host}/tcp/${port}` : `/dns/${host}/tcp/${port}`;
}

/** Without those that this host can't listen on: `::` where the system has no IPv6. */
export function listenable(places: readonly HostPort[]): HostPort[] {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const hasSix = all.some(({ family }) => family === 'IPv6');
  const kept = places.filter(({ host }) => host !== '::' || hasSix);
  return kept.length > 0 ? kept : [...places];
}

/**
 * Our STUN servers as others are told them: `:PORT`, a port of whatever address they reach us at, and beside it the known outer
 * addresses, so that who came over one family of addresses finds the server of the other, too.
 */
export function stunTexts({ stun, announce }: Pick<Settings['relay'], 'stun' | 'announce'>): string[] {
  const outer = new Set(announce.map(({ host }) => host).filter((host) => isIP(host) !== 0));
  const told = stun.flatMap((place) => {
    if (outer.size === 0 && !isAnyHost(place.host)) return [formatHostPort(place)];
    const hosts = [...outer].filter((host) => isIP(host) === (place.host.includes(':') ? 6 : 4));
    const known = hosts.length > 0 ? hosts.map((host) => ({ host, port: place.port })) : outerSix(place);
    return [`:${place.port}`, ...known.map(formatHostPort)];
  });
  return [...new Set(told)].slice(0, MAX_TOLD);
}

/** An IPv6 address of an interface is an outer one, unlike IPv4 behind a router. */
function outerSix(place: HostPort): HostPort[] {
  return place.host === '::' ? everyInterface(place) : [];
}
