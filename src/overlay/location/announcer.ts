// Tells each ancestor's relay, and each other relay of our own realm, again and again, where this relay is, and learns in
// return how we look from there and which STUN servers that ancestor has.
import { isIP } from 'node:net';
import type { Clock, Timer } from '../../realm/clock.ts';
import { within } from '../../realm/deadline.ts';
import { codeOf, messageOf } from '../../realm/errors.ts';
import type { Log } from '../../realm/log.ts';
import type { RealmName } from '../../realm/names.ts';
import { canonicalIp, isHostAddress } from '../stun/ip-address.ts';
import type { Endpoint } from '../stun/message.ts';
import { parseEndpoint, type StunServers } from '../stun/servers.ts';
import { announce } from './locate/client.ts';
import type { LocateWay } from './locate/way.ts';
import type { PlainAddress } from './plain-address.ts';
import { MAX_ADDRESSES, MAX_RELAYS, type RecordSigner, type RelayAddresses, signRecord } from './record.ts';

const INTERVAL = 60_000;
/** After the first time: relays that start together, as after a power cut, were not all there to be told. */
const SECOND = 5_000;
const LIFETIME = 20 * 60_000;
const ANNOUNCE_TIMEOUT = 4_000;
/** Relays that tell us where they see us: four of each of a few ancestors. */
const MAX_OBSERVERS = 32;

export interface AnnouncerComponents {
  readonly peerId: string;
  /** Where this relay listens for plain TCP, as far as it knows. */
  readonly addresses: () => readonly PlainAddress[];
  readonly realm: RealmName;
  readonly signer: RecordSigner;
  readonly stun: StunServers;
  /** The present way to each ancestor's relay, and to each other relay of our own realm. */
  readonly audience: () => readonly { readonly realm: RealmName; readonly way: LocateWay }[];
  /** Addresses at which STUN servers see this host, over either family. */
  readonly outer?: () => readonly string[];
  /** Whether a host that others named may be connected to; any that is no place of our own host or link when absent. */
  readonly reach?: (host: string) => boolean;
  /** Places of the router that are mapped to this relay. */
  readonly mapped?: () => readonly Endpoint[];
  /** The relays of our realm beside this one, as they have announced themselves. */
  readonly fellows: () => readonly RelayAddresses[];
  /** Puts the record where it is found when ancestors are down. */
  readonly publish: ((record: Uint8Array) => void) | undefined;
  /** An ancestor's relay has taken the record. */
  readonly onNoted: (realm: RealmName, way: LocateWay) => void;
  /** The address at which ancestors see us is another one than before. */
  readonly onMoved: () => void;
  readonly clock: Clock;
  readonly log: Log;
}

export class Announcer {
  readonly #components: AnnouncerComponents;
  readonly #incarnation: number;
  /** Peer id of an ancestor's relay to the address at which it sees us, and when it last said so; the oldest first. */
  readonly #observed = new Map<string, { readonly host: string; readonly at: number }>();
  #sequence = 0;
  #record: Uint8Array | undefined;
  #timer: Timer | undefined;
  #rounds = 0;
  #stopping = new AbortController();

  constructor(components: AnnouncerComponents) {
    this.#components = components;
    // A relay keeps nothing on disk: the time of its start tells its records from those of an earlier run.
    this.#incarnation = components.clock.now();
  }

  /** Our record as last signed. */
  get record(): Uint8Array | undefined {
    return this.#record;
  }

