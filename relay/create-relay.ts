// Puts a relay together: the host with circuit relay and DHT, STUN, links, forwarding, enrolment and the router's port.
import { circuitRelayServer, circuitRelayTransport } from '@libp2p/circuit-relay-v2';
import { identify } from '@libp2p/identify';
import { ping } from '@libp2p/ping';
import { type Charter, EMPTY_CHARTER } from '../src/overlay/charter.ts';
import { enrolOverWire } from '../src/overlay/enrol/client.ts';
import { enrolmentDoor } from '../src/overlay/enrol/encrypter.ts';
import type { Issuer } from '../src/overlay/enrol/index.ts';
import { EnrolRouter } from '../src/overlay/enrol/router.ts';
import { Forwarder } from '../src/overlay/forward/forwarder.ts';
import { LinkLimits } from '../src/overlay/forward/limits.ts';
import { createHost, type Host } from '../src/overlay/host.ts';
import { createLinks } from '../src/overlay/links/create-links.ts';
import type { Links } from '../src/overlay/links/links.ts';
import { webrtcTransport } from '../src/overlay/links/webrtc.ts';
import type { ChainCheck } from '../src/overlay/location/record.ts';
import { openPipes } from '../src/overlay/pipe/open-pipes.ts';
import { StunResponder } from '../src/overlay/stun/responder.ts';
import { StunServers } from '../src/overlay/stun/servers.ts';
import { PathMemory, validateLeaf } from '../src/pki/chain.ts';
import { RENEWAL_GRACE } from '../src/pki/renewal.ts';
import { listenable, multiaddrOf, stunTexts } from '../src/settings/relay-addresses.ts';
import { HouseTable } from './house-table.ts';
import { mappingWays } from './mapping-ways.ts';
import { nearNetworks } from './near-networks.ts';
import { PortMapping } from './port-mapping.ts';
import { Relay, type RelayInit } from './relay.ts';

/** For one connection; in all they are shared out fairly, reservations too (src/overlay/shares). */
const CIRCUITS = {
  hopTimeout: 15_000,
  maxInboundHopStreams: 256,
  maxOutboundStopStreams: 256,
  reservations: { applyDefaultLimit: false, maxReservations: Number.MAX_SAFE_INTEGER },
};

/** Not started yet. */
export async function createRelay(init: RelayInit): Promise<Relay> {
  const { clock, log, settings } = init;
  const stunServers = new StunServers();
  const late: { host?: Host; router?: EnrolRouter } = {};
  const checkChain = relayChainCheck(init);
  const table = new HouseTable({ ...init, checkChain, admissions: () => present(late.host).admissions });
  const host = await createRelayHost(init, { stun: stunServers, table }, (request, signal) =>
    present(late.router).route(request, signal),
  );
  late.host = host;
  const mapping = new PortMapping(
    { ways: mappingWays(settings.map ?? []), clock, log, onChange: () => links.moved() },
    settings.listen[0]?.port ?? 0,
  );
  const links = openLinks(init, { host, stun: stunServers, table, checkChain, mapping });
  const router = createRouter(init, host, links);
  late.router = router;
  const forwarder = createForwarder(init, host, links);
  const stun = new StunResponder({ clock, log }, listenable(settings.stun));
  return new Relay({ init, host, stun, links, forwarder, router, table, mapping });
}

/** For a realm whose certificates are over: the door of an ancestor takes a renewal from anybody. */
export function renewalByDoor({
  identity: { rootFingerprint },
  ancestors: ways,
  clock,
}: Pick<RelayInit, 'identity' | 'ancestors' | 'clock'>): Issuer {
  return (request, signal) => enrolOverWire({ ways, rootFingerprint, request, clock, grace: RENEWAL_GRACE, signal });
}

function createRelayHost(
  init: RelayInit,
  { stun, table }: { readonly stun: StunServers; readonly table: HouseTable },
  issuer: Parameters<typeof enrolmentDoor>[0]['issuer'],
): Promise<Host> {
  const { identity, settings, clock, audit } = init;
  const mayUseWebrtc = settings.punch.includes('webrtc');
  return createHost({
    ...init,
    listen: [...listenable(settings.listen).map(multiaddrOf), ...(mayUseWebrtc ? ['/webrtc'] : [])],
    announce: settings.announce.map(multiaddrOf),
    caps: settings.caps ?? {},
    encrypters: [enrolmentDoor({ chain: () => identity.chain, issuer, clock, audit })],
    transports: [circuitRelayTransport(), ...(mayUseWebrtc ? [webrtcTransport(stun, clock)] : [])],
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
      shares: host.shares,
      clock,
      log,
      logger: host.libp2p.logger.forComponent('canopy:links'),
    },
    {
      punch: settings.punch,
      near: nearNetworks(settings.private ?? []),
      stun: () => stunTexts(settings),
      mapped: () => mapping.mapped,
    },
  );
}

function createRouter(init: RelayInit, { admissions, internals }: Host, links: Links): EnrolRouter {
  const { identity, clock, log } = init;
  const byDoor = renewalByDoor(init);
  return new EnrolRouter({ identity, admissions, registrar: internals.registrar, links, log, clock, byDoor });
}

function createForwarder(init: RelayInit, host: Host, links: Links): Forwarder {
  const { identity, settings, clock, log, charter = EMPTY_CHARTER } = init;
  return new Forwarder({
    identity,
    peerId: host.libp2p.peerId.toString(),
    registrar: host.internals.registrar,
    admissions: host.admissions,
    links,
    trusts: charter,
    pipes: openPipes({ host, charter, clock, log }),
    limits: new LinkLimits(clock, settings.limits ?? []),
    shares: host.shares,
    clock,
    log,
  });
}

function present<T>(part: T | undefined): T {
  if (part === undefined) throw new Error('the parts of a relay are used before it was made');
  return part;
}
