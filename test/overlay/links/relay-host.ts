// A relay as these tests need it: a libp2p host on loopback with plain Noise, a registry that knows every test's relays, and
// a chain that is nothing but a realm's name and a key. Admission and certificates have tests of their own.
import { noise } from '@chainsafe/libp2p-noise';
import { type CircuitRelayService, circuitRelayServer, circuitRelayTransport } from '@libp2p/circuit-relay-v2';
import { generateKeyPair } from '@libp2p/crypto/keys';
import { identify } from '@libp2p/identify';
import { type Ed25519PrivateKey, FaultTolerance, type Libp2p } from '@libp2p/interface';
import type { KadDHT, KadDHTComponents } from '@libp2p/kad-dht';
import { peerIdFromPrivateKey } from '@libp2p/peer-id';
import { ping } from '@libp2p/ping';
import { tcp } from '@libp2p/tcp';
import { createLibp2p } from 'libp2p';
import { boundedYamux } from '../../../src/overlay/bounded-yamux.ts';
import { createLinks } from '../../../src/overlay/links/create-links.ts';
import { type HostInternals, hostInternals } from '../../../src/overlay/links/host-internals.ts';
import type { Ancestor, LinkAdmissions, Links, PunchWay } from '../../../src/overlay/links/links.ts';
import { webrtcTransport } from '../../../src/overlay/links/webrtc.ts';
import type { ChainCheck } from '../../../src/overlay/location/record.ts';
import { Shares } from '../../../src/overlay/shares/shares.ts';
import type { Endpoint } from '../../../src/overlay/stun/message.ts';
import { StunResponder } from '../../../src/overlay/stun/responder.ts';
import { formatEndpoint, StunServers } from '../../../src/overlay/stun/servers.ts';
import { systemClock } from '../../../src/realm/clock.ts';
import { RefusedError } from '../../../src/realm/errors.ts';
import type { Log } from '../../../src/realm/log.ts';
import { parseRealmName, type RealmName } from '../../../src/realm/names.ts';

const text = (value: string) => new TextEncoder().encode(value);

/** The "certificates" of one test: peer id to realm. */
export class TestRegistry implements LinkAdmissions {
  readonly #peers = new Map<string, RealmName>();

  add(peerId: string, realm: RealmName): void {
    this.#peers.set(peerId, realm);
  }

  get(peerId: string): { realm: RealmName; role: 'relay' } | undefined {
    const realm = this.#peers.get(peerId);
    return realm === undefined ? undefined : { realm, role: 'relay' };
  }
}

/** A test's chain: the realm's name, then the raw key. */
export const checkTestChain: ChainCheck = async ([name, key]) => {
  if (!name || !key) throw new RefusedError('cert-malformed', 'no chain');
  return { realm: parseRealmName(new TextDecoder().decode(name)), role: 'relay', publicKey: key };
};

export function testChain(realm: string, key: Ed25519PrivateKey): Uint8Array[] {
  return [text(realm), key.publicKey.raw];
}

export interface RelayHostInit {
  readonly realm: string;
  readonly registry: TestRegistry;
  readonly ancestors?: readonly Pick<RelayHost, 'realm' | 'addresses'>[];
  /** Addresses of other relays of the same realm. */
  readonly fellows?: readonly string[];
  readonly ways?: readonly PunchWay[];
  readonly key?: Ed25519PrivateKey;
  readonly port?: number;
  readonly listen?: readonly string[];
  /** What it says of itself beside where it listens. */
  readonly says?: readonly string[];
  readonly webrtc?: boolean;
  /** Where its STUN listens, HOST:PORT each; default a free port on loopback. */
  readonly stun?: readonly Endpoint[];
  readonly log?: Log;
  /** For relays below; default 100. */
  readonly maxReservations?: number;
  readonly dht?: (components: KadDHTComponents) => KadDHT;
}

export interface RelayHost {
  readonly realm: RealmName;
  readonly key: Ed25519PrivateKey;
  readonly libp2p: Libp2p<{ internals: HostInternals; circuit: Pick<CircuitRelayService, 'reservations'> }>;
  readonly links: Links;
  readonly stun: StunResponder;
  readonly addresses: string[];
  readonly peerId: string;
  stop(): Promise<void>;
}

export async function startRelay(init: RelayHostInit): Promise<RelayHost> {
  const key = init.key ?? (await generateKeyPair('Ed25519'));
  const realm = parseRealmName(init.realm);
  const peerId = peerIdFromPrivateKey(key).toString();
  init.registry.add(peerId, realm);
  const stunServers = new StunServers();
  const libp2p = await createHost(init, key, stunServers);
  const stun = new StunResponder({ clock: systemClock, log: silent }, init.stun ?? [{ host: '127.0.0.1', port: 0 }]);
  await stun.start();
  const ancestors = (init.ancestors ?? []).map((one): Ancestor => ({ realm: one.realm, relays: one.addresses }));
  const links = createLinks(
    {
      host: libp2p.services.internals,
      realm,
      signer: { privateKey: key.raw.subarray(0, 32), chain: testChain(realm, key) },
      admissions: init.registry,
      checkChain: checkTestChain,
      ancestors: () => ancestors,
      fellows: init.fellows ?? [],
      stun: stunServers,
      shares: new Shares(realm, systemClock),
      clock: systemClock,
      log: init.log ?? silent,
      logger: libp2p.logger.forComponent('canopy:links'),
    },
    { punch: init.ways ?? [], near: () => true, stun: () => stun.addresses.map(formatEndpoint) },
  );
  await links.start();
  const stop = async () => {
    await links.stop();
    await stun.stop();
    await libp2p.stop();
  };
  const addresses = libp2p.getMultiaddrs().map(String);
  return { realm, key, libp2p, links, stun, addresses, peerId, stop };
}

function createHost(init: RelayHostInit, key: Ed25519PrivateKey, stun: StunServers) {
  return createLibp2p({
    privateKey: key,
    addresses: {
      listen: [...(init.listen ?? [`/ip4/127.0.0.1/tcp/${init.port ?? 0}`]), ...(init.webrtc ? ['/webrtc'] : [])],
      appendAnnounce: [...(init.says ?? [])],
    },
    transports: [tcp(), circuitRelayTransport(), ...(init.webrtc ? [webrtcTransport(stun, systemClock)] : [])],
    connectionEncrypters: [noise()],
    streamMuxers: [boundedYamux({ maxFrame: 4 * 1024 * 1024 })],
    transportManager: { faultTolerance: FaultTolerance.NO_FATAL },
    connectionGater: { denyDialMultiaddr: () => false },
    connectionManager: { inboundConnectionThreshold: 1000 },
    services: {
      internals: hostInternals,
      identify: identify(),
      ping: ping(),
      dht: init.dht ?? (() => undefined),
      circuit: circuitRelayServer({
        reservations: { applyDefaultLimit: false, maxReservations: init.maxReservations ?? 100 },
      }),
    },
  });
}

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** Logs to stderr; for whoever looks into a failing test. */
export function loudLog(name: string): Log {
  const write = (level: string) => (fields: object, phrase: string) =>
    void process.stderr.write(`${performance.now().toFixed(0)} ${name} ${level} ${phrase} ${JSON.stringify(fields)}\n`);
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}
