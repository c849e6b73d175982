// The relay of a realm: its door to the world. Composes the host, circuit relay, STUN, links, forwarding and enrolment.
// It holds no user data; what it forwards is ciphertext.
import { circuitRelayServer, circuitRelayTransport } from '@libp2p/circuit-relay-v2';
import { identify } from '@libp2p/identify';
import { ping } from '@libp2p/ping';
import { webRTC } from '@libp2p/webrtc';
import type { OverlayAudit } from '../src/overlay/audit.ts';
import { type Charter, EMPTY_CHARTER } from '../src/overlay/charter.ts';
import { CHARTER_PROTOCOL } from '../src/overlay/charter-feed/index.ts';
import { serveCharter } from '../src/overlay/charter-feed/server.ts';
import { enrolOverWire } from '../src/overlay/enrol/client.ts';
import { enrolmentDoor } from '../src/overlay/enrol/encrypter.ts';
import { askOnce } from '../src/overlay/enrol/exchange.ts';
import { type Issuer, MAX_RENEW_FRAME, RENEW_PROTOCOL } from '../src/overlay/enrol/index.ts';
import { EnrolRouter } from '../src/overlay/enrol/router.ts';
import { Forwarder } from '../src/overlay/forward/forwarder.ts';
import { LinkLimits } from '../src/overlay/forward/limits.ts';
import { FramedStream } from '../src/overlay/framed-stream.ts';
import { createHost, type Host } from '../src/overlay/host.ts';
import type { Identity } from '../src/overlay/identity.ts';
import { createLinks } from '../src/overlay/links/create-links.ts';
import type { Ancestor, Links, NatKind, RelayReport } from '../src/overlay/links/links.ts';
import type { ChainCheck, RelayAddresses } from '../src/overlay/location/record.ts';
import { ownNodeConnection } from '../src/overlay/own-node.ts';
import { type FollowedLinks, PATHS_PROTOCOL, servePaths } from '../src/overlay/paths/index.ts';
import { openPipes } from '../src/overlay/pipe/open-pipes.ts';
import { mayReach } from '../src/overlay/scope.ts';
import type { PathReport } from '../src/overlay/seam.ts';
import { StunResponder } from '../src/overlay/stun/responder.ts';
import { StunServers } from '../src/overlay/stun/servers.ts';
import { PathMemory, validateLeaf } from '../src/pki/chain.ts';
import { RENEWAL_GRACE } from '../src/pki/renewal.ts';
import type { Clock } from '../src/realm/clock.ts';
import { LocalError, messageOf, UnreachableError } from '../src/realm/errors.ts';
import type { Log } from '../src/realm/log.ts';
import type { RealmName } from '../src/realm/names.ts';
import { listenable, multiaddrOf, stunTexts } from '../src/settings/relay-addresses.ts';
import type { Settings } from '../src/settings/settings.ts';
import type { Netcheck } from './api.ts';
import type { RelayCharter } from './charter.ts';
import { HouseTable } from './house-table.ts';
import { mappingWays } from './mapping-ways.ts';
import { netcheckOf } from './netcheck.ts';
import { PortMapping } from './port-mapping.ts';

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
  readonly charter?: Charter & Partial<Pick<RelayCharter, 'take'>>;
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
  readonly circuits: number;
  /** Connected relays of the same house, which share its table. */
  readonly table: number;
}

/** A realm has a few hundred realms below it at most; each of their relays reserves once. */
const CIRCUITS = {
  hopTimeout: 15_000,
  maxInboundHopStreams: 256,
  maxOutboundStopStreams: 256,
  reservations: { applyDefaultLimit: false, maxReservations: 1_024 },
};
const MAX_FOLLOWERS = 8;

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
      circuits: connections.filter((one) => one.streams.some(({ protocol }) => protocol.endsWith('/stop'))).length,
      table: table.size,
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

interface RelayParts {
  readonly init: RelayInit;
  readonly host: Host;
  readonly stun: StunResponder;
  readonly links: Links;
  readonly forwarder: Forwarder;
  readonly router: EnrolRouter;
  readonly table: HouseTable;
  readonly mapping: PortMapping;
}

