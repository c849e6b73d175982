// Where a realm is: what we hold ourselves, else what a common ancestor's relay says (nearest first), else the enterprise's
// DHT, else what we knew last.
import { multiaddr } from '@multiformats/multiaddr';
import type { Clock } from '../../realm/clock.ts';
import { within } from '../../realm/deadline.ts';
import { codeOf, UnreachableError } from '../../realm/errors.ts';
import type { Log } from '../../realm/log.ts';
import { isWithin, type RealmName } from '../../realm/names.ts';
import type { Ancestor } from '../links/links.ts';
import { find } from './locate/client.ts';
import type { Observed } from './locate/codec.ts';
import type { LocateWay } from './locate/way.ts';
import { type ChainCheck, type CheckedRecord, openRecord, type RelayAddresses } from './record.ts';
import { mergeRelays, type RecordStore, relaysOf } from './record-store.ts';

const MAX_REMEMBERED = 1024;
const ASK_TIMEOUT = 2_000;

export interface Located {
  readonly realm: RealmName;
  readonly relays: readonly RelayAddresses[];
  /** Peer id to the IP addresses at which an ancestor sees that relay. */
  readonly observed: ReadonlyMap<string, readonly string[]>;
}

/** A second place to ask, when ancestors are down. @returns record bytes, best last */
export type RecordSource = (realm: RealmName, signal: AbortSignal) => Promise<readonly Uint8Array[]>;

export interface LocatorComponents {
  readonly realm: RealmName;
  readonly ancestors: () => readonly Ancestor[];
  readonly store: RecordStore;
  readonly checkChain: ChainCheck;
  /** Relays of our own realm beside this one, as far as the settings name them (multiaddrs with peer ids). */
  readonly fellows: readonly string[];
  /** Told of the relays that a realm above turns out to have. */
  readonly onLearnt?: (realm: RealmName, relays: readonly RelayAddresses[]) => void;
  /** The ways to a realm's relays, the best first. */
  readonly waysTo: (realm: RealmName) => readonly LocateWay[];
  readonly dht: RecordSource | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

export class Locator {
  readonly #components: LocatorComponents;
  readonly #last = new Map<RealmName, Located>();
  /** What an ancestor says of its own relays and of ours beside this one; few realms. */
  readonly #learnt = new Map<RealmName, readonly RelayAddresses[]>();

  constructor(components: LocatorComponents) {
    this.#components = components;
  }

  /** @throws UnreachableError `not-located` */
  async locate(realm: RealmName, signal: AbortSignal): Promise<Located> {
    const located =
      this.#known(realm) ?? (await this.#askAncestors(realm, signal)) ?? (await this.#askDht(realm, signal));
    if (located) {
      this.#remember(located);
      return located;
    }
    const last = this.#last.get(realm);
    if (last) return last;
    throw new UnreachableError('not-located', `nobody knows where ${realm} is`, {
      hint: 'Its relay has not announced itself to a common ancestor; is it running?',
    });
  }

  /** What is known of a realm without asking anybody now. */
  remembered(realm: RealmName): Located | undefined {
    return this.#known(realm) ?? this.#last.get(realm);
  }

  /** Asks this ancestor's relay for the relays of its realm, or of ours. Never rejects. */
  async refresh(realm: RealmName, way: LocateWay): Promise<void> {
    const located = await this.#ask(way, realm, new AbortController().signal);
    if (!located) return;
    this.#learnt.set(realm, located.relays);
    if (realm !== this.#components.realm) this.#components.onLearnt?.(realm, located.relays);
  }

  #known(realm: RealmName): Located | undefined {
    const records = this.#components.store.get(realm);
    const settings = this.#settings(realm);
    if (records.length === 0 && !settings) return undefined;
    // The settings first: what is told of a relay by another one of its realm must not stand before what its own token said.
    const told = [...(settings ?? []).flatMap(relayOf), ...relaysOf(records), ...(this.#learnt.get(realm) ?? [])];
    return { realm, relays: mergeRelays(told), observed: new Map() };
  }

  /** Relays of the realms above, and of our own, whose addresses the settings hold. */
  #settings(realm: RealmName): readonly string[] | undefined {
    if (realm === this.#components.realm) return this.#components.fellows;
    return this.#components.ancestors().find((one) => one.realm === realm)?.relays;
  }

  async #askAncestors(realm: RealmName, signal: AbortSignal): Promise<Located | undefined> {
    const common = this.#components.ancestors().filter((one) => isWithin(realm, one.realm));
    for (const ancestor of common.toSorted((a, b) => b.realm.length - a.realm.length)) {
      for (const way of this.#components.waysTo(ancestor.realm)) {
        const located = await this.#ask(way, realm, signal);
        if (located) return located;
      }
    }
    return undefined;
  }

  /** Undefined when it does not know, or does not answer. */
  async #ask(way: LocateWay, realm: RealmName, signal: AbortSignal): Promise<Located | undefined> {
    try {
      const asking = (limit: AbortSignal) => find(way, { kind: 'find', realm }, limit);
      const reply = await within(this.#components.clock, ASK_TIMEOUT, 'answer to a search', signal, asking);
      const records = await this.#open(reply.records, realm);
      if (records.length === 0) return undefined;
      return { realm, relays: relaysOf(records), observed: byPeer(reply.observed) };
    } catch (error) {
      this.#components.log.debug({ peer: way.peerId, realm, code: codeOf(error) }, 'ancestor could not locate');
      return undefined;
    }
  }

  async #askDht(realm: RealmName, signal: AbortSignal): Promise<Located | undefined> {
    if (!this.#components.dht) return undefined;
    try {
      const records = await this.#open(await this.#components.dht(realm, signal), realm);
      return records.length === 0 ? undefined : { realm, relays: relaysOf(records), observed: new Map() };
    } catch (error) {
      this.#components.log.debug({ realm, code: codeOf(error) }, 'dht could not locate');
      return undefined;
    }
  }

  /** Ancestors and the DHT only carry records: each is checked anew. */
  async #open(all: readonly Uint8Array[], realm: RealmName): Promise<CheckedRecord[]> {
    const opened = await Promise.allSettled(
      all.map((bytes) => openRecord(bytes, this.#components.checkChain, this.#components.clock.now())),
    );
    return opened.flatMap((one) => (one.status === 'fulfilled' && one.value.realm === realm ? [one.value] : []));
  }

  #remember(located: Located): void {
    const [oldest] = this.#last.keys();
    if (this.#last.size >= MAX_REMEMBERED && oldest !== undefined) this.#last.delete(oldest);
    this.#last.delete(located.realm);
    this.#last.set(located.realm, located);
  }
}

/** A multiaddr that ends in `/p2p/<peer id>`, as its two halves. */
export function relayOf(address: string): RelayAddresses[] {
  const peerId = multiaddr(address)
    .getComponents()
    .findLast(({ name }) => name === 'p2p')?.value;
  return peerId === undefined ? [] : [{ peerId, addrs: [address.slice(0, -`/p2p/${peerId}`.length)] }];
}

function byPeer(all: readonly Observed[]): Map<string, string[]> {
  const hosts = new Map<string, string[]>();
  for (const { peerId, host } of all) hosts.set(peerId, [...(hosts.get(peerId) ?? []), host]);
  return hosts;
}
