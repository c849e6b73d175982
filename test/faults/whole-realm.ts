// Whole realms in this process: the same node and relay that the programs run, out of real data directories, on loopback. For
// tests that need a tree of realms rather than processes to kill.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodePlatform } from '../../cli/chat/node-platform.ts';
import { freePorts } from '../../cli/demo/free-ports.ts';
import { registerUser } from '../../cli/register-user.ts';
import { initRegion } from '../../cli/setup/init-region.ts';
import { planJoin } from '../../cli/setup/join-plan.ts';
import { joinRealm } from '../../cli/setup/join-realm.ts';
import { overlayCourier } from '../../cli/setup/overlay-courier.ts';
import { AdminClient } from '../../node/admin/api.ts';
import { CertClient } from '../../node/admin/cert-api.ts';
import { type OpenedNode, openNode } from '../../node/open-node.ts';
import { RelayCertificate } from '../../relay/certificate.ts';
import { openRelayCharter } from '../../relay/charter-file.ts';
import { createRelay, renewalByDoor } from '../../relay/create-relay.ts';
import type { Relay } from '../../relay/relay.ts';
import { type Client, createClient } from '../../src/client/client.ts';
import type { OverlayEvent } from '../../src/overlay/audit.ts';
import { type Clock, systemClock } from '../../src/realm/clock.ts';
import type { Log } from '../../src/realm/log.ts';
import { parseRealmName, parseTier, type RealmName } from '../../src/realm/names.ts';
import { type DataDirectory, openDataDirectory } from '../../src/settings/data-directory.ts';
import { type DurableClock, openDurableClock } from '../../src/settings/durable-clock.ts';
import { writeChain } from '../../src/settings/key-files.ts';
import { openIdentity } from '../../src/settings/live-identity.ts';
import { readRealmFile } from '../../src/settings/realm-file.ts';
import { type GivenSettings, readSettings } from '../../src/settings/settings.ts';

const TTL = 600_000;

