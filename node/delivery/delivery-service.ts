// Delivery between nodes: a queue for each destination, a flow for each origin, and the way each message took.
import type { Hop, Network, Path, Stream } from '../../src/overlay/seam.ts';
import { MAX_SETTLED_ASIDE } from '../../src/protocols/custody/index.ts';
import type { Settlement } from '../../src/protocols/custody/settlement.ts';
import { DELIVER_PROTOCOL, MAX_DELIVER_FRAME } from '../../src/protocols/deliver/index.ts';
import type { Clock } from '../../src/realm/clock.ts';
import type { MessageId, UserId } from '../../src/realm/ids.ts';
import type { Log } from '../../src/realm/log.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { Database } from '../../src/store/database.ts';
import type { Audit } from '../audit/audit.ts';
import type { ConversationService } from '../conversations/conversation-service.ts';
import type { Rosters } from '../conversations/rosters.ts';
import { CustodyService } from '../custody/custody-service.ts';
import type { CustodyLimits } from '../custody/quotas.ts';
import { Tracing } from '../custody/tracing.ts';
import type { Directory } from '../directory/directory.ts';
import type { Errands } from '../errands/errands.ts';
import type { BatchSigner, OriginKeys } from './batch-signing.ts';
import { DeliverServer } from './deliver-server.ts';
import type { Backlog, Delivery, DeliveryCounters, MessageRoute, QueueReport } from './delivery.ts';
import { DestinationQueue } from './destination-queue.ts';
import { HandoverStore, storePath } from './handover-store.ts';
import { Inbound } from './inbound.ts';
import { InboundStore, type SetAsideEnvelope } from './inbound-store.ts';
import { MessageRoutes, type MessageRoutesComponents } from './message-routes.ts';
import type { Outbox } from './outbox.ts';
import type { OutboxEntry } from './outbox-entry.ts';
import { Redirecting } from './redirecting.ts';
import { Settling } from './settling.ts';
import type { Standing } from './standing.ts';
import { newTally } from './tally.ts';
import type { Ways } from './ways.ts';

export interface DeliveryInit {
  readonly realm: RealmName;
  readonly incarnation: number;
  /** This program, as it names itself in local routes. */
  readonly self: Hop;
  readonly network: Pick<Network, 'open' | 'handle' | 'onPath'>;
  readonly database: Pick<Database, 'commit' | 'get' | 'iterate'>;
  readonly outbox: Outbox;
  readonly conversations: Pick<ConversationService, 'ingest' | 'fail' | 'locate' | 'locateAny' | 'receiptHistory'>;
  /** To ask the realms between where a message is; without them only the own node tells. */
  readonly errands?: Pick<Errands, 'ask' | 'answer'>;
  readonly directory: Pick<Directory, 'findById'> & Partial<Pick<Directory, 'onChange'>>;
  /** Absent: there are no groups. */
  readonly rosters?: Pick<Rosters, 'find'>;
  readonly signer: BatchSigner;
  readonly keys: OriginKeys;
  readonly audit: Pick<Audit, 'record'>;
  readonly ways: Ways;
  /** Whose mail is held back. */
  readonly standing: Standing;
  /** Default: CUSTODY_LIMITS. */
  readonly custodyLimits?: CustodyLimits;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

/** Streams that one origin may have open: the present one and those that die. */
const MAX_STREAMS = 4;

export function createDelivery(init: DeliveryInit): DeliveryService {
  return new DeliveryService(init);
}

export class DeliveryService implements Delivery {
  readonly #init: DeliveryInit;
  readonly #tally = newTally();
  readonly #queues = new Map<RealmName, DestinationQueue>();
  readonly #inbounds = new Map<RealmName, Promise<Inbound>>();
  readonly #store: InboundStore;
  readonly #routes: MessageRoutes;
  readonly #settling: Settling;
  readonly #redirecting: Redirecting;
  readonly custody: CustodyService;
  readonly #stopped = new AbortController();
  readonly #serving = new Set<Promise<void>>();
  #unsubscribe: (() => void)[] = [];

