// A libp2p host as both programs use it: admission as the only encrypter (plain Noise is not even offered), the scope table
// before each handler, windows and limits that hold (see the notes beside them). Relays listen; nodes never do.
import type { ConnectionEncrypter, PeerId, ServiceMap } from '@libp2p/interface';
import type { Registrar } from '@libp2p/interface-internal';
import { tcp } from '@libp2p/tcp';
import { createLibp2p, type Libp2p, type Libp2pOptions, type ServiceFactoryMap } from 'libp2p';
import type { Clock, Timer } from '../realm/clock.ts';
import { messageOf } from '../realm/errors.ts';
import type { Log } from '../realm/log.ts';
import { Admissions } from './admission/admissions.ts';
import { INSTANCE_BYTES, instanceText } from './admission/codec.ts';
import { ADMISSION_DEADLINE, admission, type NoiseComponents } from './admission/encrypter.ts';
import { createGater } from './admission/gater.ts';
import { Judge } from './admission/judge.ts';
import { ShownProofs } from './admission/shown-proofs.ts';
import { TWIN_PROTOCOL, type TwinEvent, Twins } from './admission/twins.ts';
import { watchUpgrades } from './admission/watch-upgrades.ts';
import { limitAudit, type OverlayAudit } from './audit.ts';
import { boundedYamux } from './bounded-yamux.ts';
import { type Charter, EMPTY_CHARTER, type RevocationProofs } from './charter.ts';
import { holdBackCircuits } from './circuit-pressure.ts';
import { type GuardComponents, guardRegistrar } from './guard.ts';
import { hostKey, type Identity } from './identity.ts';
import { type HostInternals, hostInternals } from './links/host-internals.ts';
import { Scope } from './scope.ts';
import { type CircuitShareComponents, Reservations, shareCircuits } from './shares/share-circuits.ts';
import { CAPS, type Caps, Shares } from './shares/shares.ts';

export type HostComponents = Omit<HostInternals, 'registrar'> & NoiseComponents & { readonly registrar: Registrar };
export type Factory<T> = (components: HostComponents) => T;

export interface HostInit {
  readonly identity: Identity;
  readonly clock: Clock;
  readonly log: Log;
  readonly audit: OverlayAudit;
  /** Multiaddrs; empty for a node. */
  readonly listen?: readonly string[];
  readonly announce?: readonly string[];
  /** Revocations and trusts; a change has open connections judged again two seconds later. */
  readonly charter?: Charter & Partial<RevocationProofs>;
  /** 16 random bytes that tell this process from another one of the same key; made when absent. */
  readonly instance?: Uint8Array;
  readonly mayDial?: (address: string) => boolean;
  /** What there is to share among other realms, where it is not the usual. */
  readonly caps?: Partial<Caps>;
  /** Further ways in, `/canopy/enrol/1` of a relay. */
  readonly encrypters?: readonly ((components: HostComponents, admissions: Admissions) => ConnectionEncrypter)[];
  readonly transports?: NonNullable<Libp2pOptions['transports']>;
  readonly services?: ServiceFactoryMap;
}

/** Milliseconds between two looks at certificates of open connections: a revocation cuts within 60 s. */
const RECHECK_INTERVAL = 15_000;
/**
 * So long open connections outlive a change of the charter: the news goes over the very connections that it ends, and honest
 * realms below one that was revoked hear of it soonest so. Whom it did not reach learns by being refused.
 */
const NEWS_LEAD = 2_000;
/** Those that came in and are refused for want of a share are connections of libp2p's for a moment. */
const ROOM_TO_REFUSE = 200;
const LIMITS = {
  /** From one address in a second: a company's offices may share one. */
  inboundConnectionThreshold: 60,
  maxIncomingPendingConnections: 100,
  inboundUpgradeTimeout: ADMISSION_DEADLINE,
  maxDialQueueLength: 500,
};
/** A silent connection is noticed after at most 15 s; a busy one has time to answer behind its bulk. */
const MONITOR = { pingInterval: 5_000, pingTimeout: { minTimeout: 10_000, maxTimeout: 10_000 } };
const MIB = 1024 * 1024;
/**
 * Below the 4 MiB that a paused stream may buffer; otherwise yamux grows its window past it and pausing resets the stream.
 * A relay holds many strangers' streams, so its windows are smaller.
 */
