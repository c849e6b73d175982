// What the rest of the node sees of delivery: queues to other realms, and the way each message took. `createDelivery` in
// delivery-service.ts makes it.
import type { Path } from '../../src/overlay/seam.ts';
import type { MessageId, UserId } from '../../src/realm/ids.ts';
import type { RealmName } from '../../src/realm/names.ts';

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

/** How a message came to one realm. */
export interface RouteLeg {
  readonly realm: RealmName;
  readonly state: 'queued' | 'handed-over' | 'failed';
  /** Milliseconds since 1970: when that realm had it on disk. */
  readonly at?: number;
  /** Of the stream that carried it: node, relay, relay, node, each as reported by its own process. */
  readonly path?: Path;
  readonly code?: string;
}

export interface MessageRoute {
  readonly id: MessageId;
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
  queues(): Promise<readonly QueueReport[]>;
  counters(): DeliveryCounters;
  start(): Promise<void>;
  stop(): Promise<void>;
}