  async start(): Promise<void> {
    if (this.#stopping.signal.aborted) this.#stopping = new AbortController();
    await this.announceAll();
  }

  stop(): void {
    this.#stopping.abort(new Error('The relay is stopping'));
    this.#timer?.cancel();
  }

  /** Now, once more soon, and from then on each minute. */
  async announceAll(): Promise<void> {
    this.#timer?.cancel();
    if (this.#stopping.signal.aborted) return;
    this.#timer = this.#components.clock.after(this.#rounds++ === 0 ? SECOND : INTERVAL, () => void this.announceAll());
    const record = await this.#sign();
    await Promise.all(this.#components.audience().map((one) => this.#announce(one.realm, one.way, record)));
    this.#components.publish?.(record);
  }

  async announceTo(realm: RealmName, way: LocateWay): Promise<void> {
    if (!this.#stopping.signal.aborted) await this.#announce(realm, way, this.#record ?? (await this.#sign()));
  }

  /** @param again the record has a new address that this very ancestor told us: it is asked no further now */
  async #announce(realm: RealmName, way: LocateWay, record: Uint8Array, again = false): Promise<void> {
    try {
      const { clock } = this.#components;
      const telling = (limit: AbortSignal) => announce(way, record, limit);
      const reply = await within(clock, ANNOUNCE_TIMEOUT, 'answer', this.#stopping.signal, telling);
      // Another relay of our own realm stands where we do: what it sees is not our outer address.
      if (realm === this.#components.realm) return;
      this.#components.stun.set(way.peerId, stunServers(reply.stun, way.host, this.#components.reach));
      this.#components.onNoted(realm, way);
      if (!again) await this.#seen(realm, reply.host, way);
    } catch (error) {
      this.#components.log.debug(
        { ancestor: realm, code: codeOf(error), reason: messageOf(error) },
        'announcement failed',
      );
    }
  }

  /** A new outer address is worth a new record at once, with that address in it. */
  async #seen(realm: RealmName, host: string, way: LocateWay): Promise<void> {
    const before = this.#observed.get(way.peerId)?.host;
    // One record serves for all: what no address can be would make it worthless everywhere.
    if (isIP(host) === 0 || !(isHostAddress(host) || isLoopback(host))) return;
    this.#note(way.peerId, canonicalIp(host));
    if (canonicalIp(host) === before) return;
    if (before !== undefined) this.#components.onMoved();
    await this.#announce(realm, way, await this.#sign(), true);
  }

  /** Relays come and go: of one that is no more the word holds as long as the record that it stood in, and a few are enough. */
  #note(peerId: string, host: string): void {
    const at = this.#components.clock.monotonic();
    this.#observed.delete(peerId);
    this.#observed.set(peerId, { host, at });
    for (const [other, said] of this.#observed) {
      if (this.#observed.size <= MAX_OBSERVERS && at - said.at < LIFETIME) return;
      this.#observed.delete(other);
    }
  }

  async #sign(): Promise<Uint8Array> {
    const { clock, peerId: own, realm, signer, fellows } = this.#components;
    const self = { peerId: own, addrs: this.#addresses() };
    const relays = [self, ...fellows().filter(({ peerId }) => peerId !== self.peerId)].slice(0, MAX_RELAYS);
    const expires = clock.now() + LIFETIME;
    const record = { realm, relays, incarnation: this.#incarnation, sequence: ++this.#sequence, expires };
    this.#record = await signRecord(record, signer);
    return this.#record;
  }

  /** Where a router hands on to us, ours as announced, and our port at the addresses where we are seen: it may be forwarded. */
  #addresses(): string[] {
    const plain = this.#components.addresses();
    const { outer, mapped } = this.#components;
    const byStun = (outer?.() ?? []).filter((host) => isHostAddress(host) || isLoopback(host));
    const seen = [...new Set([...[...this.#observed.values()].map(({ host }) => host), ...byStun])];
    const ports = [...new Set(plain.map(({ port }) => port))];
    const behind = seen.flatMap((host) => ports.map((port) => tcpAddress(host, port)));
    const given = (mapped?.() ?? []).map(({ host, port }) => tcpAddress(host, port));
    const onlyLocal = seen.every(isLoopback);
    const own = plain.filter(({ host }) => (isLoopback(host) ? onlyLocal : isHostAddress(host)));
    return [...new Set([...given, ...own.map(({ text }) => text), ...behind])].slice(0, MAX_ADDRESSES);
  }
}

function tcpAddress(host: string, port: string | number): string {
  return `/${host.includes(':') ? 'ip6' : 'ip4'}/${host}/tcp/${port}`;
}

function isLoopback(host: string): boolean {
  return host.startsWith('127.') || host === '::1';
}

/**
 * `:PORT` is a port of the host at which we reach the ancestor. We knock at what it names, so it can't be a place of our own host or
 * link or of a private network that is none of ours, but where the ancestor itself is there.
 */
function stunServers(
  texts: readonly string[],
  reachedAt: string | undefined,
  reach: (host: string) => boolean = isHostAddress,
): Endpoint[] {
  return texts.flatMap((text) => {
    const host = reachedAt?.includes(':') ? `[${reachedAt}]` : reachedAt;
    const server = parseEndpoint(text.startsWith(':') && host !== undefined ? `${host}${text}` : text);
    return server && (server.host === reachedAt || (isHostAddress(server.host) && reach(server.host))) ? [server] : [];
  });
}