/** Not started yet. */
export async function createRelay(init: RelayInit): Promise<Relay> {
  const { identity, clock, log, settings } = init;
  const stunServers = new StunServers();
  const late: { host?: Host; router?: EnrolRouter } = {};
  const checkChain = relayChainCheck(init);
  const table = new HouseTable({ ...init, checkChain, admissions: () => present(late.host).admissions });
  const host = await createRelayHost(init, { stun: stunServers, table }, (request, signal) =>
    present(late.router).route(request, signal),
  );
  late.host = host;
  const { admissions, internals } = host;
  const { registrar } = internals;
  const mapping = new PortMapping(
    { ways: mappingWays(settings.map ?? []), clock, log, onChange: () => links.moved() },
    settings.listen[0]?.port ?? 0,
  );
  const links = openLinks(init, { host, stun: stunServers, table, checkChain, mapping });
  const router = new EnrolRouter({
    identity,
    admissions,
    registrar,
    links,
    log,
    byDoor: { ask: renewalByDoor(init), clock },
  });
  late.router = router;
  const peerId = host.libp2p.peerId.toString();
  const { charter = EMPTY_CHARTER } = init;
  const pipes = openPipes({ host, charter, clock, log });
  const limits = new LinkLimits(clock, settings.limits ?? []);
  const forwarder = new Forwarder({
    identity,
    peerId,
    registrar,
    admissions,
    links,
    trusts: charter,
    pipes,
    limits,
    clock,
    log,
  });
  const stun = new StunResponder({ clock, log }, listenable(settings.stun));
  return new Relay({ init, host, stun, links, forwarder, router, table, mapping });
}

/** For a realm whose certificates are over: the door of an ancestor takes a renewal from anybody. */
export function renewalByDoor({
  identity: { rootFingerprint },
  ancestors: ways,
  clock,
}: Pick<RelayInit, 'identity' | 'ancestors' | 'clock'>): Issuer {
  return (request, signal) =>
    enrolOverWire({ ways, rootFingerprint, request, now: () => clock.now(), grace: RENEWAL_GRACE, signal });
}

function createRelayHost(
  init: RelayInit,
  { stun, table }: { readonly stun: StunServers; readonly table: HouseTable },
  issuer: Parameters<typeof enrolmentDoor>[0]['issuer'],
): Promise<Host> {
  const { identity, settings, clock, audit } = init;
  const mayUseWebrtc = settings.punch.includes('webrtc');
  const rtcConfiguration = (): { iceServers: { urls: string[] }[] } => ({ iceServers: stun.iceServers() });
  return createHost({
    ...init,
    listen: [...listenable(settings.listen).map(multiaddrOf), ...(mayUseWebrtc ? ['/webrtc'] : [])],
    announce: settings.announce.map(multiaddrOf),
    encrypters: [enrolmentDoor({ chain: () => identity.chain, issuer, clock, audit })],
    transports: [circuitRelayTransport(), ...(mayUseWebrtc ? [webRTC({ rtcConfiguration })] : [])],
    services: { identify: identify(), ping: ping(), dht: table.service(), circuit: circuitRelayServer(CIRCUITS) },
  });
}

function relayChainCheck({ identity, clock, charter = EMPTY_CHARTER }: RelayInit): ChainCheck {
  const { rootFingerprint } = identity;
  const isRevoked: Charter['isRevoked'] = (serial, issuer) => charter.isRevoked(serial, issuer);
  const trust = { rootFingerprint, memory: new PathMemory(), isRevoked };
  return (chain) => validateLeaf(chain, { ...trust, now: clock.now() });
}

interface LinkParts {
  readonly host: Host;
  readonly stun: StunServers;
  readonly table: HouseTable;
  readonly checkChain: ChainCheck;
  readonly mapping: PortMapping;
}

function openLinks(init: RelayInit, { host, stun, table, checkChain, mapping }: LinkParts): Links {
  const { identity, ancestors, settings, clock, log } = init;
  return createLinks(
    {
      host: host.internals,
      realm: identity.realm,
      signer: identity,
      admissions: host.admissions,
      checkChain,
      ancestors: () => ancestors,
      ...(init.charter ? { charter: init.charter } : {}),
      fellows: init.fellows ?? [],
      ...(init.onLearnt ? { onLearnt: init.onLearnt } : {}),
      stun,
      dht: table.location(),
      clock,
      log,
      logger: host.libp2p.logger.forComponent('canopy:links'),
    },
    { punch: settings.punch, stun: () => stunTexts(settings), mapped: () => mapping.mapped },
  );
}

function listenFailed({ init }: RelayParts, cause: unknown): LocalError {
  const places = init.settings.listen.map(multiaddrOf).join(', ');
  const taken = messageOf(cause).includes('EADDRINUSE');
  return new LocalError(taken ? 'port-in-use' : 'listen-failed', `the relay can't listen on ${places}`, {
    cause,
    hint: 'Stop what uses the port, or give another one with relay.listen in canopy.toml.',
  });
}

function present<T>(part: T | undefined): T {
  if (part === undefined) throw new Error('the parts of a relay are used before it was made');
  return part;
}