  constructor(init: DeliveryInit) {
    this.#init = init;
    this.#store = new InboundStore(init.database);
    const { conversations, outbox, clock } = init;
    const onFailed = ({ sender, id }: OutboxEntry, realm: RealmName, code: string) =>
      conversations.fail(sender, id, realm, code);
    const handovers = new HandoverStore(init.database);
    this.#redirecting = new Redirecting({ ...init, handovers, onFailed });
    this.#settling = new Settling({
      outbox,
      clock,
      onFailed,
      redirecting: this.#redirecting,
      wasLent: async ({ id, sender }, realm) => (await this.custody.handed(id, sender, realm)) !== undefined,
    });
    this.custody = new CustodyService(init, {
      inboundOf: (origin) => this.#inboundOf(origin),
      setAsideOf: (origin, incarnation) => this.#store.newestAside(origin, incarnation, MAX_SETTLED_ASIDE),
      onSettled: (settlement, path) => this.#onSettled(settlement, path),
    });
    this.#routes = new MessageRoutes({
      ...init,
      handovers,
      custody: this.custody,
      queue: (of) => this.#queues.get(of)?.report(),
      ...this.#tracing(),
    });
  }

  async start(): Promise<void> {
    const { network, outbox, realm, keys, clock, audit, log, standing } = this.#init;
    const inboundOf = (origin: RealmName) => this.#inboundOf(origin);
    const server = new DeliverServer({ realm, keys, clock, audit, log, inboundOf });
    const options = { allow: 'trusted', maxFrame: MAX_DELIVER_FRAME, maxStreams: MAX_STREAMS } as const;
    network.handle(DELIVER_PROTOCOL, options, (stream) => this.#serve(server, stream));
    this.#unsubscribe = [
      outbox.onAdded((destination) => this.#queueTo(destination).added()),
      network.onPath((report) => this.#queues.get(report.realm)?.onPath(report)),
      standing.onChange(() => this.reconsider()),
    ];
    await this.custody.start();
    await this.#redirecting.start();
    for (const destination of outbox.destinations()) this.#queueTo(destination);
  }

  /** Trusts or revocations changed. */
  reconsider(): void {
    for (const queue of this.#queues.values()) queue.reconsider();
  }

  /** A destination's word on our mail came by custodians; we look at its stream from the other end. */
  async #onSettled(settlement: Settlement, path: Path): Promise<void> {
    const { destination, incarnation, marks, setAside } = settlement;
    const via = path.hops[0]?.realm;
    const hops = path.hops.toReversed();
    const way = storePath({ kind: 'custody', ...(via !== undefined && { via }), hops });
    const count = await this.#settling.settled(destination, { incarnation, marks, setAside }, way);
    if (count > 0) this.custody.progressed(destination);
  }

  async stop(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#stopped.abort();
    const stopping = [...this.#queues.values()].map((queue) => queue.stop());
    await Promise.all([...stopping, this.#redirecting.stop(), this.custody.stop()]);
    await Promise.all(this.#serving);
  }

  /** Asks others, and answers them. */
  #tracing(): Pick<MessageRoutesComponents, 'trace'> {
    const { realm, errands, conversations } = this.#init;
    if (!errands) return {};
    const arrivedAt = async (origin: RealmName, id: MessageId, sender: UserId) => {
      const found = await conversations.locate(sender, id);
      return found?.message.envelope.origin === origin ? found.message.arrivedAt : undefined;
    };
    const tracing = new Tracing({ realm, errands, custody: this.custody, arrivedAt });
    return { trace: (of, query, signal) => tracing.ask(of, query, signal) };
  }

  explainAny(id: MessageId): Promise<MessageRoute | undefined> {
    return this.#routes.explainAny(id);
  }

  explain(user: UserId, id: MessageId): Promise<MessageRoute | undefined> {
    return this.#routes.explain(user, id);
  }

  async queues(): Promise<readonly QueueReport[]> {
    const { outbox } = this.#init;
    return Promise.all(
      [...this.#queues.values()].map(async (queue): Promise<QueueReport> => {
        const { destination: realm } = queue;
        const oldest = (await outbox.oldest(realm))?.queuedAt;
        return { realm, depth: outbox.depth(realm), ...queue.report(), ...(oldest !== undefined && { oldest }) };
      }),
    );
  }

  backlog(): readonly Backlog[] {
    const { outbox } = this.#init;
    const queues = [...this.#queues.values()].map((queue) => ({
      realm: queue.destination,
      depth: outbox.depth(queue.destination),
      ...queue.report(),
    }));
    return queues.filter(({ depth }) => depth > 0);
  }

  counters(): DeliveryCounters {
    return { ...this.#tally };
  }

  /** What came from a realm and could not be processed, the oldest first. */
  setAside(origin: RealmName, limit: number): Promise<SetAsideEnvelope[]> {
    return this.#store.setAside(origin, limit);
  }

  async #serve(server: DeliverServer, stream: Stream): Promise<void> {
    this.#queues.get(stream.peer.realm)?.alive();
    this.custody.alive(stream.peer.realm);
    const serving = server.serve(stream, this.#stopped.signal);
    this.#serving.add(serving);
    await serving;
    this.#serving.delete(serving);
  }

  #inboundOf(origin: RealmName): Promise<Inbound> {
    const { conversations: sink, audit, clock, log } = this.#init;
    let inbound = this.#inbounds.get(origin);
    if (!inbound) {
      inbound = Inbound.open(origin, { store: this.#store, sink, audit, clock, log, tally: this.#tally });
      this.#inbounds.set(origin, inbound);
      inbound.catch(() => this.#inbounds.delete(origin));
    }
    return inbound;
  }

  #queueTo(destination: RealmName): DestinationQueue {
    let queue = this.#queues.get(destination);
    if (!queue) {
      const parts = { ...this.#init, tally: this.#tally, settling: this.#settling, custody: this.custody };
      queue = new DestinationQueue(parts, destination);
      this.#queues.set(destination, queue);
      queue.start();
    }
    return queue;
  }
}
