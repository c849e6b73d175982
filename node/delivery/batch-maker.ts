// Makes the signed batches of the own outbox, for a destination's stream and for custodians alike.
import { digestOf, encodeBatchHeader, signedBytes } from '../../src/protocols/deliver/batch.ts';
import type { Batch } from '../../src/protocols/deliver/frames.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { BatchSigner } from './batch-signing.ts';
import type { OutboxEntry } from './outbox-entry.ts';

export interface BatchTerms {
  readonly origin: RealmName;
  readonly destination: RealmName;
  readonly incarnation: number;
  readonly first: number;
  readonly last: number;
}

/** Covers every number from first to last; those that have no entry are skipped for good. */
export function makeBatch(signer: BatchSigner, terms: BatchTerms, entries: readonly OutboxEntry[]): Batch {
  const header = encodeBatchHeader({
    ...terms,
    expiry: expiryOf(entries),
    numbers: entries.map(({ n }) => n),
    digest: digestOf(entries.map(({ digest }) => digest)),
  });
  const signature = signer.sign(signedBytes(header));
  return { kind: 'batch', header, signature, envelopes: entries.map(({ bytes }) => bytes) };
}

/** When the last of them expires; 0 when one never does. */
function expiryOf(entries: readonly OutboxEntry[]): number {
  const lives = entries.map((entry) => entry.expires);
  return lives.includes(0) ? 0 : Math.max(0, ...lives);
}

export function hasExpired({ expires }: OutboxEntry, now: number): boolean {
  return expires > 0 && expires <= now;
}
