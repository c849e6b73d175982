// A relay's place in the private table of its house (src/overlay/location/dht.ts): the enterprise for itself and for its branches,
// the region for itself and the branches right below it. Only admitted relays of that house are in it.
import type { KadDHT, KadDHTComponents } from '@libp2p/kad-dht';
import type { Admissions } from '../src/overlay/admission/admissions.ts';
import type { Identity } from '../src/overlay/identity.ts';
import { enterpriseDht, type LocationDht, locationDht } from '../src/overlay/location/dht.ts';
import type { ChainCheck } from '../src/overlay/location/record.ts';
import { houseOf, sharesTable } from '../src/overlay/scope.ts';
import type { Clock } from '../src/realm/clock.ts';
import type { Log } from '../src/realm/log.ts';

export interface HouseTableComponents {
  readonly identity: Identity;
  readonly admissions: () => Admissions;
  readonly checkChain: ChainCheck;
  readonly clock: Clock;
  readonly log: Log;
}

/** Services of a host are not typed to each other. */
type HostParts = Omit<KadDHTComponents, 'ping'> & { readonly ping?: unknown };

function hasPing(components: HostParts): components is KadDHTComponents {
  return components.ping !== undefined;
}

export class HouseTable {
  readonly #components: HouseTableComponents;
  #dht: KadDHT | undefined;

  constructor(components: HouseTableComponents) {
    this.#components = components;
  }

  /** For the host's `services`; identify and ping must stand before it. */
  service(): (components: HostParts) => KadDHT {
    const { identity, checkChain, clock } = this.#components;
    const mayHold = (peerId: string): boolean => this.#mayHold(peerId);
    const create = enterpriseDht({ enterprise: houseOf(identity), mayHold, checkChain, clock });
    return (components) => {
      if (!hasPing(components)) throw new Error('the table of a relay needs ping beside it');
      this.#dht = create(components);
      return this.#dht;
    };
  }

  /** For the links. */
  location(): LocationDht {
    const { identity, clock, log } = this.#components;
    return locationDht(() => this.#present(), identity.realm, { clock, log });
  }

  /** Connected relays that share it. */
  get size(): number {
    const { identity, admissions } = this.#components;
    return admissions()
      .peers()
      .filter((peer) => sharesTable(identity, peer)).length;
  }

  /** Who is not connected yet is judged when he is. */
  #mayHold(peerId: string): boolean {
    const peer = this.#components.admissions().get(peerId);
    return !peer || sharesTable(this.#components.identity, peer);
  }

  #present(): KadDHT {
    if (!this.#dht) throw new Error('the table of a relay is used before its host was made');
    return this.#dht;
  }
}
