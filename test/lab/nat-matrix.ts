// The NAT matrix with the whole product: a public region and enterprise, and two split branches whose routers are exchanged
// for each pair of the eight kinds. Before each try all four programs of the branches start from cold; people whose clients
// connect the moment that both servers say "ready" write to each other at once. What is told for a pair: how long after
// that moment both had been shown the first message, which path two nodes then have, and when it had become direct.
import { setTimeout as pause } from 'node:timers/promises';
import { AdminClient } from '../../node/admin/api.ts';
import { RelayClient } from '../../relay/api.ts';
import { parseRealmName } from '../../src/realm/names.ts';
import type { PathKind } from '../../src/realm/path-kinds.ts';
import { dataDirectory } from '../../src/settings/data-directory.ts';
import { type Branch, Deployment } from './deployment.ts';
import { Internet } from './internet.ts';
import { NAT_TYPES, type NatType } from './nat.ts';
import type { Person } from './person.ts';

export interface MatrixOptions {
  /** Only pairs of these kinds; all when empty. */
  readonly only: readonly NatType[];
  /** How often each pair is tried. */
  readonly runs: number;
  readonly tell: (line: string) => void;
}

export interface MatrixRow {
  readonly first: NatType;
  readonly second: NatType;
  readonly expected: PathKind;
  /** What the last try ended with. */
  readonly path: PathKind;
  /** Tries in which both people were shown the other's message. */
  readonly delivered: number;
  readonly runs: number;
  /** Milliseconds from both servers' readiness until both messages were shown; the median of the tries. */
  readonly firstMessage: number;
  /** The same until the nodes' path was direct; undefined where it stays relayed. */
  readonly direct: number | undefined;
}

/** Reached by plain TCP from everywhere that lets the port out. */
const REACHABLE: readonly NatType[] = ['open', 'full-cone'];
/** One outer port whoever is asked, so that both sides can meet. */
const PUNCHABLE: readonly NatType[] = ['port-restricted', 'cgnat', 'udp-blocked'];
const DELIVERY_LIMIT = 30_000;
const DIRECT_LIMIT = 45_000;
/** A round of all ways to a direct path ends by then, and usually sooner: what is relayed after it stays so. */
const ROUND = 30_000;
const LOOK_EVERY = 100;

/** Where the experiments found a direct way (src/overlay/links says which). */
export function expectedPath(a: NatType, b: NatType): PathKind {
  if (a === 'tcp-443' || b === 'tcp-443') return 'relayed';
  if (REACHABLE.includes(a) || REACHABLE.includes(b)) return 'direct-tcp';
  return PUNCHABLE.includes(a) && PUNCHABLE.includes(b) ? 'direct-tcp' : 'relayed';
}

export function pairsOf(only: readonly NatType[]): [NatType, NatType][] {
  const kinds = NAT_TYPES.filter((kind) => only.length === 0 || only.includes(kind));
  return kinds.flatMap((a, index) => kinds.slice(index).map((b): [NatType, NatType] => [a, b]));
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return Math.round(((sorted[Math.floor(middle)] ?? Number.NaN) + (sorted[Math.ceil(middle)] ?? Number.NaN)) / 2);
}

interface Try {
  readonly firstMessage: number | undefined;
  readonly direct: number | undefined;
  readonly path: PathKind;
}

export class NatMatrix {
  readonly #internet: Internet;
  readonly #deployment: Deployment;
  readonly #people: readonly [Person, Person];
  #branches: readonly [Branch, Branch];
  #count = 0;

  private constructor(
    internet: Internet,
    deployment: Deployment,
    branches: readonly [Branch, Branch],
    people: readonly [Person, Person],
  ) {
    this.#internet = internet;
    this.#deployment = deployment;
    this.#branches = branches;
    this.#people = people;
  }

  static async create(): Promise<NatMatrix> {
    const internet = new Internet('matrix');
    const deployment = await Deployment.create(internet);
    try {
      return await NatMatrix.#populate(internet, deployment);
    } catch (error) {
      await deployment.stop();
      throw error;
    }
  }

