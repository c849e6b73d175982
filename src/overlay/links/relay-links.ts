// The links of one relay: a supervisor for each other relay, a way for each realm over the best of its relays, and the parts
// they share.
//
// Links are kept to the realms above ours, to other relays of our own realm and to those realms that the ledger names (`keep`);
// to others for a while after they were last asked for. A peer that comes to us has a link as well, so that the side that
// is to begin upgrades does.
import type { Clock, Timer } from '../../realm/clock.ts';
import { UnreachableError } from '../../realm/errors.ts';
import type { RealmName } from '../../realm/names.ts';
import type { Announcer } from '../location/announcer.ts';
import { wayOver } from '../location/locate/over-libp2p.ts';
import type { Locator } from '../location/locator.ts';
import type { PathReport } from '../seam.ts';
import type { Shares } from '../shares/shares.ts';
import type { NatView } from '../stun/nat-detection.ts';
import type { NatWatch } from '../stun/nat-watch.ts';
import type { Connections, TrackedConnection } from './connections.ts';
import type { Driver } from './driver.ts';
import type { HostInternals } from './host-internals.ts';
import type { LinkEnd } from './link.ts';
import { LinkTable } from './link-table.ts';
import type { Ancestor, LinkAdmissions, LinkConnection, Links, NatKind, PunchWay, RelayReport } from './links.ts';
import { relayReport } from './relay-report.ts';
import type { ReservationWatchdog } from './reservations.ts';
import { closeSpares } from './spares.ts';
import type { LinkSettings } from './supervisor.ts';
import { Tracker } from './tracker.ts';
import { WayReports } from './way-reports.ts';

const TICK = 500;
/** A link that nobody asked for in so long is not bettered or restored any more. */
const WANTED_FOR = 10 * 60_000;

export interface RelayLinksComponents {
  readonly host: HostInternals;
  readonly realm: RealmName;
  readonly admissions: LinkAdmissions;
  readonly ancestors: () => readonly Ancestor[];
  readonly connections: Connections;
  readonly locator: Locator;
  readonly driver: Driver;
  readonly announcer: Announcer;
  readonly reservations: ReservationWatchdog;
  /** Started before and stopped after everything else, in this order. */
  readonly services: readonly { start(): void | Promise<void>; stop(): void | Promise<void> }[];
  readonly nat: Pick<NatWatch, 'kind' | 'check'>;
  readonly shares: Pick<Shares, 'links' | 'lineage'>;
  readonly clock: Clock;
}

export class RelayLinks implements Links {
  readonly #components: RelayLinksComponents;
  readonly #ways: readonly PunchWay[];
  readonly #tracker: Tracker;
  readonly #links: LinkTable;
  readonly #realms: WayReports;
  #kept: ReadonlySet<RealmName> = new Set();
  #timer: Timer | undefined;

