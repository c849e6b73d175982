// The links of one relay: a supervisor for each realm, fed with what libp2p reports, and the parts they share.
//
// Links are kept to the realms above ours and to those that the ledger names (`keep`); to others for a while after they
// were last asked for. A peer that comes to us has a link as well, so that the side that is to begin upgrades does.
import type { Connection } from '@libp2p/interface';
import type { Clock, Timer } from '../../realm/clock.ts';
import { UnreachableError } from '../../realm/errors.ts';
import type { RealmName } from '../../realm/names.ts';
import type { Announcer } from '../location/announcer.ts';
import type { Locator } from '../location/locator.ts';
import type { PathReport } from '../seam.ts';
import type { Connections, TrackedConnection } from './connections.ts';
import type { Driver } from './driver.ts';
import type { HostInternals } from './host-internals.ts';
import { Link } from './link.ts';
import type { Ancestor, LinkAdmissions, LinkConnection, LinkPath, Links, NatKind, PunchWay } from './links.ts';
import { watchConnection } from './liveness.ts';
import { carrierOf, pathOf } from './path.ts';
import type { ReservationWatchdog } from './reservations.ts';
import { closeSpares } from './spares.ts';
import type { LinkSettings } from './supervisor.ts';

const TICK = 500;
/** A link that nobody asked for in so long is not bettered or restored any more. */
const WANTED_FOR = 10 * 60_000;
const MAX_LINKS = 4096;

export interface RelayLinksComponents {
  readonly host: HostInternals;
  readonly admissions: LinkAdmissions;
  readonly ancestors: () => readonly Ancestor[];
  readonly connections: Connections;
  readonly locator: Locator;
  readonly driver: Driver;
  readonly announcer: Announcer;
  readonly reservations: ReservationWatchdog;
  /** Started before and stopped after everything else, in this order. */
  readonly services: readonly { start(): void | Promise<void>; stop(): void | Promise<void> }[];
  readonly nat: () => NatKind;
  readonly clock: Clock;
}

export class RelayLinks implements Links {
  readonly #components: RelayLinksComponents;
  readonly #ways: readonly PunchWay[];
  readonly #links = new Map<RealmName, Link>();
  readonly #listeners = new Set<(report: PathReport) => void>();
  readonly #watches = new Map<string, AbortController>();
  #kept: ReadonlySet<RealmName> = new Set();
  #timer: Timer | undefined;

  constructor(components: RelayLinksComponents, ways: readonly PunchWay[]) {
    this.#components = components;
    this.#ways = ways;
  }