  static async #populate(internet: Internet, deployment: Deployment): Promise<NatMatrix> {
    const enterprise = await deployment.enterprise('acme.ua', await deployment.region('ua'));
    const [first, second] = [
      await deployment.branch('kyiv.acme.ua', internet.site('kyiv', 'port-restricted'), enterprise),
      await deployment.branch('lviv.acme.ua', internet.site('lviv', 'port-restricted'), enterprise),
    ];
    await deployment.user(first, 'clerk', 'Clerk One');
    await deployment.user(second, 'engineer', 'Engineer One');
    const [clerk, engineer] = [`clerk@${first.realm}`, `engineer@${second.realm}`];
    await deployment.acquaint([first, second], [clerk, engineer]);
    const people = [await deployment.person(first, 'clerk'), await deployment.person(second, 'engineer')] as const;
    await people[0].meet(engineer);
    await people[1].meet(clerk);
    return new NatMatrix(internet, deployment, [first, second], people);
  }

  async pair(kinds: readonly [NatType, NatType], runs: number, tell: (line: string) => void): Promise<MatrixRow> {
    const expected = expectedPath(...kinds);
    const tries: Try[] = [];
    for (let run = 0; run < runs; run++) tries.push(await this.#try(kinds, expected, run > 0));
    const delivered = tries.flatMap(({ firstMessage }) => firstMessage ?? []);
    const direct = tries.flatMap((each) => each.direct ?? []);
    const row = {
      first: kinds[0],
      second: kinds[1],
      expected,
      path: tries.at(-1)?.path ?? 'relayed',
      delivered: delivered.length,
      runs,
      firstMessage: median(delivered),
      direct: direct.length > 0 ? median(direct) : undefined,
    };
    tell(`${kinds.join(' and ')}: ${JSON.stringify(tries)}`);
    return row;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#people.map((person) => person.stop()));
    await this.#deployment.stop();
  }

  async #try(kinds: readonly [NatType, NatType], expected: PathKind, again: boolean): Promise<Try> {
    for (const person of this.#people) person.tell({ disconnect: true });
    await this.#deployment.halt(this.#branches);
    const [first, second] = this.#branches;
    const sites = [this.#internet.rewire(first.site, kinds[0]), this.#internet.rewire(second.site, kinds[1])] as const;
    const placed = [
      { ...first, site: sites[0] },
      { ...second, site: sites[1] },
    ] as const;
    const [one, other] = await this.#deployment.resume(placed);
    this.#branches = [one ?? placed[0], other ?? placed[1]];
    const ready = Date.now();
    const shown = await this.#exchange();
    const firstMessage = shown === undefined ? undefined : shown - ready;
    // Whether a relayed path stays so was seen at the first try.
    const patience = expected === 'relayed' ? (again ? 0 : ROUND) : DIRECT_LIMIT;
    return { firstMessage, ...(await this.#settled(ready, patience)) };
  }

  /** A message each way. @returns when the later one was shown, undefined when one was not */
  async #exchange(): Promise<number | undefined> {
    const text = `message ${++this.#count}`;
    for (const person of this.#people) {
      person.tell({ connect: true });
      person.tell({ send: text });
    }
    try {
      return Math.max(...(await Promise.all(this.#people.map((person) => person.shown(text, DELIVERY_LIMIT)))));
    } catch {
      return undefined;
    }
  }

  /** The path of a stream between the nodes once it is direct; else the one that it has when every way was tried. */
  async #settled(ready: number, patience: number): Promise<Pick<Try, 'direct' | 'path'>> {
    const [{ nodeDir }, { realm }] = this.#branches;
    const admin = new AdminClient(dataDirectory(nodeDir).socket.node);
    for (const end = ready + patience; ; ) {
      const isExhausted = await this.#hasTriedAll();
      const { kind } = (await admin.ping(parseRealmName(realm), DELIVERY_LIMIT)).path;
      if (kind !== 'relayed') return { direct: Date.now() - ready, path: kind };
      if (Date.now() > end || isExhausted) return { direct: undefined, path: kind };
      await pause(LOOK_EVERY);
    }
  }

  /** Both relays have a round of all ways behind them and wait for the next. */
  async #hasTriedAll(): Promise<boolean> {
    const [first, second] = this.#branches;
    const ends = [
      [first, second],
      [second, first],
    ] as const;
    const tried = ends.map(async ([from, to]) => {
      const { relays } = await new RelayClient(dataDirectory(from.relayDir).socket.relay).status();
      const link = relays.find(({ realm }) => realm === to.realm);
      return link?.phase === 'relayed' && link.rounds > 0 && link.nextRoundIn !== undefined;
    });
    return (await Promise.all(tried)).every(Boolean);
  }
}

/** All pairs, one after the other. */
export async function measureMatrix({ only, runs, tell }: MatrixOptions): Promise<MatrixRow[]> {
  const matrix = await NatMatrix.create();
  try {
    const rows: MatrixRow[] = [];
    for (const kinds of pairsOf(only)) rows.push(await matrix.pair(kinds, runs, tell));
    return rows;
  } finally {
    await matrix.stop();
  }
}
