// Whole branches on loopback: a relay that forwards, and a node behind it. Links are plain dials between the relays.
import type { TestContext } from 'node:test';
import { multiaddr } from '@multiformats/multiaddr';
import type { OverlayEvent } from '../../src/overlay/audit.ts';
import { Forwarder } from '../../src/overlay/forward/forwarder.ts';
import type { LinkSource, SourcedLink } from '../../src/overlay/forward/link-source.ts';
import type { HostInit } from '../../src/overlay/host.ts';
import { createNodeOverlay, type NodeOverlay } from '../../src/overlay/node-overlay.ts';
import { PATHS_PROTOCOL, servePaths } from '../../src/overlay/paths/index.ts';
import { openPipes } from '../../src/overlay/pipe/open-pipes.ts';
import type { RelayPipes } from '../../src/overlay/pipe/relay-pipes.ts';
import type { PathReport } from '../../src/overlay/seam.ts';
import { systemClock } from '../../src/realm/clock.ts';
import { UnreachableError } from '../../src/realm/errors.ts';
import { silentLog } from '../../src/realm/log.ts';
import type { RealmName } from '../../src/realm/names.ts';
import { startHost, type TestHost } from './hosts.ts';
import type { Realms } from './realms.ts';

export class PlainLinks implements LinkSource {
  readonly addresses = new Map<string, string>();
  readonly #listeners = new Set<(report: PathReport) => void>();
  readonly #relay: TestHost;
  path: SourcedLink['path'] = 'direct-tcp';

  constructor(relay: TestHost) {
    this.#relay = relay;
  }

  async get(realm: RealmName, signal: AbortSignal): Promise<SourcedLink> {
    const address = this.addresses.get(realm);
    if (!address) throw new UnreachableError('no-path', `no address of ${realm}`);
    return { connection: await this.#relay.host.libp2p.dial(multiaddr(address), { signal }), path: this.path };
  }

  /** What is open by now, the one of `addresses` first. */
  ways(realm: RealmName): SourcedLink[] {
    const { admissions } = this.#relay.host;
    const relays = admissions.peers().filter((peer) => peer.realm === realm && peer.role === 'relay');
    const open = relays.flatMap(({ peerId }) => admissions.connections(peerId));
    return open.map((connection) => ({ connection, path: this.path }));
  }

  reports(): PathReport[] {
    return [];
  }

  onChange(listener: (report: PathReport) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  readonly kept: RealmName[] = [];

  keep(realms: readonly RealmName[]): void {
    this.kept.splice(0, this.kept.length, ...realms);
  }

  tell(report: PathReport): void {
    for (const listener of this.#listeners) listener(report);
  }
}

export interface TestRelay extends TestHost {
  readonly links: PlainLinks;
  readonly forwarder: Forwarder;
  readonly pipes: RelayPipes;
}

export async function startRelay(
  t: TestContext,
  realms: Realms,
  realm: string,
  init: Partial<HostInit> = {},
): Promise<TestRelay> {
  const identity = init.identity ?? (await realms.identity(realm, 'relay'));
  const relay = await startHost(t, identity, init);
  const { libp2p, admissions, internals } = relay.host;
  const links = new PlainLinks(relay);
  const peerId = libp2p.peerId.toString();
  const pipes = openPipes({ host: relay.host, clock: systemClock, log: silentLog });
  const forwarder = new Forwarder({
    pipes,
    clock: systemClock,
    identity,
    peerId,
    registrar: internals.registrar,
    admissions,
    links,
    shares: relay.host.shares,
    log: silentLog,
  });
  await forwarder.start();
  await libp2p.handle(PATHS_PROTOCOL, (stream, connection) => {
    const peer = admissions.get(connection.remotePeer.toString());
    if (peer) void servePaths(stream, peer, links);
  });
  return { ...relay, links, forwarder, pipes };
}

export interface TestNode {
  readonly overlay: NodeOverlay;
  readonly events: OverlayEvent[];
}

export async function startNode(
  t: TestContext,
  realms: Realms,
  realm: string,
  relays: readonly string[],
): Promise<TestNode> {
  const events: OverlayEvent[] = [];
  const audit = (event: OverlayEvent): void => void events.push(event);
  const identity = await realms.identity(realm, 'node');
  const overlay = await createNodeOverlay({ identity, relays, clock: systemClock, log: silentLog, audit });
  await overlay.start();
  t.after(() => overlay.stop());
  return { overlay, events };
}

export interface TestBranch {
  readonly relay: TestRelay;
  readonly node: NodeOverlay;
  readonly events: OverlayEvent[];
}

/** The relays of all branches know each other's addresses. */
export async function startBranches(t: TestContext, realms: Realms, names: readonly string[]): Promise<TestBranch[]> {
  const relays = await Promise.all(names.map((name) => startRelay(t, realms, name)));
  for (const relay of relays)
    names.forEach((name, index) => relay.links.addresses.set(name, relays[index]?.address ?? ''));
  return Promise.all(
    relays.map(async (relay, index) => {
      const { overlay, events } = await startNode(t, realms, names[index] ?? '', [relay.address]);
      return { relay, node: overlay, events };
    }),
  );
}