const STREAM_WINDOW = { node: 2 * MIB, relay: MIB } as const;
const MAX_STREAMS = 2_048;

export class Host {
  readonly libp2p: Libp2p<ServiceMap>;
  readonly internals: HostInternals;
  readonly admissions: Admissions;
  readonly scope: Scope;
  /** What other realms may take of this host. */
  readonly shares: Shares;
  readonly #twins: Twins;
  readonly #judge: Judge;
  readonly #init: HostInit;
  /** Of this process, in hex; told to each peer at admission. */
  readonly instance: string;
  #recheck: Timer | undefined;
  #soon: Timer | undefined;
  #unsubscribe: () => void = () => {};

  constructor(parts: HostParts) {
    this.libp2p = parts.libp2p;
    this.internals = parts.internals;
    this.admissions = parts.admissions;
    this.scope = parts.scope;
    this.shares = parts.shares;
    this.#judge = parts.judge;
    this.#twins = parts.twins;
    this.#init = parts.init;
    this.instance = parts.instance;
    const { events } = parts.internals;
    events.addEventListener('connection:open', ({ detail }) => this.admissions.opened(detail));
    events.addEventListener('connection:close', ({ detail }) => {
      this.admissions.closed(detail);
      parts.reservations.closed(detail.remotePeer);
    });
    const circuit = this.libp2p.services['circuit'];
    if (hasReservations(circuit)) parts.reservations.forget = (peerId) => circuit.reservations.delete(peerId);
  }

  get identity(): Identity {
    return this.#init.identity;
  }

  async start(): Promise<void> {
    await this.#answerTwins();
    await this.libp2p.start();
    this.#unsubscribe = (this.#init.charter ?? EMPTY_CHARTER).onChange(() => this.#recheckSoon());
    this.#scheduleRecheck();
  }

  async stop(): Promise<void> {
    this.#unsubscribe();
    this.#recheck?.cancel();
    this.#recheck = undefined;
    this.#soon?.cancel();
    this.#twins.stop();
    await this.internals.registrar.unhandle(TWIN_PROTOCOL);
    await this.libp2p.stop();
  }

  /** Looks again at everyone's certificate, at once after a revocation has arrived. */
  async recheck(): Promise<void> {
    await this.admissions.recheck((chain) => this.#judge.chain(chain));
  }

  /** Two live programs with one key: of this host or of others. Returns the unsubscriber. */
  onTwin(listener: (event: TwinEvent) => void): () => void {
    return this.#twins.onTwin(listener);
  }

  async #answerTwins(): Promise<void> {
    await this.internals.registrar.handle(TWIN_PROTOCOL, (stream, connection) => {
      const peer = this.admissions.get(connection.remotePeer.toString());
      if (peer) void this.#twins.answer(stream, peer);
    });
  }

  #scheduleRecheck(): void {
    this.#recheck = this.#init.clock.after(RECHECK_INTERVAL, () => {
      this.#recheckNow().finally(() => this.#recheck && this.#scheduleRecheck());
    });
  }

  /** New handshakes are judged by the new charter already. */
  #recheckSoon(): void {
    this.#soon ??= this.#init.clock.after(NEWS_LEAD, () => {
      this.#soon = undefined;
      void this.#recheckNow();
    });
  }

  #recheckNow(): Promise<void> {
    return this.recheck().catch((error) => this.#init.log.error({ error: messageOf(error) }, 'recheck failed'));
  }
}

