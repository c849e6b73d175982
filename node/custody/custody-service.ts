// Custody of one node, put together: what it holds for others, what it lends of its own outbox to the next realm on the tree,
// the settlements on their way back, and a queue for each neighbour that any of it goes to.
import type { Network, Path, Stream } from '../../src/overlay/seam.ts';
import { CUSTODY_PROTOCOL, MAX_CUSTODY_FRAME } from '../../src/protocols/custody/index.ts';
import type { Settlement } from '../../src/protocols/custody/settlement.ts';
import { NO_MARKS } from '../../src/protocols/deliver/mark-set.ts';
import type { Clock } from '../../src/realm/clock.ts';
import type { MessageId, UserId } from '../../src/realm/ids.ts';
import type { Log } from '../../src/realm/log.ts';
import type { RealmName } from '../../src/realm/names.ts';
import { nextOnTree } from '../../src/realm/tree.ts';
import type { Database } from '../../src/store/database.ts';
import type { Audit } from '../audit/audit.ts';
import type { BatchSigner, OriginKeys } from '../delivery/batch-signing.ts';
import type { Inbound } from '../delivery/inbound.ts';
import type { SetAsideEnvelope } from '../delivery/inbound-store.ts';
import type { Outbox } from '../delivery/outbox.ts';
import type { Standing } from '../delivery/standing.ts';
import type { Custody, CustodyCounters, CustodyLoad, CustodyTrace } from './custody.ts';
import { CustodyServer } from './custody-server.ts';
import { CustodyStore, type HandedRecord } from './custody-store.ts';
import { newCustodyTally } from './custody-tally.ts';
import type { Flow } from './hand-on.ts';
import { HeldMail } from './held-mail.ts';
import { NeighbourQueue } from './neighbour-queue.ts';
import { OwnFlow } from './own-flow.ts';
import { CUSTODY_LIMITS, type CustodyLimits } from './quotas.ts';
import { Settlements } from './settlements.ts';
import { Sweeping } from './sweeping.ts';
import { Taking } from './taking.ts';

export interface CustodyInit {
  readonly realm: RealmName;
  readonly network: Pick<Network, 'open' | 'handle' | 'onPath'>;
  readonly database: Pick<Database, 'commit' | 'get' | 'iterate'>;
  readonly outbox: Pick<Outbox, 'read' | 'oldest' | 'depth'>;
  readonly signer: BatchSigner;
  readonly keys: OriginKeys;
  readonly audit: Pick<Audit, 'record'>;
  readonly standing: Standing;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly custodyLimits?: CustodyLimits;
}

/** What delivery does for custody. */
export interface CustodyHooks {
  inboundOf(origin: RealmName): Promise<Inbound>;
  /** What came from a realm and was set aside, the newest. */
  setAsideOf(origin: RealmName, incarnation: number): Promise<readonly SetAsideEnvelope[]>;
  /** Our own mail was settled. */
  onSettled(settlement: Settlement, path: Path): Promise<void>;
}

/** Milliseconds after which an operator is told of held mail, and pairs of realms that are named. */
const LONG_HELD = 24 * 60 * 60_000;
const MAX_WARNINGS = 5;

/** Streams that one neighbour may have open: the present one and those that die. */
const MAX_STREAMS = 4;

export class CustodyService implements Custody {
  readonly #init: CustodyInit;
  readonly #tally = newCustodyTally();
  readonly #store: CustodyStore;
  readonly #held: HeldMail;
  readonly #settlements: Settlements;
  readonly #taking: Taking;
  readonly #sweeping: Sweeping;
  readonly #own = new Map<RealmName, OwnFlow>();
  readonly #lent = new Set<RealmName>();
  readonly #queues = new Map<RealmName, NeighbourQueue>();
  readonly #stopped = new AbortController();
  readonly #serving = new Set<Promise<void>>();
  #unsubscribe: (() => void)[] = [];

