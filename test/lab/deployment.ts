// Canopy set up in the laboratory by the very commands of the operator guide: a region and an enterprise on public hosts,
// branches split over a DMZ host and a LAN host.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Internet, PublicHost, Site } from './internet.ts';
import type { Namespace } from './namespace.ts';
import { Person } from './person.ts';
import { Program, succeed } from './program.ts';

const LAN_PORT = 8443;
const WAN_PORT = 4443;
/** Milliseconds for a new user to be known in another branch. */
const LEDGER_LIMIT = 60_000;
/** Every person's password here, after the first one was changed. */
const PASSWORD = 'five lamps along the quay';
const FIRST_PASSWORD = 'first password, to be changed';

export interface PublicRealm {
  readonly realm: string;
  readonly where: PublicHost;
  readonly dir: string;
  readonly server: Program;
}

export interface Branch {
  readonly realm: string;
  readonly site: Site;
  readonly relayDir: string;
  readonly nodeDir: string;
  readonly relay: Program;
  readonly node: Program;
  /** The LAN authority's certificate, for people's clients. */
  readonly lanAuthority: string;
}

export class Deployment {
  /** Of users that `user` adds. */
  static readonly firstLogin = { password: FIRST_PASSWORD };
  readonly folder: string;
  readonly #internet: Internet;
  readonly #serverEnv: Record<string, string>;
  readonly #programs: Program[] = [];

  private constructor(folder: string, internet: Internet, serverEnv: Record<string, string>) {
    this.folder = folder;
    this.#internet = internet;
    this.#serverEnv = serverEnv;
  }

  /** @param serverEnv environment variables of every server beyond the test's own */
  static async create(internet: Internet, serverEnv: Record<string, string> = {}): Promise<Deployment> {
    return new Deployment(await mkdtemp(join(tmpdir(), 'canopy-lab-')), internet, serverEnv);
  }

