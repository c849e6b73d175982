// What can be handed on to a neighbour, whatever it is: a batch of our own outbox, one that is held for others, a settlement.
import type { Station } from '../../src/protocols/custody/frames.ts';
import type { RealmName } from '../../src/realm/names.ts';

/** How a neighbour answered, or `broken`: the stream ended before it did. */
export type Answer =
  | { readonly kind: 'taken' }
  | { readonly kind: 'declined'; readonly code: string }
  | { readonly kind: 'broken' };

interface Common {
  /** Bytes on the way, for the limit of what is unanswered. */
  readonly bytes: number;
  readonly ref: Uint8Array;
  readonly chain: Uint8Array;
  /** Called once. */
  answered(answer: Answer): Promise<void>;
}

export type Item =
  | (Common & { readonly kind: 'batch'; readonly trail: readonly Station[]; readonly payload: Uint8Array })
  | (Common & { readonly kind: 'settlement'; readonly settled: Uint8Array; readonly signature: Uint8Array });

/** Items of one pair of realms in order. A neighbour's flows have turns, so that no pair waits behind another. */
export interface Flow {
  /** The neighbour on the way. */
  readonly next: RealmName;
  /** Undefined when nothing is due now. */
  take(): Promise<Item | undefined>;
}