interface HostParts {
  readonly init: HostInit;
  readonly libp2p: Libp2p<ServiceMap>;
  readonly internals: HostInternals;
  readonly admissions: Admissions;
  readonly scope: Scope;
  readonly shares: Shares;
  readonly reservations: Reservations;
  readonly judge: Judge;
  readonly twins: Twins;
  readonly instance: string;
}

/** Not started yet. */
export async function createHost(init: HostInit): Promise<Host> {
  const { identity, clock } = init;
  const charter: NonNullable<HostInit['charter']> = init.charter ?? EMPTY_CHARTER;
  const audit = limitAudit(init.audit, clock);
  const shares = new Shares(identity.realm, clock, init.caps);
  const admissions = new Admissions(audit, shares);
  const reservations = new Reservations({ shares, admissions, audit });
  const scope = new Scope(identity, charter);
  const { rootFingerprint } = identity;
  const judge = new Judge({ self: identity, rootFingerprint, clock, charter });
  const instance = init.instance ?? crypto.getRandomValues(new Uint8Array(INSTANCE_BYTES));
  const twins = new Twins({ self: identity, admissions, instance, clock, audit });
  const chain = (): Identity['chain'] => identity.chain;
  const shown = new ShownProofs({ chain, rootFingerprint, charter, clock, log: init.log });
  const encrypter = admission({ chain, instance, judge, admissions, audit, twins, shown });
  const further = (init.encrypters ?? []).map((create) => (from: HostComponents) => create(from, admissions));
  const found = Promise.withResolvers<HostInternals>();
  const libp2p = await createLibp2p({
    ...(await baseOptions(init)),
    connectionGater: createGater({
      self: identity,
      admissions,
      charter,
      reservations,
      ...(init.mayDial ? { mayDial: init.mayDial } : {}),
    }),
    connectionEncrypters: [encrypter, ...further],
    transports: [tcp(), ...(init.transports ?? [])],
    services: {
      guard: prepare({ scope, admissions, audit, shares }, found.resolve),
      ...init.services,
    },
  });
  return new Host({
    init,
    libp2p,
    internals: await found.promise,
    admissions,
    scope,
    shares,
    reservations,
    judge,
    twins,
    instance: instanceText(instance),
  });
}

/** Runs while libp2p is being put together, before any service has started and registered a handler. */
function prepare(
  guard: GuardComponents & CircuitShareComponents,
  found: (internals: HostInternals) => void,
): Factory<object> {
  return (components) => {
    holdBackCircuits(components);
    shareCircuits(components.registrar, guard);
    guardRegistrar(components.registrar, guard);
    watchUpgrades(components.upgrader, guard);
    found(hostInternals(components));
    return {};
  };
}

async function baseOptions({ identity, clock, listen = [], announce = [], caps }: HostInit): Promise<Libp2pOptions> {
  const maxStreamWindowSize = STREAM_WINDOW[identity.role];
  return {
    start: false,
    privateKey: await hostKey(identity),
    nodeInfo: { name: 'canopy', version: '1', userAgent: 'canopy' },
    addresses: { listen: [...listen], announce: [...announce] },
    connectionManager: { ...LIMITS, maxConnections: (caps?.connections ?? CAPS.connections) + ROOM_TO_REFUSE },
    connectionMonitor: MONITOR,
    streamMuxers: [
      boundedYamux({
        maxFrame: maxStreamWindowSize,
        clock,
        maxInboundStreams: MAX_STREAMS,
        maxOutboundStreams: MAX_STREAMS,
        streamOptions: { maxStreamWindowSize },
      }),
    ],
    transportManager: { faultTolerance: identity.role === 'node' ? 1 : 0 },
  };
}

interface WithReservations {
  readonly reservations: { delete(peerId: PeerId): void };
}

/** Services of a host are not typed to each other; a relay has a circuit relay among them. */
function hasReservations(service: unknown): service is WithReservations {
  const reservations =
    typeof service === 'object' && service !== null && 'reservations' in service ? service.reservations : undefined;
  return typeof reservations === 'object' && reservations !== null && 'delete' in reservations;
}
