// A batch from the wire, checked: signed by its origin's node, meant for this realm, its envelopes those that were signed.
// An envelope that cannot be read does not spoil the batch: it comes out with the code that says why.
import { equals } from 'uint8arrays/equals';
import { decodeEnvelope, type EncodedEnvelope, envelopeDigest } from '../../src/crypto/envelope.ts';
import { type BatchHeader, decodeBatchHeader, digestOf, signedBytes } from '../../src/protocols/deliver/batch.ts';
import type { Batch } from '../../src/protocols/deliver/frames.ts';
import { codeOf, PeerError, RefusedError } from '../../src/realm/errors.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { Verify } from './batch-signing.ts';

export interface OpenedItem {
  readonly n: number;
  readonly bytes: Uint8Array;
  /** Undefined when it cannot be read. */
  readonly encoded?: EncodedEnvelope;
  readonly code?: string;
}

export interface OpenedBatch {
  readonly header: BatchHeader;
  readonly items: readonly OpenedItem[];
}

export interface BatchContext {
  readonly origin: RealmName;
  /** The highest that this origin may use: that of its hello. */
  readonly incarnation: number;
  readonly destination: RealmName;
  /** Of the origin's node. */
  readonly verify: Verify;
}

/** @throws PeerError `signature-bad`, `digest-wrong`, `frame-malformed`; RefusedError `origin-foreign`, `destination-foreign`, `stale-incarnation` */
export function openBatch(batch: Batch, context: BatchContext): OpenedBatch {
  if (!context.verify(signedBytes(batch.header), batch.signature)) {
    throw new PeerError('signature-bad', `a batch of ${context.origin} is not signed by its node`);
  }
  const header = decodeBatchHeader(batch.header);
  checkAddress(header, context);
  if (header.numbers.length !== batch.envelopes.length) {
    throw new PeerError('frame-malformed', 'a batch has as many envelopes as numbers');
  }
  const items = batch.envelopes.map((bytes, i) => openItem(header.numbers[i] ?? 0, bytes));
  const digests = items.map((item) => item.encoded?.digest ?? envelopeDigest(item.bytes));
  if (!equals(header.digest, digestOf(digests))) {
    throw new PeerError('digest-wrong', 'the envelopes of a batch are not those that were signed');
  }
  return { header, items };
}

function checkAddress(header: BatchHeader, { origin, destination, incarnation }: BatchContext): void {
  if (header.origin !== origin) {
    throw new RefusedError('origin-foreign', `a batch of ${header.origin} came from ${origin}`);
  }
  if (header.destination !== destination) {
    throw new RefusedError('destination-foreign', `a batch for ${header.destination} came to ${destination}`);
  }
  if (header.incarnation > incarnation) {
    throw new RefusedError(
      'stale-incarnation',
      `a batch of incarnation ${header.incarnation} after a hello of ${incarnation}`,
    );
  }
}

function openItem(n: number, bytes: Uint8Array): OpenedItem {
  try {
    return { n, bytes, encoded: decodeEnvelope(bytes) };
  } catch (error) {
    return { n, bytes, code: codeOf(error) };
  }
}
