// The relay of a realm: its door to the world. It holds no user data; what it forwards is ciphertext. create-relay.ts puts its
// parts together.
import type { OverlayAudit } from '../src/overlay/audit.ts';
import { type Charter, EMPTY_CHARTER } from '../src/overlay/charter.ts';
import { CHARTER_PROTOCOL } from '../src/overlay/charter-feed/index.ts';
import { serveCharter } from '../src/overlay/charter-feed/server.ts';
import { askOnce } from '../src/overlay/enrol/exchange.ts';
import { MAX_RENEW_FRAME, RENEW_PROTOCOL } from '../src/overlay/enrol/index.ts';
import type { EnrolRouter } from '../src/overlay/enrol/router.ts';
import type { Forwarder } from '../src/overlay/forward/forwarder.ts';
import { FramedStream } from '../src/overlay/framed-stream.ts';
import type { Host } from '../src/overlay/host.ts';
import type { Identity } from '../src/overlay/identity.ts';
import type { Ancestor, Links, NatKind, RelayReport } from '../src/overlay/links/links.ts';
import type { RelayAddresses } from '../src/overlay/location/record.ts';
import { ownNodeConnection } from '../src/overlay/own-node.ts';
import { type FollowedLinks, PATHS_PROTOCOL, servePaths } from '../src/overlay/paths/index.ts';
import { mayReach } from '../src/overlay/scope.ts';
import type { PathReport } from '../src/overlay/seam.ts';
import type { PlacesReport } from '../src/overlay/shares/fair-places.ts';
import type { StunResponder } from '../src/overlay/stun/responder.ts';
import type { Clock } from '../src/realm/clock.ts';
import { LocalError, messageOf, UnreachableError } from '../src/realm/errors.ts';
import type { Log } from '../src/realm/log.ts';
import type { RealmName } from '../src/realm/names.ts';
import { multiaddrOf } from '../src/settings/relay-addresses.ts';
import type { Settings } from '../src/settings/settings.ts';
import type { Netcheck } from './api.ts';
import type { RelayCharter } from './charter.ts';
import type { HouseTable } from './house-table.ts';
import { netcheckOf } from './netcheck.ts';
import type { PortMapping } from './port-mapping.ts';

export interface RelayInit {
  readonly identity: Identity;
  readonly settings: Settings['relay'];
  readonly ancestors: readonly Ancestor[];
  /** Other relays of this realm that the directory names: multiaddrs with peer ids. */
  readonly fellows?: readonly string[];
  /** Told of the relays that a realm above turns out to have. */
  readonly onLearnt?: (realm: RealmName, relays: readonly RelayAddresses[]) => void;
  readonly clock: Clock;
  readonly log: Log;
  readonly audit: OverlayAudit;
  /** Revocations and trusts; nothing and none when absent. */
  readonly charter?: Charter & Partial<Pick<RelayCharter, 'take' | 'proofOf' | 'learn'>>;
}

export interface RelayStatus {
  readonly realm: RealmName;
  readonly peerId: string;
  readonly addresses: readonly string[];
  /** Whether the node of this realm is connected. */
  readonly node: boolean;
  readonly nat: NatKind;
  readonly links: readonly PathReport[];
  /** The link to each relay by itself: a realm may have several. */
  readonly relays: readonly RelayReport[];
  /** Streams between nodes that pass at this moment. */
  readonly forwarded: number;
  /** Streams that were refused since the start. */
  readonly refused: number;
  /** TCP connections for bulk that are joined here at this moment. */
  readonly pipes: number;
  readonly circuits: number;
  /** Connected relays of the same house, which share its table. */
  readonly table: number;
  /** What other realms have of this relay: connections, circuits and so on, in fair shares. */
  readonly places: Readonly<Record<string, PlacesReport>>;
  /** Requests that came faster than they are taken, since the start. */
  readonly tooOften: Readonly<Record<string, number>>;
}

const MAX_FOLLOWERS = 8;

export interface RelayParts {
  readonly init: RelayInit;
  readonly host: Host;
  readonly stun: StunResponder;
  readonly links: Links;
  readonly forwarder: Forwarder;
  readonly router: EnrolRouter;
  readonly table: HouseTable;
  readonly mapping: PortMapping;
}

export class Relay {
  readonly #parts: RelayParts;
  #wanted: readonly RealmName[] = [];
  #unsubscribe: () => void = () => {};

  constructor(parts: RelayParts) {
    this.#parts = parts;
  }

