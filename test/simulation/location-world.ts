// Location alone, for many realms: the real Announcer, Locator and LocateServer of each realm's relay, over ways that cost a
// delay. It tells what announcing and finding cost, and whether everybody finds whom they may find. Signatures of records are
// the STAND-INS of identity.ts.
import { peerIdOfKey } from '../../src/overlay/identity.ts';
import { Announcer } from '../../src/overlay/location/announcer.ts';
import { LocateServer } from '../../src/overlay/location/locate/server.ts';
import type { LocateWay } from '../../src/overlay/location/locate/way.ts';
import { Locator } from '../../src/overlay/location/locator.ts';
import type { ChainCheck, RecordSigner } from '../../src/overlay/location/record.ts';
import { RecordStore, relaysOf } from '../../src/overlay/location/record-store.ts';
import { Shares } from '../../src/overlay/shares/shares.ts';
import { StunServers } from '../../src/overlay/stun/servers.ts';
import { sleep } from '../../src/realm/clock.ts';
import { silentLog } from '../../src/realm/log.ts';
import { ancestorsOf, parentOf, parseRealmName, type RealmName } from '../../src/realm/names.ts';
import { SimulatedClock } from './clock.ts';
import { fits, identityOf, standIn } from './identity.ts';
import { realmsOf } from './population.ts';
import { oneOf, type Random, randomFor } from './random.ts';
import { Terrain } from './terrain.ts';

export interface LocationCost {
  readonly realms: number;
  /** Requests and replies, and their bytes, of one realm in an hour on average. */
  readonly messages: number;
  readonly bytes: number;
  /** Records that a relay holds: on average, and the region's. */
  readonly records: number;
  readonly most: number;
  readonly found: number;
  readonly asked: number;
}

interface Relay {
  readonly realm: RealmName;
  readonly peerId: string;
  readonly host: string;
  readonly store: RecordStore;
  readonly locator: Locator;
  readonly announcer: Announcer;
  readonly server: LocateServer;
}

const HOUR = 3_600_000;
/** Searches of each realm in an hour. */
const SEARCHES = 4;
const ALWAYS = new AbortController().signal;

const checkChain: ChainCheck = async ([name = new Uint8Array(), publicKey = new Uint8Array()]) => ({
  realm: parseRealmName(new TextDecoder().decode(name)),
  role: 'relay',
  publicKey,
  verify: (data, signature) => fits(publicKey, data, signature),
});

/** An hour in which every relay announces itself, and looks for others of its house. */
export async function locateForAnHour(seed: number, count: number): Promise<LocationCost> {
  const world = new LocationWorld(seed, count);
  await world.run();
  return world.cost();
}

class LocationWorld {
  readonly #clock = new SimulatedClock();
  readonly #terrain: Terrain;
  readonly #random: Random;
  readonly #relays = new Map<RealmName, Relay>();
  readonly #hosts = new Map<string, string>();
  #messages = 0;
  #bytes = 0;
  #asked = 0;
  #found = 0;

  constructor(seed: number, count: number) {
    this.#terrain = new Terrain({ seed, loss: 0 });
    this.#random = randomFor(seed, 'location');
    for (const [index, { realm }] of realmsOf(count).entries()) this.#relays.set(realm, this.#relay(realm, index));
  }

  async run(): Promise<void> {
    for (const { announcer } of this.#relays.values()) {
      this.#clock.after(this.#random() * 60_000, () => void announcer.start());
    }
    const all = [...this.#relays.values()];
    for (let n = 0; n < SEARCHES * all.length; n++) {
      const [from, to] = [oneOf(this.#random, all), oneOf(this.#random, all)];
      this.#clock.after(HOUR / 4 + this.#random() * (HOUR / 2), () => void this.#search(from, to.realm));
    }
    await this.#clock.runUntil(HOUR);
  }

  cost(): LocationCost {
    const realms = this.#relays.size;
    const held = [...this.#relays.values()].map(({ store }) => store.size);
    return {
      realms,
      messages: this.#messages / realms,
      bytes: this.#bytes / realms,
      records: held.reduce((sum, size) => sum + size, 0) / realms,
      most: Math.max(...held),
      found: this.#found,
      asked: this.#asked,
    };
  }

  /** Of the own house, or above or below: others are nobody's business. */
  async #search(from: Relay, to: RealmName): Promise<void> {
    const isKin = parentOf(from.realm) === parentOf(to) || ancestorsOf(from.realm).includes(to);
    if (!isKin || from.realm === to) return;
    this.#asked++;
    const located = await from.locator.locate(to, ALWAYS).catch(() => undefined);
    if (located?.relays.some(({ peerId }) => peerId === this.#relays.get(to)?.peerId)) this.#found++;
  }

  #relay(realm: RealmName, index: number): Relay {
    const clock = this.#clock;
    const { publicKey } = identityOf(realm);
    const peerId = peerIdOfKey(publicKey);
    const host = `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`;
    this.#hosts.set(peerId, host);
    const store = new RecordStore(clock);
    const above = ancestorsOf(realm);
    const waysTo = (name: RealmName) => this.#waysTo({ realm, peerId, host }, name);
    const ancestors = () => above.map((name) => ({ realm: name, relays: [] }));
    const shared = { realm, store, checkChain, clock, log: silentLog };
    const locator = new Locator({ ...shared, ancestors, fellows: [], waysTo, dht: undefined });
    const signer: RecordSigner = {
      privateKey: new Uint8Array(),
      chain: [new TextEncoder().encode(realm), publicKey],
      sign: (data) => standIn(publicKey, data),
    };
    const announcer = new Announcer({
      ...shared,
      peerId,
      addresses: () => [{ host, port: '4443', text: `/ip4/${host}/tcp/4443` }],
      signer,
      stun: new StunServers(),
      audience: () => above.flatMap((name) => waysTo(name).map((way) => ({ realm: name, way }))),
      fellows: () => relaysOf(store.get(realm)),
      publish: undefined,
      onNoted: (name, way) => void locator.refresh(name, way),
      onMoved: () => {},
    });
    const seen = (ids: ReadonlySet<string>) => this.#seen(ids);
    const server = new LocateServer(
      { ...shared, seen, shares: new Shares(realm, clock) },
      { realm, stun: () => [':3478'], ownRecord: () => announcer.record },
    );
    return { realm, peerId, host, store, locator, announcer, server };
  }

  #waysTo(asker: Pick<Relay, 'realm' | 'peerId' | 'host'>, name: RealmName): LocateWay[] {
    const target = this.#relays.get(name);
    if (!target) return [];
    const pass = async (bytes: number, signal: AbortSignal) => {
      this.#messages++;
      this.#bytes += bytes;
      await sleep(this.#clock, this.#terrain.delay(asker.realm, name, undefined, bytes), signal);
    };
    const ask = async (request: Uint8Array, signal: AbortSignal) => {
      await pass(request.length, signal);
      const reply = await target.server.answer(request, { ...asker, role: 'relay' });
      await pass(reply.length, signal);
      return reply;
    };
    return [{ peerId: target.peerId, host: target.host, ask }];
  }

  #seen(ids: ReadonlySet<string>): { peerId: string; host: string }[] {
    return [...ids].flatMap((peerId) => {
      const host = this.#hosts.get(peerId);
      return host === undefined ? [] : [{ peerId, host }];
    });
  }
}
