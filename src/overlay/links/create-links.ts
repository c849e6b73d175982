// Puts a relay's links together.
import type { Logger } from '@libp2p/interface';
import type { Multiaddr } from '@multiformats/multiaddr';
import type { Clock } from '../../realm/clock.ts';
import type { Log } from '../../realm/log.ts';
import type { RealmName } from '../../realm/names.ts';
import type { Charter } from '../charter.ts';
import { Announcer } from '../location/announcer.ts';
import { LocateService, seenBy, wayOver } from '../location/locate/over-libp2p.ts';
import { LocateServer } from '../location/locate/server.ts';
import type { LocateWay } from '../location/locate/way.ts';
import { Locator, type RecordSource } from '../location/locator.ts';
import { plainAddressesOf } from '../location/plain-address.ts';
import type { ChainCheck, RecordSigner, RelayAddresses } from '../location/record.ts';
import { RecordStore, relaysOf } from '../location/record-store.ts';
import type { Shares } from '../shares/shares.ts';
import type { Endpoint } from '../stun/message.ts';
import { NatWatch } from '../stun/nat-watch.ts';
import type { StunServers } from '../stun/servers.ts';
import { Connections } from './connections.ts';
import { mayReach, type Near } from './dialable.ts';
import { Driver } from './driver.ts';
import type { HostInternals } from './host-internals.ts';
import type { LinkEnd } from './link.ts';
import { type Ancestor, type LinkAdmissions, type Links, type PunchWay } from './links.ts';
import { LivenessServer } from './liveness.ts';
import { ignoreOddAddresses } from './odd-addresses.ts';
import type { HoleComponents } from './punch/hole.ts';
import { PunchServer } from './punch/server.ts';
import { RelayLinks } from './relay-links.ts';
import { ReservationWatchdog } from './reservations.ts';

export interface LinksComponents {
  readonly host: HostInternals;
  readonly realm: RealmName;
  /** The relay's own leaf: it signs the realm's location records. */
  readonly signer: RecordSigner;
  readonly admissions: LinkAdmissions;
  readonly checkChain: ChainCheck;
  readonly ancestors: () => readonly Ancestor[];
  /** Absent: no trusts. */
  readonly charter?: Pick<Charter, 'arePartners'>;
  /** Other relays of our own realm that the settings name (multiaddrs with peer ids); more of them announce themselves. */
  readonly fellows?: readonly string[];
  /** Told of the relays that a realm above turns out to have. */
  readonly onLearnt?: (realm: RealmName, relays: readonly RelayAddresses[]) => void;
  /** Shared with the WebRTC transport, which asks the same servers. */
  readonly stun: StunServers;
  /** The enterprise's DHT: location/dht.ts. */
  readonly dht?: { readonly find: RecordSource; readonly publish: (record: Uint8Array) => void };
  readonly shares: Shares;
  readonly clock: Clock;
  readonly log: Log;
  readonly logger: Logger;
}

export interface LinksInit {
  readonly punch: readonly PunchWay[];
  readonly near: Near;
  /** Our own STUN servers as others reach them, `HOST:PORT` or `:PORT` for a port of the host they reach us at. */
  readonly stun: () => readonly string[];
  /** Places of the router that are mapped to this relay (port-mapping). */
  readonly mapped?: () => readonly Endpoint[];
}

export function createLinks(components: LinksComponents, init: LinksInit): Links {
  const { host, realm, ancestors, clock, log } = components;
  const parts = createParts(components, init);
  const { connections, store, nat } = parts;
  const announcer = createAnnouncer(components, init, parts, () => links.renewAll());
  const reservations = new ReservationWatchdog({ host, connections, ancestors, clock, log });
  const locate = new LocateServer(
    { ...components, seen: seenBy(host, components.admissions), store },
    { realm, stun: init.stun, ownRecord: () => announcer.record },
  );
  const punch = createPunchServer(components, init, parts, (end) => links.hurry(end));
  const services = [new LivenessServer(host.registrar, clock), new LocateService(components, locate), punch, nat];
  const links: RelayLinks = new RelayLinks({ ...components, ...parts, announcer, reservations, services }, init.punch);
  return links;
}