  constructor(components: RelayLinksComponents, ways: readonly PunchWay[]) {
    this.#components = components;
    this.#ways = ways;
    this.#realms = new WayReports(components);
    this.#links = new LinkTable(components.shares, {
      clock: components.clock,
      settings: (end) => this.#settings(end),
      run: (attempt, end, signal) => components.driver.run(attempt, end, signal),
      changed: (end) => this.#realms.tell(end.realm),
      exhausted: (end) => this.#exhausted(end),
    });
    this.#tracker = new Tracker(components, {
      opened: (tracked) => this.#opened(tracked),
      closed: (tracked) => this.#refresh(tracked),
      heard: ({ realm }) => this.#realms.tell(realm),
    });
  }

  async start(): Promise<void> {
    for (const service of this.#components.services) await service.start();
    this.#tracker.start();
    this.#components.reservations.start();
    await this.#components.announcer.start();
    this.#tick();
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    this.#tracker.stop();
    this.#components.announcer.stop();
    this.#components.reservations.stop();
    for (const link of this.#links.all()) link.stop();
    this.#realms.stop();
    for (const service of this.#components.services.toReversed()) await service.stop();
  }

  async get(realm: RealmName, signal: AbortSignal): Promise<LinkConnection> {
    const way = this.#realms.to(realm);
    way.ask();
    const known = this.current(realm);
    if (known) return known;
    const usable = way.usable(signal);
    this.#want(realm);
    for (const peerId of this.#relaysOf(realm)) this.#links.get(peerId)?.ask();
    await usable;
    const current = this.current(realm);
    if (!current) throw new UnreachableError('no-path', `the way to ${realm} was lost at once`);
    return current;
  }

  current(realm: RealmName): LinkConnection | undefined {
    return this.ways(realm)[0];
  }

  ways(realm: RealmName): LinkConnection[] {
    return this.#components.connections.ways(realm).map(({ connection, path, via }) => {
      return { connection, path, ...(via === undefined ? {} : { via }) };
    });
  }

  reports(): PathReport[] {
    return this.#realms.reports();
  }

  onChange(listener: (report: PathReport) => void): () => void {
    return this.#realms.onChange(listener);
  }

  keep(realms: readonly RealmName[]): void {
    const kept = new Set(realms);
    // Out of the list, out of mind: a trust has ended, or a realm is no more.
    for (const realm of this.#kept) if (!kept.has(realm)) this.#realms.known(realm)?.forget();
    this.#kept = kept;
    this.#maintain();
  }

  expectsWebrtc(peerId: string): boolean {
    return this.#components.connections.with(peerId).length > 0;
  }

  relayReports(): RelayReport[] {
    return this.#links.all().map((link) => relayReport(link, this.#components.connections));
  }

  nat(): NatKind {
    return this.#components.nat.kind;
  }

  netcheck(): Promise<NatView> {
    return this.#components.nat.check();
  }

  /** The peer asks us to better the link. */
  hurry(end: LinkEnd): void {
    this.#realms.to(end.realm).ask();
    const link = this.#links.obtain(end);
    link?.ask();
    link?.feed({ kind: 'hurry' });
  }

  moved(): void {
    void this.#components.announcer.announceAll();
    this.renewAll();
  }

  /** Our network is another one, or an ancestor is back: whatever waits tries again. */
  renewAll(): void {
    for (const link of this.#links.all()) link.feed({ kind: 'renewed' });
  }

  #opened(tracked: TrackedConnection): void {
    const { realm, path, connection } = tracked;
    this.#refresh(tracked);
    this.#realms.to(realm).ask();
    this.#links.obtain(tracked)?.ask();
    if (path !== 'direct-tcp' || !this.#isNear(realm)) return;
    this.#components.reservations.check();
    void this.#components.announcer.announceTo(realm, wayOver(connection));
    this.renewAll();
  }

  #refresh({ realm, peerId }: LinkEnd): void {
    const open = [...new Set(this.#components.connections.with(peerId).map(({ path }) => path))];
    this.#links.obtain({ realm, peerId })?.feed({ kind: 'paths', open });
    this.#realms.tell(realm);
  }

  #settings({ realm, peerId }: LinkEnd): LinkSettings {
    const { connections, host } = this.#components;
    const spare = connections.peers(realm).some((other) => other !== peerId);
    const initiator = host.peerId.toString() < peerId;
    return { ways: this.#ways, initiator, dialFirst: this.#isNear(realm), spare };
  }

  /** The last of a realm's relays that was tried in vain ends the waiting for that realm. */
  #exhausted({ realm, peerId }: LinkEnd): void {
    if (!this.#links.isTrying(this.#relaysOf(realm), peerId)) this.#realms.to(realm).giveUp();
  }

  #tick(): void {
    this.#timer = this.#components.clock.after(TICK, () => this.#tick());
    this.#maintain();
    this.#tracker.dropSilent();
    for (const link of this.#links.all()) link.feed({ kind: 'tick' });
    for (const realm of this.#realms.realms()) this.#realms.tell(realm);
    closeSpares(this.#components.connections, this.#links.peerIds(), this.#components.clock.monotonic());
  }

  #maintain(): void {
    const { ancestors, realm: own } = this.#components;
    const asked = this.#realms.realms().filter((realm) => this.#isWanted(realm));
    const wanted = new Set([own, ...ancestors().map(({ realm }) => realm), ...this.#kept, ...asked]);
    const peers = new Set([...wanted].flatMap((realm) => this.#want(realm)));
    for (const link of this.#links.all()) {
      if (peers.has(link.end.peerId)) continue;
      link.feed({ kind: 'unwanted' });
      if (link.best === 'none') this.#links.drop(link.end.peerId);
    }
    this.#realms.prune(wanted);
  }

  /** Wants a link to each relay of the realm, or looks for them. @returns their peer ids */
  #want(realm: RealmName): string[] {
    const peers = this.#relaysOf(realm);
    for (const peerId of peers) this.#links.obtain({ realm, peerId })?.feed({ kind: 'wanted' });
    if (realm === this.#components.realm) return peers;
    const way = this.#realms.to(realm);
    const find = (signal: AbortSignal) => this.#components.driver.run('locate', { realm, peerId: '' }, signal);
    if (peers.length === 0)
      void way.search(
        async (signal) => (await find(signal)) && this.#want(realm).length > 0,
        () => this.#isWanted(realm),
      );
    return peers;
  }

  #isWanted(realm: RealmName): boolean {
    if (this.#kept.has(realm) || this.#isNear(realm)) return true;
    const askedAt = this.#realms.known(realm)?.askedAt ?? Number.NEGATIVE_INFINITY;
    return this.#components.clock.monotonic() - askedAt < WANTED_FOR;
  }

  /** Those that a record or the settings name, and those that are connected. */
  #relaysOf(realm: RealmName): string[] {
    const { locator, connections, host } = this.#components;
    const named = locator.remembered(realm)?.relays.map(({ peerId }) => peerId) ?? [];
    const all = new Set([...named, ...connections.peers(realm)]);
    all.delete(host.peerId.toString());
    return [...all];
  }

  /** A realm above, or our own: its relays' addresses are known and open. */
  #isNear(realm: RealmName): boolean {
    return realm === this.#components.realm || this.#components.ancestors().some((one) => one.realm === realm);
  }
}
