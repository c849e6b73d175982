// Which kind of router stands before us, by what several STUN servers see of one and the same local port (RFC 5780 section 4.3,
// the part about mapping): two different outer ports mean that nobody else can foresee the third. Asked over UDP and over
// TCP, for IPv4 and for IPv6, since a router may treat each in its own way.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Clock } from '../../realm/clock.ts';
import { askTcp, askUdp } from './client.ts';
import { canonicalIp, isHostAddress, isPrivateAddress } from './ip-address.ts';
import type { Endpoint } from './message.ts';

export type NatMapping = 'none' | 'cone' | 'symmetric' | 'unknown';

/** What one server sees; undefined where it did not answer. */
export interface ServerView {
  readonly server: Endpoint;
  readonly udp: Endpoint | undefined;
  readonly tcp: Endpoint | undefined;
}

export interface NatView {
  /** `symmetric` as soon as either protocol is; IPv4 where there is any, else IPv6. */
  readonly kind: NatMapping;
  readonly udp: NatMapping;
  readonly tcp: NatMapping;
  readonly servers: readonly ServerView[];
  /** Each server answers over TCP, and none over UDP; undefined when none answers at all. */
  readonly isUdpBlocked: boolean | undefined;
  /** A public IPv6 address on this host, and whether a server has been reached from it (undefined: none to ask). */
  readonly ipv6: { readonly hasAddress: boolean; readonly works: boolean | undefined };
}

/** One protocol's answers, and the local port that all of them saw. */
interface Seen {
  readonly localPort: number;
  readonly outer: ReadonlyMap<Endpoint, Endpoint>;
}

const NOTHING: Seen = { localPort: 0, outer: new Map() };
const isSix = ({ host }: Endpoint): boolean => host.includes(':');

export async function viewNat(servers: readonly Endpoint[], clock: Clock, signal: AbortSignal): Promise<NatView> {
  const four = servers.filter((server) => !isSix(server));
  const six = servers.filter(isSix);
  const [udp4, udp6, tcp4, tcp6] = await Promise.all([
    seenOverUdp(four, 'udp4', clock, signal),
    seenOverUdp(six, 'udp6', clock, signal),
    seenOverTcp(four, signal),
    seenOverTcp(six, signal),
  ]);
  const [udp, tcp] = four.length > 0 ? [judge(udp4), judge(tcp4)] : [judge(udp6), judge(tcp6)];
  const views = [
    ...four.map((server) => viewOf(server, udp4, tcp4)),
    ...six.map((server) => viewOf(server, udp6, tcp6)),
  ];
  return {
    kind: worse(udp, tcp),
    udp,
    tcp,
    servers: views,
    isUdpBlocked: isUdpBlocked(views),
    ipv6: { hasAddress: hasPublicSix(), works: six.length === 0 ? undefined : udp6.outer.size + tcp6.outer.size > 0 },
  };
}

/** All from one port at once. */
async function seenOverUdp(
  servers: readonly Endpoint[],
  family: 'udp4' | 'udp6',
  clock: Clock,
  signal: AbortSignal,
): Promise<Seen> {
  if (servers.length === 0) return NOTHING;
  const socket = createSocket(family);
  try {
    socket.bind(0);
    await once(socket, 'listening', { signal });
    socket.setMaxListeners(servers.length * 2 + 2);
    const ask = async (server: Endpoint) => [server, await askUdp(server, clock, signal, socket)] as const;
    return { localPort: socket.address().port, outer: new Map(fulfilled(await Promise.allSettled(servers.map(ask)))) };
  } finally {
    socket.close();
  }
}

/** The first from a free port, the others from the same one. */
async function seenOverTcp(servers: readonly Endpoint[], signal: AbortSignal): Promise<Seen> {
  const outer = new Map<Endpoint, Endpoint>();
  const sockets: Socket[] = [];
  let localPort = 0;
  const ask = async (server: Endpoint): Promise<void> => {
    const answer = await askTcp(server, localPort, signal);
    localPort = answer.localPort;
    sockets.push(answer.socket);
    outer.set(server, answer.outer);
  };
  const [first, ...rest] = servers;
  try {
    if (first) await ask(first).catch(() => {});
    await Promise.allSettled(localPort === 0 ? [] : rest.map(ask));
    for (const server of localPort === 0 ? rest : []) await ask(server).catch(() => {});
    return { localPort, outer };
  } finally {
    for (const socket of sockets) socket.destroy();
  }
}

function fulfilled<T>(results: readonly PromiseSettledResult<T>[]): T[] {
  return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}

function judge({ localPort, outer }: Seen): NatMapping {
  const seen = [...outer.values()];
  const [first] = seen;
  if (!first) return 'unknown';
  if (first.port === localPort && isOwn(first.host)) return 'none';
  if (seen.some(({ host, port }) => host !== first.host || port !== first.port)) return 'symmetric';
  return seen.length > 1 ? 'cone' : 'unknown';
}

function worse(udp: NatMapping, tcp: NatMapping): NatMapping {
  const order: readonly NatMapping[] = ['symmetric', 'cone', 'none', 'unknown'];
  return order.find((kind) => kind === udp || kind === tcp) ?? 'unknown';
}

function viewOf(server: Endpoint, udp: Seen, tcp: Seen): ServerView {
  return { server, udp: udp.outer.get(server), tcp: tcp.outer.get(server) };
}

function isUdpBlocked(views: readonly ServerView[]): boolean | undefined {
  if (views.some(({ udp }) => udp !== undefined)) return false;
  return views.some(({ tcp }) => tcp !== undefined) ? true : undefined;
}

function ownAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return all.map(({ address }) => canonicalIp(address));
}

function isOwn(host: string): boolean {
  return ownAddresses().includes(host);
}

function hasPublicSix(): boolean {
  return ownAddresses().some((host) => host.includes(':') && isHostAddress(host) && !isPrivateAddress(host));
}