/** What several of the others use. */
interface Parts {
  readonly connections: Connections;
  readonly store: RecordStore;
  readonly locator: Locator;
  readonly driver: Driver;
  readonly hole: HoleComponents;
  readonly nat: NatWatch;
}

function createParts(components: LinksComponents, init: LinksInit): Parts {
  const { host, ancestors, shares, clock, log, stun, dht, fellows = [] } = components;
  ignoreOddAddresses(host.addressManager);
  const connections = new Connections(host.peerId.toString(), clock);
  const store = new RecordStore(clock);
  const waysTo = (name: RealmName) => connections.ways(name).map(({ connection }) => wayOver(connection));
  const locator = new Locator({ ...components, fellows, store, waysTo, dht: dht?.find });
  const rules = () => ({ own: ownAddresses(host), near: init.near });
  const reach = (name: string) => mayReach(name, rules());
  const hole = { host, stun, reach, clock, logger: components.logger };
  const driver = new Driver({ host, connections, locator, ancestors, fellows, rules, hole, shares, clock, log });
  return { connections, store, locator, driver, hole, nat: new NatWatch({ stun, clock, log }) };
}

function createAnnouncer(
  components: LinksComponents,
  init: LinksInit,
  { connections, store, locator, hole, nat }: Parts,
  onMoved: () => void,
): Announcer {
  const { host, realm, ancestors, dht } = components;
  const own = host.peerId.toString();
  return new Announcer({
    ...components,
    peerId: own,
    addresses: () => plainAddressesOf(host),
    audience: () =>
      [realm, ...ancestors().map((one) => one.realm)]
        .flatMap((name) => connections.ways(name))
        .map((tracked) => ({ realm: tracked.realm, way: wayOver(tracked.connection) })),
    fellows: () => relaysOf(store.get(realm)).filter(({ peerId }) => peerId !== own),
    outer: () => nat.outer,
    reach: hole.reach,
    ...(init.mapped ? { mapped: init.mapped } : {}),
    publish: dht?.publish,
    onNoted: (above: RealmName, way: LocateWay) => {
      for (const name of [above, realm]) void locator.refresh(name, way);
    },
    onMoved,
  });
}

function createPunchServer(
  { host, admissions, shares, log }: LinksComponents,
  { punch }: LinksInit,
  { hole, driver, locator }: Parts,
  onAsk: (end: LinkEnd) => void,
): PunchServer {
  return new PunchServer(
    { ...hole, registrar: host.registrar, admissions, shares, log },
    {
      mayPunch: punch.includes('tcp-punch'),
      onAsk: (realm, peerId) => onAsk({ realm, peerId }),
      dial: (realm, peerId, signal) => dialBack(driver, locator, realm, peerId, signal),
      observed: async (realm, peerId, signal) => (await locator.locate(realm, signal)).observed.get(peerId),
    },
  );
}

/** Where we listen for plain TCP. */
function ownAddresses({ addressManager }: HostInternals): Multiaddr[] {
  const listed = addressManager.getAddresses().map((one) => one.decapsulate('/p2p'));
  return listed.filter((one) => !one.toString().includes('/p2p-circuit') && !one.toString().includes('/webrtc'));
}

/** Only the relay that asks is dialled, and only where its realm's record says. */
async function dialBack(
  driver: Driver,
  locator: Locator,
  realm: RealmName,
  peerId: string,
  signal: AbortSignal,
): Promise<boolean> {
  const located = await locator.locate(realm, signal);
  return driver.dialPlain({ realm, peerId }, located, signal).then(
    () => true,
    () => false,
  );
}