export interface LogEntry {
  readonly level: string;
  readonly phrase: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export class WholeRealm {
  readonly realm: RealmName;
  readonly dir: string;
  /** Of the host. */
  readonly clock: Clock;
  /** Of both programs, warnings and errors and what an operator sees. */
  readonly log: LogEntry[] = [];
  /** Security events of the relay. */
  readonly events: OverlayEvent[] = [];
  #node: { readonly opened: OpenedNode; readonly time: DurableClock } | undefined;
  #relay: { readonly relay: Relay; readonly certificate: RelayCertificate; readonly time: DurableClock } | undefined;

  constructor(realm: RealmName, dir: string, clock: Clock) {
    this.realm = realm;
    this.dir = dir;
    this.clock = clock;
  }

  get admin(): AdminClient {
    return new AdminClient(join(this.dir, 'node.sock'));
  }

  get certificates(): CertClient {
    return new CertClient(this.admin);
  }

  get relay(): Relay {
    if (!this.#relay) throw new Error(`the relay of ${this.realm} does not run`);
    return this.#relay.relay;
  }

  async rootFingerprint(): Promise<string> {
    return (await this.#read()).realm.rootFingerprint;
  }

  get url(): string {
    if (!this.#node) throw new Error(`the node of ${this.realm} does not run`);
    return this.#node.opened.url();
  }

  async start(): Promise<void> {
    await this.startRelay();
    await this.startNode();
  }

  async startNode(): Promise<void> {
    const { directory, settings, realm } = await this.#read();
    const log = this.#logger('node');
    const time = await openDurableClock(directory, 'node', log, this.clock);
    await time.start();
    const opened = await openNode({ directory, settings, realm, clock: time.clock, log });
    // Known before it runs: what fails half-way is stopped with the rest.
    this.#node = { opened, time };
    await opened.node.start();
  }

  async startRelay(): Promise<void> {
    const { directory, settings, realm } = await this.#read();
    const log = this.#logger('relay');
    const time = await openDurableClock(directory, 'relay', log, this.clock);
    await time.start();
    const identity = await openIdentity(directory, realm, 'relay');
    const charter = await openRelayCharter(directory, {
      realm: realm.realm,
      rootFingerprint: realm.rootFingerprint,
      clock: time.clock,
      log,
    });
    const shared = { identity, clock: time.clock, log };
    const { ancestors } = realm;
    const audit = (event: OverlayEvent): void => void this.events.push(event);
    const relay = await createRelay({ ...shared, settings: settings.relay, ancestors, charter, audit });
    const write = (pem: string): Promise<void> => writeChain(directory.relay, pem);
    const byDoor = renewalByDoor({ ...shared, ancestors });
    const certificate = new RelayCertificate({ ...shared, relay, charter, byDoor, write, isRenewedHere: true });
    this.#relay = { relay, certificate, time };
    await relay.start();
    certificate.start();
  }

  async stopNode(): Promise<void> {
    await this.#node?.opened.node.stop();
    await this.#node?.time.stop();
    this.#node = undefined;
  }

  async stopRelay(): Promise<void> {
    this.#relay?.certificate.stop();
    await this.#relay?.relay.stop();
    await this.#relay?.time.stop();
    this.#relay = undefined;
  }

  async stop(): Promise<void> {
    await this.stopNode();
    await this.stopRelay();
  }

  /** Registered and logged in. */
  async person(login: string): Promise<Client> {
    await registerUser(this.admin, { login, name: `The ${login}`, password: `first of ${login}` });
    const client = createClient({ server: this.url, ...nodePlatform() });
    await client.login(login, `first of ${login}`, { newPassword: `second of ${login}` });
    client.connect();
    return client;
  }

  async #read() {
    const directory: DataDirectory = await openDataDirectory(this.dir);
    const { settings } = await readSettings(directory, {});
    return { directory, settings, realm: await readRealmFile(directory) };
  }

  #logger(role: string): Log {
    const note = (level: string) => (fields: object, phrase: string) =>
      void this.log.push({ level, phrase, fields: { role, ...fields } });
    return { debug: () => {}, info: note('info'), warn: note('warn'), error: note('error') };
  }
}

/** Realms below one region, each given by name and tier; parents before children. */
export class Tree {
  readonly folder: string;
  readonly realms = new Map<string, WholeRealm>();
  readonly #settings: GivenSettings;

  private constructor(folder: string, settings: GivenSettings) {
    this.folder = folder;
    this.#settings = settings;
  }

  static async plant(settings: GivenSettings = {}): Promise<Tree> {
    return new Tree(await mkdtemp(join(tmpdir(), 'canopy-tree-')), settings);
  }

  at(name: string): WholeRealm {
    const realm = this.realms.get(name);
    if (!realm) throw new Error(`there is no ${name} in this tree`);
    return realm;
  }

  /** Joined, not started. */
  async add(name: string, tier: string, clock = systemClock): Promise<WholeRealm> {
    const realm = new WholeRealm(parseRealmName(name), join(this.folder, name.split('.')[0] ?? name), clock);
    const given = { ...(await loopback(name)), ...this.#settings };
    const parent = this.realms.get(name.split('.').slice(1).join('.'));
    if (parent) {
      const { token } = await parent.admin.invite({ tier: parseTier(tier), realm: realm.realm, ttl: TTL });
      const plan = await planJoin({ line: token, dir: realm.dir, now: Date.now() });
      await joinRealm(plan, given, overlayCourier(plan.token.rootFingerprint));
    } else {
      await initRegion({ realm: realm.realm, dir: realm.dir, given });
    }
    this.realms.set(name, realm);
    return realm;
  }

  async grow(...realms: readonly (readonly [name: string, tier: string])[]): Promise<void> {
    for (const [name, tier] of realms) await (await this.add(name, tier)).start();
  }

  async fell(): Promise<void> {
    for (const realm of [...this.realms.values()].toReversed()) await realm.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function loopback(name: string): Promise<GivenSettings> {
  const [lan = 0, wan = 0, stun = 0] = await freePorts(3);
  return {
    'lan.listen': `127.0.0.1:${lan}`,
    'lan.scheme': 'http',
    'lan.names': [`${name.split('.')[0]}.localhost`],
    'relay.listen': [`127.0.0.1:${wan}`],
    'relay.announce': [`127.0.0.1:${wan}`],
    'relay.stun': [`127.0.0.1:${stun}`],
    'relay.punch': ['tcp'],
    'metrics.node': 'off',
    'metrics.relay': 'off',
  };
}