  constructor(init: CustodyInit, hooks: CustodyHooks) {
    this.#init = init;
    const { realm, database, clock, standing, custodyLimits: limits = CUSTODY_LIMITS } = init;
    const store = new CustodyStore(database);
    this.#store = store;
    const tally = this.#tally;
    const isFrozen = (of: RealmName) => standing.isFrozen(of);
    this.#held = new HeldMail({ realm, database, store, clock, limits, tally, isFrozen });
    const marksOf = async (origin: RealmName, incarnation: number) => ({
      marks: (await hooks.inboundOf(origin)).marks.get(incarnation) ?? NO_MARKS,
      setAside: await hooks.setAsideOf(origin, incarnation),
    });
    this.#settlements = new Settlements({ ...init, store, held: this.#held, marksOf });
    const wake = (towards: RealmName) => this.#wake(towards);
    const kept = { held: this.#held, settlements: this.#settlements };
    this.#taking = new Taking({ ...init, ...hooks, ...kept, wake, tally });
    this.#sweeping = new Sweeping({ ...init, ...kept, store, tally });
  }

  async start(): Promise<void> {
    const { network, standing } = this.#init;
    await this.#held.load();
    await this.#settlements.load();
    const server = new CustodyServer({ ...this.#init, taker: this.#taking });
    const options = { allow: 'family', maxFrame: MAX_CUSTODY_FRAME, maxStreams: MAX_STREAMS } as const;
    network.handle(CUSTODY_PROTOCOL, options, (stream) => this.#serve(server, stream));
    this.#unsubscribe = [
      network.onPath((report) => this.#queues.get(report.realm)?.onPath(report)),
      standing.onChange(() => this.#wakeAll()),
    ];
    this.#wakeAll();
    this.#sweeping.start();
  }

  async stop(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#stopped.abort();
    const stopping = [...this.#queues.values()].map((queue) => queue.stop());
    await Promise.all([this.#sweeping.stop(), ...stopping, ...this.#serving]);
  }

  /** From now on the next realm on the tree is given a copy of what waits for this destination. */
  lend(destination: RealmName): void {
    const next = nextOnTree(this.#init.realm, destination);
    if (next === undefined || this.#stopped.signal.aborted) return;
    this.#lent.add(destination);
    if (!this.#own.has(destination)) {
      const parts = { ...this.#init, store: this.#store };
      this.#own.set(destination, new OwnFlow(parts, destination, next));
    }
    this.#queueTo(next).wake();
  }

  /** No more: it gets it from us, or nothing at all. */
  withdraw(destination: RealmName): void {
    this.#lent.delete(destination);
  }

  /** Something was settled: what was lent did arrive. */
  progressed(destination: RealmName): void {
    this.#own.get(destination)?.progressed();
  }

  /** Why the next realm does not hold what is lent; undefined while nothing speaks against it. */
  obstacle(destination: RealmName): { code: string; since?: number } | undefined {
    const flow = this.#own.get(destination);
    const queue = flow && this.#queues.get(flow.next);
    if (queue?.code !== undefined)
      return { code: queue.code, ...(queue.since !== undefined && { since: queue.since }) };
    return flow?.code === undefined ? undefined : { code: flow.code };
  }

  handed(id: MessageId, sender: UserId, realm: RealmName): Promise<HandedRecord | undefined> {
    return this.#store.handed(id, sender, realm);
  }

  async trace(
    origin: RealmName,
    destination: RealmName,
    incarnation: number,
    n: number,
  ): Promise<CustodyTrace | undefined> {
    const held = this.#held.find(origin, destination, incarnation, n);
    if (!held) return this.#past(origin, destination, incarnation, n);
    const next = nextOnTree(this.#init.realm, destination);
    const { heldAt, from, passedAt } = held;
    const known = { heldAt, from, ...(next !== undefined && { next }) };
    return passedAt > 0 ? { ...known, passedAt } : { ...known, ...this.#whyHere(origin, destination, next) };
  }

  async #past(
    origin: RealmName,
    destination: RealmName,
    incarnation: number,
    n: number,
  ): Promise<CustodyTrace | undefined> {
    const trace = await this.#store.trace(origin, destination, incarnation, n);
    if (!trace) return undefined;
    const { heldAt, from, passedAt, endedAt, code } = trace;
    const next = nextOnTree(this.#init.realm, destination);
    const known = { heldAt, from, endedAt, ...(next !== undefined && { next }) };
    return { ...known, ...(passedAt > 0 && { passedAt }), ...(code && { code }) };
  }

  #whyHere(origin: RealmName, destination: RealmName, next: RealmName | undefined): { code?: string; since?: number } {
    if (this.#init.standing.isFrozen(destination)) return { code: 'frozen' };
    const queue = next && this.#queues.get(next);
    if (queue?.code !== undefined)
      return { code: queue.code, ...(queue.since !== undefined && { since: queue.since }) };
    const code = this.#held.codeOf(origin, destination);
    return code === undefined ? {} : { code };
  }

  warnings(): string[] {
    const long = this.#held.report(this.#init.clock.now() - LONG_HELD);
    const lines = long.slice(0, MAX_WARNINGS).map(({ origin, destination, oldest, frozen, code }) => {
      const why = frozen ? ', since that realm is revoked' : code === undefined ? '' : ` (${code})`;
      return `mail of ${origin} for ${destination} is held here since ${new Date(oldest).toISOString()}${why}`;
    });
    const more = long.length - lines.length;
    return more > 0 ? [...lines, `mail for ${more} more pairs of realms is held here for more than a day`] : lines;
  }

  counters(): CustodyCounters {
    return { ...this.#tally };
  }

  load(): CustodyLoad {
    return { bytes: this.#held.bytes, batches: this.#held.count };
  }

  /** Looks for what has had its time. */
  sweep(): Promise<void> {
    return this.#sweeping.sweep();
  }

  /** That realm's node speaks to us: what waits for it need not sleep on. */
  alive(realm: RealmName): void {
    this.#queues.get(realm)?.alive();
  }

  async #serve(server: CustodyServer, stream: Stream): Promise<void> {
    this.alive(stream.peer.realm);
    const serving = server.serve(stream, this.#stopped.signal);
    this.#serving.add(serving);
    await serving;
    this.#serving.delete(serving);
  }

  #wake(towards: RealmName): void {
    const next = nextOnTree(this.#init.realm, towards);
    if (next !== undefined && !this.#stopped.signal.aborted) this.#queueTo(next).wake();
  }

  #wakeAll(): void {
    this.#held.unblock();
    for (const flow of this.#own.values()) flow.unblock();
    const own = [...this.#lentFlows(), ...this.#settlements.flows()].map((flow) => flow.next);
    for (const next of new Set([...own, ...this.#held.neighbours()])) this.#queueTo(next).wake();
  }

  /** Those alone in which something may become due. */
  #flows(next: RealmName): Flow[] {
    const own = this.#lentFlows().filter((flow) => flow.next === next);
    const settlements = this.#settlements.flows().filter((flow) => flow.next === next);
    return [...settlements, ...own, ...this.#held.flows(next)];
  }

  #lentFlows(): OwnFlow[] {
    const lent = [...this.#lent].flatMap((destination) => this.#own.get(destination) ?? []);
    return lent.filter((flow) => flow.isPending);
  }

  #queueTo(neighbour: RealmName): NeighbourQueue {
    let queue = this.#queues.get(neighbour);
    if (!queue) {
      queue = new NeighbourQueue({ ...this.#init, flows: (next) => this.#flows(next) }, neighbour);
      this.#queues.set(neighbour, queue);
      queue.start();
    }
    return queue;
  }
}