  async start(): Promise<void> {
    for (const service of this.#components.services) await service.start();
    const { events, connectionManager } = this.#components.host;
    events.addEventListener('connection:open', this.#onOpen);
    events.addEventListener('connection:close', this.#onClose);
    for (const connection of connectionManager.getConnections()) this.#track(connection);
    this.#components.reservations.start();
    await this.#components.announcer.start();
    this.#tick();
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    const { events } = this.#components.host;
    events.removeEventListener('connection:open', this.#onOpen);
    events.removeEventListener('connection:close', this.#onClose);
    this.#components.announcer.stop();
    this.#components.reservations.stop();
    for (const link of this.#links.values()) link.stop();
    for (const watch of this.#watches.values()) watch.abort();
    for (const service of this.#components.services.toReversed()) await service.stop();
  }

  async get(realm: RealmName, signal: AbortSignal): Promise<LinkConnection> {
    await this.#link(realm).usable(signal);
    const current = this.current(realm);
    if (!current) throw new UnreachableError('no-path', `the way to ${realm} was lost at once`);
    return current;
  }

  current(realm: RealmName): LinkConnection | undefined {
    const best = this.#components.connections.best(realm);
    if (!best) return undefined;
    const { connection, path, via } = best;
    return { connection, path, ...(via === undefined ? {} : { via }) };
  }

  reports(): PathReport[] {
    return [...this.#links.values()].map((link) => this.#report(link));
  }

  onChange(listener: (report: PathReport) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  keep(realms: readonly RealmName[]): void {
    this.#kept = new Set(realms);
    this.#maintain();
  }

  expectsWebrtc(peerId: string): boolean {
    return this.#components.connections.withPeer(peerId).length > 0;
  }

  nat(): NatKind {
    return this.#components.nat();
  }

  /** The peer asks us to better the link. */
  hurry(realm: RealmName): void {
    this.#link(realm).ask();
    this.#link(realm).feed({ kind: 'hurry' });
  }

  /** Our network is another one, or an ancestor is back: whatever waits tries again. */
  renewAll(): void {
    for (const link of this.#links.values()) link.feed({ kind: 'renewed' });
  }

  readonly #onOpen = ({ detail }: CustomEvent<Connection>): void => {
    // Admission notes a connection on the same event, maybe after us.
    queueMicrotask(() => this.#track(detail));
  };

  readonly #onClose = ({ detail }: CustomEvent<Connection>): void => this.#untrack(detail);

  #track(connection: Connection): void {
    const { connections, admissions, clock } = this.#components;
    const peerId = connection.remotePeer.toString();
    const peer = admissions.get(peerId);
    const path = pathOf(connection);
    if (peer?.role !== 'relay' || !path || connection.status !== 'open' || connections.has(connection)) return;
    const via = path === 'relayed' ? this.#carrierRealm(connection) : undefined;
    const openedAt = clock.monotonic();
    const tracked: TrackedConnection = { connection, realm: peer.realm, peerId, path, via, openedAt, rtt: undefined };
    connections.add(tracked);
    this.#watch(tracked);
    this.#refresh(peer.realm);
    this.#link(peer.realm).ask();
    if (path === 'direct-tcp' && this.#isAbove(peer.realm)) {
      this.#components.reservations.check();
      void this.#components.announcer.announceTo(peer.realm, connection);
      this.renewAll();
    }
  }

  #untrack(connection: Connection): void {
    const tracked = this.#components.connections.remove(connection);
    this.#watches.get(connection.id)?.abort();
    this.#watches.delete(connection.id);
    if (tracked) this.#refresh(tracked.realm);
  }

  #watch(tracked: TrackedConnection): void {
    const controller = new AbortController();
    this.#watches.set(tracked.connection.id, controller);
    const onAnswer = (rtt: number) => {
      tracked.rtt = rtt;
      this.#links.get(tracked.realm)?.feed({ kind: 'heard', path: tracked.path });
    };
    void watchConnection(tracked.connection, this.#components.clock, onAnswer, controller.signal);
  }

  #refresh(realm: RealmName): void {
    const open = [...new Set(this.#components.connections.to(realm).map(({ path }) => path))];
    this.#link(realm).feed({ kind: 'paths', open });
  }

  #drop(realm: RealmName, path: LinkPath): void {
    for (const { connection, path: its } of this.#components.connections.to(realm)) {
      if (its !== path) continue;
      this.#untrack(connection);
      connection.abort(new UnreachableError('black-hole', `${realm} stopped answering`));
    }
  }

  #link(realm: RealmName): Link {
    const known = this.#links.get(realm);
    if (known) return known;
    if (this.#links.size >= MAX_LINKS) throw new UnreachableError('too-many-links', 'this relay keeps too many links');
    const link = new Link(realm, {
      clock: this.#components.clock,
      settings: (name) => this.#settings(name),
      run: (attempt, name, signal) => this.#components.driver.run(attempt, name, signal),
      drop: (name, path) => this.#drop(name, path),
      changed: (changed) => this.#announceChange(changed),
    });
    this.#links.set(realm, link);
    return link;
  }

  #settings(realm: RealmName): LinkSettings {
    const { connections, locator, host } = this.#components;
    const peerId = connections.best(realm)?.peerId ?? locator.remembered(realm)?.relays[0]?.peerId ?? '';
    return { ways: this.#ways, initiator: host.peerId.toString() < peerId, dialFirst: this.#isAbove(realm) };
  }

  #announceChange(link: Link): void {
    const report = this.#report(link);
    for (const listener of this.#listeners) listener(report);
  }

  #report(link: Link): PathReport {
    const best = this.#components.connections.best(link.realm);
    const { realm, since } = link;
    if (!best) return { realm, kind: 'unreachable', since };
    const { path, via, rtt } = best;
    return { realm, kind: path, since, ...(via === undefined ? {} : { via }), ...(rtt === undefined ? {} : { rtt }) };
  }

  #tick(): void {
    this.#timer = this.#components.clock.after(TICK, () => this.#tick());
    this.#maintain();
    for (const link of this.#links.values()) link.feed({ kind: 'tick' });
    closeSpares(this.#components.connections, this.#links.keys(), this.#components.clock.monotonic());
  }

  #maintain(): void {
    const now = this.#components.clock.monotonic();
    for (const { realm } of this.#components.ancestors()) this.#link(realm).feed({ kind: 'wanted' });
    for (const realm of this.#kept) this.#link(realm).feed({ kind: 'wanted' });
    for (const [realm, link] of this.#links) {
      if (this.#kept.has(realm) || this.#isAbove(realm) || now - link.askedAt < WANTED_FOR) continue;
      link.feed({ kind: 'unwanted' });
      if (link.best === 'none') this.#links.delete(realm);
    }
  }

  #isAbove(realm: RealmName): boolean {
    return this.#components.ancestors().some((ancestor) => ancestor.realm === realm);
  }

  #carrierRealm(connection: Connection): RealmName | undefined {
    const carrier = carrierOf(connection);
    const byName = carrier === undefined ? undefined : this.#components.admissions.get(carrier)?.realm;
    return byName ?? this.#components.connections.all().find((one) => carries(one, connection))?.realm;
  }
}

/** A relay that dialled us has no peer id in its address: then the rest of the address tells. */
function carries(carrier: TrackedConnection, connection: Connection): boolean {
  return connection.remoteAddr.toString().startsWith(`${carrier.connection.remoteAddr.toString()}/p2p-circuit`);
}
