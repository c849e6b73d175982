// What the rest of the node sees of custody. `CustodyService` in custody-service.ts makes it.
import type { RealmName } from '../../src/realm/names.ts';

/** What a custodian knows of one number of a sequence. */
export interface CustodyTrace {
  /** Milliseconds since 1970, as all times here: since when it was held. */
  readonly heldAt: number;
  readonly from: RealmName;
  readonly next?: RealmName;
  /** When the next realm took it. */
  readonly passedAt?: number;
  /** When the destination's word about it was here, or it was dropped. */
  readonly endedAt?: number;
  /** Why it does not go on: a code of the next realm, of the way to it, `frozen`, or why it was dropped. */
  readonly code?: string;
  /** Since when no way leads to the next realm. */
  readonly since?: number;
}

/** What was counted since the start. */
export interface CustodyCounters {
  readonly [name: string]: number;
  /** Batches taken into custody, and handed on to the next realm. */
  readonly held: number;
  readonly passed: number;
  /** Batches that came again. */
  readonly repeated: number;
  readonly declined: number;
  readonly expired: number;
  readonly settled: number;
}

/** What is held now. */
export interface CustodyLoad {
  readonly bytes: number;
  readonly batches: number;
}

export interface Custody {
  trace(origin: RealmName, destination: RealmName, incarnation: number, n: number): Promise<CustodyTrace | undefined>;
  /** What an operator should look at: mail that has been held for more than a day. */
  warnings(): string[];
  counters(): CustodyCounters;
  load(): CustodyLoad;
}
