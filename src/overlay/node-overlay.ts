// A node in the overlay: one connection to its own relay, and through it connections to nodes of other realms. It dials
// nothing else and listens nowhere.
import type { Connection, Stream as RawStream } from '@libp2p/interface';
import type { Clock } from '../realm/clock.ts';
import { asError, codeOf, InputError, messageOf, RefusedError } from '../realm/errors.ts';
import type { Log } from '../realm/log.ts';
import type { RealmName } from '../realm/names.ts';
import type { TwinEvent } from './admission/twins.ts';
import type { OverlayAudit } from './audit.ts';
import type { BulkStream } from './bulk/bulk-stream.ts';
import { BulkStreams } from './bulk/bulk-streams.ts';
import type { Charter, RevocationProofs } from './charter.ts';
import { CharterFeeder, type CharterSource } from './charter-feed/feeder.ts';
import { answerEcho, ECHO_PROTOCOL, MAX_ECHO, measureEcho } from './echo/index.ts';
import { answerOnce } from './enrol/exchange.ts';
import {
  ENROL_FORWARD_PROTOCOL,
  type Issuer,
  MAX_ENROL_FRAME,
  MAX_RENEW_FRAME,
  RENEW_PROTOCOL,
} from './enrol/index.ts';
import { ForwardTransport } from './forward/transport.ts';
import { FramedStream } from './framed-stream.ts';
import { createHost, type Host } from './host.ts';
import type { Identity } from './identity.ts';
import { dialNode, streamError } from './node/dial-node.ts';
import { InnerConnections } from './node/inner-connections.ts';
import { OwnRelays } from './node/own-relays.ts';
import { PathFollower } from './node/path-follower.ts';
import type { RelayState } from './node/relay-keeper.ts';
import type {
  HandleOptions,
  Network,
  OpenOptions,
  PathReport,
  PingReport,
  Stream,
  StreamClass,
  StreamHandler,
} from './seam.ts';

export interface NodeOverlayInit {
  readonly identity: Identity;
  /** Multiaddrs of the own relays; each of them is connected to. */
  readonly relays: readonly string[];
  readonly clock: Clock;
  readonly log: Log;
  readonly audit: OverlayAudit;
  /** Revocations and trusts; nothing and none when absent. */
  readonly charter?: Charter & Partial<RevocationProofs>;
  /** What the own relay is told of it. */
  readonly charterSource?: CharterSource;
  /** Answers enrolment requests for realms right below this one; they come through the own relay. */
  readonly enrol?: Issuer;
  /** Answers the own relay's renewal requests. */
  readonly renew?: Issuer;
}

const ENROLMENT: HandleOptions = { allow: 'own', maxFrame: MAX_ENROL_FRAME };
const RENEWAL: HandleOptions = { allow: 'own', maxFrame: MAX_RENEW_FRAME };
const DEFAULT_MAX_STREAMS = 16;
/** Streams of one protocol that we may have open with one node. */
const MAX_OUTBOUND = 256;

export class NodeOverlay implements Network {
  readonly #init: NodeOverlayInit;
  readonly #host: Host;
  readonly #keeper: OwnRelays;
  readonly #follower: PathFollower;
  readonly #inner: InnerConnections;
  readonly #bulk: BulkStreams;

