// Where a realm is: what we hold ourselves, else what a common ancestor's relay says (nearest first), else the enterprise's
// DHT, else what we knew last.
import type { Connection } from '@libp2p/interface';
import { multiaddr } from '@multiformats/multiaddr';
import type { Clock } from '../../realm/clock.ts';
import { codeOf, UnreachableError } from '../../realm/errors.ts';
import type { Log } from '../../realm/log.ts';
import { isWithin, type RealmName } from '../../realm/names.ts';
import type { Ancestor } from '../links/links.ts';
import { find } from './locate/client.ts';
import { type ChainCheck, type CheckedRecord, openRecord, type RelayAddresses } from './record.ts';
import { type RecordStore, relaysOf } from './record-store.ts';

const MAX_REMEMBERED = 1024;
const ASK_TIMEOUT = 2_000;

export interface Located {
  readonly realm: RealmName;
  readonly relays: readonly RelayAddresses[];
  /** Peer id to the IP address at which an ancestor sees that relay. */
  readonly observed: ReadonlyMap<string, string>;
}

/** A second place to ask, when ancestors are down. @returns record bytes, best last */
export type RecordSource = (realm: RealmName, signal: AbortSignal) => Promise<readonly Uint8Array[]>;

export interface LocatorComponents {
  readonly realm: RealmName;
  readonly ancestors: () => readonly Ancestor[];
  readonly store: RecordStore;
  readonly checkChain: ChainCheck;
  /** The best connection to an ancestor's relay, if there is one. */
  readonly connectionTo: (realm: RealmName) => Connection | undefined;
  readonly dht: RecordSource | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

export class Locator {
  readonly #components: LocatorComponents;
  readonly #last = new Map<RealmName, Located>();

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

  #known(realm: RealmName): Located | undefined {
    const records = this.#components.store.get(realm);
    if (records.length > 0) return { realm, relays: relaysOf(records), observed: new Map() };
    const ancestor = this.#components.ancestors().find((one) => one.realm === realm);
    return ancestor && { realm, relays: ancestor.relays.flatMap(relayOf), observed: new Map() };
  }

  async #askAncestors(realm: RealmName, signal: AbortSignal): Promise<Located | undefined> {
    const common = this.#components.ancestors().filter((one) => isWithin(realm, one.realm));
    for (const ancestor of common.toSorted((a, b) => b.realm.length - a.realm.length)) {
      const connection = this.#components.connectionTo(ancestor.realm);
      if (!connection) continue;
      try {
        const limit = AbortSignal.any([signal, AbortSignal.timeout(ASK_TIMEOUT)]);
        const reply = await find(connection, { kind: 'find', realm }, limit);
        const records = await this.#open(reply.records, realm);
        if (records.length === 0) continue;
        const observed = new Map(reply.observed.map(({ peerId, host }) => [peerId, host]));
        return { realm, relays: relaysOf(records), observed };
      } catch (error) {
        this.#components.log.debug(
          { ancestor: ancestor.realm, realm, code: codeOf(error) },
          'ancestor could not locate',
        );
      }
    }
    return undefined;
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