  /** @throws LocalError `listen-failed`, `stun-listen` */
  async start(): Promise<void> {
    const { host, stun, forwarder, router, links, mapping } = this.#parts;
    await stun.start();
    await host.start().catch(async (cause) => {
      await stun.stop();
      throw listenFailed(this.#parts, cause);
    });
    await forwarder.start();
    await router.start();
    await this.#servePaths();
    await this.#serveCharter();
    await links.start();
    mapping.start();
  }

  async stop(): Promise<void> {
    const { host, stun, forwarder, router, links, mapping } = this.#parts;
    await mapping.stop();
    this.#unsubscribe();
    await links.stop();
    await router.stop();
    await forwarder.stop();
    await host.stop();
    await stun.stop();
  }

  get peerId(): string {
    return this.#parts.host.libp2p.peerId.toString();
  }

  /** Multiaddrs with the peer id, those that are announced. */
  get addresses(): string[] {
    const all = this.#parts.host.libp2p.getMultiaddrs().map(String);
    return all.filter((address) => !address.includes('/p2p-circuit') && !address.includes('/webrtc'));
  }

  /** After a revocation arrived: closes what is open with whoever it names. */
  recheck(): Promise<void> {
    return this.#parts.host.recheck();
  }

  /** The own node's reply to a renewal request. @throws UnreachableError `node-away` */
  async renew(request: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    const { admissions, identity } = this.#parts.host;
    const connection = ownNodeConnection(admissions, identity.realm);
    const peer = admissions.get(connection.remotePeer.toString());
    if (!peer) throw new UnreachableError('node-away', `the node of ${identity.realm} has just gone`);
    const raw = await connection.newStream([RENEW_PROTOCOL], { signal });
    const path = { kind: 'local', hops: [] } as const;
    return askOnce(new FramedStream(raw, { peer, path, maxFrame: MAX_RENEW_FRAME }), request, signal);
  }

  /** What the network before this host is like. @throws UnreachableError */
  async netcheck(): Promise<Netcheck> {
    const { links, init } = this.#parts;
    return netcheckOf(await links.netcheck(), init.settings, this.#parts.mapping.report);
  }

  status(): RelayStatus {
    const { host, links, forwarder, table } = this.#parts;
    const { realm } = host.identity;
    const connections = host.libp2p.getConnections();
    return {
      realm,
      peerId: this.peerId,
      addresses: this.addresses,
      node: host.admissions.peers().some((peer) => peer.role === 'node' && peer.realm === realm),
      nat: links.nat(),
      links: links.reports(),
      relays: links.relayReports(),
      forwarded: forwarder.openStreams,
      refused: forwarder.refusedStreams,
      pipes: forwarder.openPipes,
      circuits: connections.filter((one) => one.streams.some(({ protocol }) => protocol.endsWith('/stop'))).length,
      table: table.size,
      places: host.shares.places(),
      tooOften: host.shares.counters(),
    };
  }

  async #serveCharter(): Promise<void> {
    const { host, init } = this.#parts;
    await host.internals.registrar.handle(
      CHARTER_PROTOCOL,
      (stream, connection) => {
        const peer = host.admissions.get(connection.remotePeer.toString());
        if (peer) void serveCharter(stream, peer, async (frame) => init.charter?.take?.(frame), init.log);
      },
      { maxInboundStreams: MAX_FOLLOWERS },
    );
  }

  /** Of what the node wants, what is in scope now: its wish and the trust behind it come on streams of their own. */
  #keep(): void {
    const { host, links, init } = this.#parts;
    links.keep(this.#wanted.filter((realm) => mayReach(host.identity, realm, init.charter)));
  }

  async #servePaths(): Promise<void> {
    const { host, links, init } = this.#parts;
    this.#unsubscribe = (init.charter ?? EMPTY_CHARTER).onChange(() => this.#keep());
    const followed: FollowedLinks = {
      reports: () => links.reports(),
      onChange: (listener) => links.onChange(listener),
      keep: (realms) => {
        this.#wanted = realms;
        this.#keep();
      },
    };
    await host.internals.registrar.handle(
      PATHS_PROTOCOL,
      (stream, connection) => {
        const peer = host.admissions.get(connection.remotePeer.toString());
        if (peer) void servePaths(stream, peer, followed);
      },
      { maxInboundStreams: MAX_FOLLOWERS },
    );
  }
}

function listenFailed({ init }: RelayParts, cause: unknown): LocalError {
  const places = init.settings.listen.map(multiaddrOf).join(', ');
  const taken = messageOf(cause).includes('EADDRINUSE');
  return new LocalError(taken ? 'port-in-use' : 'listen-failed', `the relay can't listen on ${places}`, {
    cause,
    hint: 'Stop what uses the port, or give another one with relay.listen in canopy.toml.',
  });
}
