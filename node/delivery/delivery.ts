// What the rest of the node sees of delivery: queues to other realms, and the way each message took. `createDelivery` in
// delivery-service.ts makes it.
import type { MessageId, UserId } from '../../src/realm/ids.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { Travelled } from './handover-store.ts';

/** One queue of what another realm has not acknowledged. */
export interface QueueReport {
  readonly realm: RealmName;
  readonly depth: number;
  /** Milliseconds since 1970 at which the oldest entry was queued. */
  readonly oldest?: number;
  /**
   * `idle`: nothing waits. `waiting`: between two tries. `custody`: the next realm on the tree gets it. `frozen`: the
   * destination is revoked.
   */
  readonly state: 'idle' | 'connecting' | 'sending' | 'waiting' | 'custody' | 'frozen';
  /** Why it does not go on. */
  readonly code?: string;
  /** Milliseconds since 1970: since when no way leads on. */
  readonly since?: number;
  /** Who holds a copy of what waits, as far as it was taken there. */
  readonly custodian?: RealmName;
}

/** What of a queue is known without reading the disk. */
export type Backlog = Pick<QueueReport, 'realm' | 'depth' | 'state' | 'code' | 'since'>;

/** One thing that happened to a message on its way. */
export interface RouteStep {
  /**
   * `accepted`: written at the sender's node. `held`: a custodian has it on disk. `passed`: the next realm took it from that
   * custodian. `arrived`: the destination has it on disk. The rest is of one recipient.
   */
  readonly kind: 'accepted' | 'held' | 'passed' | 'arrived' | 'delivered' | 'read' | 'failed';
  readonly realm: RealmName;
  /** Milliseconds since 1970, by the clock of that realm. */
  readonly at: number;
  readonly user?: UserId;
  readonly code?: string;
}

/** Why a message does not go on. */
export interface Obstacle {
  /** Where it lies. */
  readonly realm: RealmName;
  /** Whom it waits for. */
  readonly next?: RealmName;
  readonly code: string;
  /** Milliseconds since 1970. */
  readonly since?: number;
}

/** How a message came to one realm, or how far. */
export interface RouteLeg {
  readonly realm: RealmName;
  readonly way: 'local' | 'direct' | 'tree' | 'none';
  /** `in-custody`: a custodian has it, the destination not yet. */
  readonly state: 'queued' | 'in-custody' | 'handed-over' | 'failed';
  /** Milliseconds since 1970: when the sender's node learnt it. */
  readonly at?: number;
  /** Of the stream that carried it: node, relay, relay, node, each as reported by its own process; with the custodians before it. */
  readonly path?: Travelled;
  readonly code?: string;
  /** In the order in which it happened. */
  readonly steps: readonly RouteStep[];
  readonly stuck?: Obstacle;
}

export interface MessageRoute {
  readonly id: MessageId;
  readonly sender: UserId;
  /** For a sender one leg for each realm with recipients, the own realm included; for a recipient the one leg to here. */
  readonly legs: readonly RouteLeg[];
}

/** What was counted since the start. */
export interface DeliveryCounters {
  readonly sent: number;
  readonly received: number;
  readonly duplicates: number;
  readonly quarantined: number;
  readonly foreign: number;
}

export interface Delivery {
  /** Undefined for a message that this user neither sent nor received. */
  explain(user: UserId, id: MessageId): Promise<MessageRoute | undefined>;
  /** The same for the operator, whoever it concerns. */
  explainAny(id: MessageId): Promise<MessageRoute | undefined>;
  queues(): Promise<readonly QueueReport[]>;
  /** Queues that are not empty. */
  backlog(): readonly Backlog[];
  counters(): DeliveryCounters;
  start(): Promise<void>;
  stop(): Promise<void>;
}