  constructor(init: NodeOverlayInit, parts: NodeParts) {
    const { host, transport, keeper, follower } = parts;
    const { clock, log } = init;
    this.#init = init;
    this.#host = host;
    this.#bulk = new BulkStreams(clock);
    this.#keeper = keeper;
    this.#follower = follower;
    const dial = (realm: RealmName, streamClass: StreamClass): Promise<Connection> =>
      dialNode({ host, transport, clock }, realm, streamClass);
    this.#inner = new InnerConnections({ dial, pathOf: (connection) => transport.pathOf(connection), clock, log });
    keeper.onChange((relay) => relay && void follower.follow(relay));
    this.#feed(init.charterSource, parts);
    follower.onPath((report, relay) => this.#inner.improve(report, relay));
    host.internals.events.addEventListener('connection:open', ({ detail }) => this.#adopt(detail));
    this.handle(ECHO_PROTOCOL, { allow: 'trusted', maxFrame: MAX_ECHO }, (stream) => answerEcho(stream, clock));
    const { enrol, renew } = init;
    if (enrol) this.handle(ENROL_FORWARD_PROTOCOL, ENROLMENT, (stream) => answerOnce(stream, enrol, clock));
    if (renew) this.handle(RENEW_PROTOCOL, RENEWAL, (stream) => answerOnce(stream, renew, clock));
  }

  /** Resolves at once, whether or not the relay is there. */
  async start(): Promise<void> {
    await this.#host.start();
    this.#keeper.start();
  }

  async stop(): Promise<void> {
    const stopping = this.#keeper.stop();
    await this.#host.stop();
    await stopping;
  }

  /** Of this process, in hex: peers tell two processes of one key apart by it. */
  get instance(): string {
    return this.#host.instance;
  }

  get peerId(): string {
    return this.#host.libp2p.peerId.toString();
  }

  /** Whether an own relay is connected, and if not, why. */
  get relay(): RelayState {
    return this.#keeper.state;
  }

  /** Each relay of this realm. */
  get relays(): RelayState[] {
    return this.#keeper.states;
  }

  /** Two live programs with one key: this node's, or that of one that it met. Returns the unsubscriber. */
  onTwin(listener: (event: TwinEvent) => void): () => void {
    return this.#host.onTwin(listener);
  }

  onRelay(listener: (state: RelayState) => void): () => void {
    return this.#keeper.onChange(() => listener(this.#keeper.state));
  }

  /** Has the relay keep links to these realms (the certified list of the enterprise). */
  keep(realms: readonly RealmName[]): void {
    this.#follower.keep(realms);
  }

  /** After a revocation arrived: closes what is open with whoever it names. */
  recheck(): Promise<void> {
    return this.#host.recheck();
  }

  async open(realm: RealmName, protocol: string, options: OpenOptions): Promise<Stream> {
    if (realm === this.#init.identity.realm) throw new InputError('own-realm', `${realm} is this node's own realm`);
    const { signal, class: streamClass = 'interactive' } = options;
    const connection = await this.#inner.get(realm, streamClass, signal);
    try {
      return await this.#openOn(connection, protocol, options);
    } catch (error) {
      // The connection may have died since it was last used; then a new one is worth one try.
      if (connection.status === 'open' || signal.aborted) throw streamError(error, realm, protocol, signal);
    }
    const fresh = await this.#inner.get(realm, streamClass, signal);
    return this.#openOn(fresh, protocol, options).catch((error) => {
      throw streamError(error, realm, protocol, signal);
    });
  }

  handle(protocol: string, options: HandleOptions, handler: StreamHandler): void {
    this.#host.scope.declare(protocol, options.allow);
    const serve = (raw: RawStream, connection: Connection): void => {
      void this.#serve(raw, connection, options, handler);
    };
    const limits = { maxInboundStreams: options.maxStreams ?? DEFAULT_MAX_STREAMS, maxOutboundStreams: MAX_OUTBOUND };
    this.#host.internals.registrar.handle(protocol, serve, limits).catch((error) => {
      this.#init.log.error({ protocol, error: messageOf(error) }, 'protocol not registered');
    });
  }

  paths(): PathReport[] {
    return this.#follower.reports;
  }

  async ping(realm: RealmName, signal: AbortSignal): Promise<PingReport> {
    const stream = await this.open(realm, ECHO_PROTOCOL, { signal, maxFrame: MAX_ECHO });
    try {
      return { path: stream.path, rtt: await measureEcho(stream, () => this.#init.clock.monotonic(), signal) };
    } catch (error) {
      stream.abort(asError(error));
      throw error;
    }
  }

  onPath(listener: (report: PathReport) => void): () => void {
    return this.#follower.onPath(listener);
  }

  async #openOn(connection: Connection, protocol: string, { signal, maxFrame }: OpenOptions): Promise<Stream> {
    const raw = await connection.newStream([protocol], { signal, maxOutboundStreams: MAX_OUTBOUND });
    return this.#framed(raw, connection, 'outbound', maxFrame);
  }

  async #serve(raw: RawStream, connection: Connection, options: HandleOptions, handler: StreamHandler): Promise<void> {
    try {
      const stream = this.#framed(raw, connection, 'inbound', options.maxFrame);
      await handler(stream);
      await stream.finish();
    } catch (error) {
      this.#init.log.debug(
        { protocol: raw.protocol, code: codeOf(error), error: messageOf(error) },
        'stream ended badly',
      );
      raw.abort(asError(error));
    }
  }

  #framed(
    raw: RawStream,
    connection: Connection,
    opened: 'outbound' | 'inbound',
    maxFrame?: number,
  ): FramedStream | BulkStream {
    const peer = this.#host.admissions.get(connection.remotePeer.toString());
    if (!peer) throw new RefusedError('not-admitted', `${connection.remotePeer.toString()} is no longer admitted`);
    const { realm, tier, role, peerId, instance } = peer;
    const path = this.#inner.path(connection, opened);
    const init = { peer: { realm, tier, role, peerId, instance }, path, ...(maxFrame ? { maxFrame } : {}) };
    const isBulk = this.#inner.classOf(connection) === 'bulk';
    return isBulk ? this.#bulk.over(raw, connection, init) : new FramedStream(raw, init);
  }

  #feed(source: CharterSource | undefined, { host: { admissions }, keeper }: NodeParts): void {
    if (!source) return;
    const feeder = new CharterFeeder({ source, admissions, clock: this.#init.clock, log: this.#init.log });
    keeper.onChange((relay) => relay && void feeder.feed(relay));
  }

  #adopt(connection: Connection): void {
    const peer = this.#host.admissions.get(connection.remotePeer.toString());
    if (peer?.role === 'node') this.#inner.adopt(peer.realm, connection);
  }
}

interface NodeParts {
  readonly host: Host;
  readonly transport: ForwardTransport;
  readonly keeper: OwnRelays;
  readonly follower: PathFollower;
}

/** Not started yet. */
export async function createNodeOverlay(init: NodeOverlayInit): Promise<NodeOverlay> {
  const { identity, clock, log } = init;
  const late: { host?: Host; transport?: ForwardTransport; keeper?: OwnRelays; follower?: PathFollower } = {};
  const host = await createHost({
    ...init,
    mayDial: (address) => late.keeper?.mayDial(address) === true,
    transports: [
      (components) => {
        late.transport = new ForwardTransport(components, {
          identity,
          admissions: () => present(late.host).admissions,
          relays: (realm) => late.follower?.order(realm) ?? [],
          clock,
        });
        return late.transport;
      },
    ],
  });
  late.host = host;
  const { realm } = identity;
  const { libp2p, admissions } = host;
  const keeper = new OwnRelays({ libp2p, admissions, realm, clock, log }, init.relays);
  late.keeper = keeper;
  const follower = new PathFollower({ admissions, relays: () => keeper.all(), clock, log });
  late.follower = follower;
  return new NodeOverlay(init, { host, transport: present(late.transport), keeper, follower });
}

function present<T>(part: T | undefined): T {
  if (part === undefined) throw new Error('the parts of a host are used before it was made');
  return part;
}
