// What another realm delivered, and what becomes of it.
import type { EncodedEnvelope } from '../../src/crypto/envelope.ts';
import type { MessageId } from '../../src/realm/ids.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { PathKind } from '../../src/realm/path-kinds.ts';
import type { Write } from '../../src/store/engine.ts';
import type { Draft } from './arrival-log.ts';

export interface Delivered {
  readonly encoded: EncodedEnvelope;
  /** The realm whose node signed the batch. */
  readonly origin: RealmName;
  readonly path: PathKind;
  readonly pathRef: Uint8Array;
  /** It has waited for the commit of its epoch, and waits no more. */
  readonly isOverdue?: boolean;
}

export type Outcome =
  /** `isPartly`: it is for others, too, who live elsewhere now. */
  | { readonly kind: 'accepted'; readonly isPartly?: boolean }
  | { readonly kind: 'duplicate' }
  | { readonly kind: 'rejected'; readonly code: string };

/** What one who takes in envelopes of a kind of its own decides. */
export interface JudgedElsewhere {
  readonly outcome: Outcome;
  /** Writes of an accepted envelope, made in the turn in which they are committed. */
  readonly plan?: () => { readonly writes: readonly Write[]; readonly drafts?: readonly Draft[] };
  /** Messages of this sender that it takes back, those of the same batch included. */
  readonly erases?: readonly MessageId[];
  /** Runs once that is on disk. */
  readonly after?: () => void;
}

/** Judges one envelope of a kind of its own. The batch's origin is that of the envelope already. */
export type Judge = (item: Delivered) => Promise<JudgedElsewhere>;