  async region(realm: string): Promise<PublicRealm> {
    const where = this.#internet.publicHost(realm.replaceAll('.', '-'));
    const dir = join(this.folder, realm);
    await succeed(where.host, ['init', 'region', realm, '--dir', dir, ...listening(where)]);
    return { realm, where, dir, server: await this.#started(where.host, dir) };
  }

  /** After its programs ended. */
  async startAgain(realm: PublicRealm): Promise<PublicRealm> {
    return { ...realm, server: await this.#started(realm.where.host, realm.dir) };
  }

  async enterprise(realm: string, parent: PublicRealm): Promise<PublicRealm> {
    const where = this.#internet.publicHost(realm.replaceAll('.', '-'));
    const dir = join(this.folder, realm);
    const token = await invite(parent, 'enterprise', realm);
    await succeed(where.host, ['join', '-', '--dir', dir, ...listening(where)], { input: `${token}\n` });
    return { realm, where, dir, server: await this.#started(where.host, dir) };
  }

  /**
   * A branch split over its DMZ host and its LAN host.
   * @param relayEnv settings of the relay beyond the defaults, as environment variables
   */
  async branch(realm: string, site: Site, parent: PublicRealm, relayEnv: Record<string, string> = {}): Promise<Branch> {
    const relayDir = join(this.folder, `${realm}-dmz`);
    const nodeDir = join(this.folder, `${realm}-lan`);
    const token = await invite(parent, 'branch', realm);
    const wan = ['--wan', `${site.dmzInside}:${WAN_PORT}`];
    const pairing = await succeed(site.dmz, ['join', '-', '--only', 'relay', '--dir', relayDir, ...wan], {
      input: `${token}\n`,
    });
    const relay = await this.#started(site.dmz, relayDir, 'relay', { ...doors(site), ...relayEnv });
    const lan = ['--lan', `${site.nodeAddress}:${LAN_PORT}`];
    await succeed(site.node, ['join', '-', '--only', 'node', '--dir', nodeDir, ...lan], { input: `${pairing}\n` });
    const node = await this.#started(site.node, nodeDir, 'node');
    const lanAuthority = join(this.folder, `${realm}-lan-authority.pem`);
    await writeFile(
      lanAuthority,
      `${await succeed(site.node, ['cert', 'show', '--lan-authority', '--dir', nodeDir])}\n`,
    );
    return { realm, site, relayDir, nodeDir, relay, node, lanAuthority };
  }

  /** Gives the branch a second relay on another host of its DMZ. The node is told, and started again. */
  async secondRelay(branch: Branch): Promise<{ readonly branch: Branch; readonly second: Program }> {
    const { site, realm, nodeDir } = branch;
    const { host, address } = this.#internet.secondDmz(site);
    const dir = join(this.folder, `${realm}-dmz2`);
    const token = await succeed(site.node, ['invite', 'relay', '--dir', nodeDir]);
    const wan = ['--wan', `${address}:${WAN_PORT}`];
    const pairing = await succeed(host, ['join', '-', '--only', 'relay', '--dir', dir, ...wan], {
      input: `${token}\n`,
    });
    const second = await this.#started(host, dir, 'relay');
    await succeed(site.node, ['join', '-', '--only', 'node', '--dir', nodeDir], { input: `${pairing}\n` });
    await branch.node.stop();
    return { branch: { ...branch, node: await this.#started(site.node, nodeDir, 'node') }, second };
  }

  /** One more start of a relay that ended. */
  async relayAgain(branch: Branch): Promise<Branch> {
    return { ...branch, relay: await this.#started(branch.site.dmz, branch.relayDir, 'relay', doors(branch.site)) };
  }

  async nodeAgain(branch: Branch): Promise<Branch> {
    return { ...branch, node: await this.#started(branch.site.node, branch.nodeDir, 'node') };
  }

  async user(branch: Branch, login: string, name: string): Promise<void> {
    await succeed(branch.site.node, ['user', 'add', login, '--name', name, '--dir', branch.nodeDir], {
      input: `${FIRST_PASSWORD}\n`,
    });
  }

  /** Waits until each branch knows the users of all: the ledgers bring them a moment after they were added. */
  async acquaint(branches: readonly Branch[], addresses: readonly string[]): Promise<void> {
    await Promise.all(branches.map(({ site, nodeDir }) => untilKnown(site.node, nodeDir, addresses)));
  }

  /** Somebody's terminal client at a desk of the branch, logged in. */
  async chat(branch: Branch, login: string): Promise<Program> {
    const server = `https://${branch.site.nodeAddress}:${LAN_PORT}`;
    const args = [
      'chat',
      '--server',
      server,
      '--user',
      `${login}@${branch.realm}`,
      '--ca',
      branch.lanAuthority,
      '--json',
    ];
    const program = new Program(branch.site.desk, args, {
      CANOPY_PASSWORD: FIRST_PASSWORD,
      CANOPY_NEW_PASSWORD: PASSWORD,
      // beside the servers' folders, which a test may look through
      CANOPY_CHAT_DIR: join(`${this.folder}-chats`, branch.realm, login),
    });
    this.#programs.push(program);
    await program.line((line) => line['event'] === 'ready');
    return program;
  }

  /** Logged in at a desk of the branch with the client library, not connected yet. */
  person(branch: Branch, login: string): Promise<Person> {
    return Person.create(branch.site.desk, {
      server: `https://${branch.site.nodeAddress}:${LAN_PORT}`,
      user: `${login}@${branch.realm}`,
      ca: branch.lanAuthority,
      password: FIRST_PASSWORD,
      newPassword: PASSWORD,
    });
  }

  async halt(branches: readonly Branch[]): Promise<void> {
    await Promise.all(branches.flatMap(({ relay, node }) => [relay.stop(), node.stop()]));
  }

  /** Starts both programs of each branch, all at once. Resolves when all are ready. */
  resume(branches: readonly Branch[], relayEnv: Record<string, string> = {}): Promise<Branch[]> {
    return Promise.all(
      branches.map(async (branch) => {
        const [relay, node] = await Promise.all([
          this.#started(branch.site.dmz, branch.relayDir, 'relay', { ...doors(branch.site), ...relayEnv }),
          this.#started(branch.site.node, branch.nodeDir, 'node'),
        ]);
        return { ...branch, relay, node };
      }),
    );
  }

  async restart(branches: readonly Branch[], relayEnv: Record<string, string> = {}): Promise<Branch[]> {
    await this.halt(branches);
    return this.resume(branches, relayEnv);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#programs.map((program) => program.stop()));
    for (const folder of [this.folder, `${this.folder}-chats`]) await rm(folder, { recursive: true, force: true });
  }

  async #started(host: Namespace, dir: string, only?: 'node' | 'relay', env = {}): Promise<Program> {
    const args = ['start', '--json', '--dir', dir, ...(only ? ['--only', only] : [])];
    const program = new Program(host, args, { ...this.#serverEnv, ...env });
    this.#programs.push(program);
    await program.line((line) => line['ready'] === true);
    return program;
  }
}

/** Where a branch's relay listens behind the router that it has now; settings that beat those of its file. */
function doors({ nat, dmzAddress, dmzInside }: Site): Record<string, string> {
  const inside = `${dmzInside}:${WAN_PORT}`;
  if (nat !== 'open') return { CANOPY_WAN: inside };
  const outside = `${dmzAddress}:${WAN_PORT}`;
  return { CANOPY_WAN: `${outside},${inside}`, CANOPY_ANNOUNCE: outside };
}

function listening({ address }: PublicHost): string[] {
  const wan = `${address}:${WAN_PORT}`;
  return [
    '--lan',
    `${address}:${LAN_PORT}`,
    '--wan',
    wan,
    '--wan',
    `${address}:443`,
    '--announce',
    wan,
    '--announce',
    `${address}:443`,
  ];
}

/** Asks the realm of `dir` for all users that it knows, until these are among them. */
export async function untilKnown(host: Namespace, dir: string, addresses: readonly string[]): Promise<void> {
  for (const end = Date.now() + LEDGER_LIMIT; ; ) {
    const listed = await succeed(host, ['user', 'list', '--all', '--json', '--dir', dir]);
    const missing = addresses.filter((address) => !listed.includes(`"${address}"`));
    if (missing.length === 0) return;
    if (Date.now() > end) throw new Error(`${missing.join(', ')} not known in ${dir}: ${listed}`);
  }
}

async function invite(parent: PublicRealm, tier: 'enterprise' | 'branch', realm: string): Promise<string> {
  return succeed(parent.where.host, ['invite', tier, realm, '--dir', parent.dir]);
}
