// What custodians pass on: a batch of `/canopy/deliver/1` as its origin wrote it. Its form stands in index.ts.
import { createHash } from 'node:crypto';
import { MAX_ENVELOPE } from '../../crypto/envelope.ts';
import { decodeStrict, encodeItem, Fields } from '../../crypto/strict-cbor.ts';
import type { Batch } from '../deliver/frames.ts';
import { MAX_BATCH_ENVELOPES } from '../deliver/index.ts';
import { MAX_INCARNATION_CERTIFICATE } from '../ledger/incarnation.ts';
import { MAX_PAYLOAD, REF } from './index.ts';

const MAX_HEADER = 8 * 1024;
const SIGNATURE = 64;

export interface Payload extends Batch {
  /** Of the batch's incarnation or a later one; empty in the first. */
  readonly certificate: Uint8Array;
}

export function encodePayload({ header, signature, envelopes, certificate }: Omit<Payload, 'kind'>): Uint8Array {
  return encodeItem([header, signature, envelopes, certificate]);
}

/** @throws PeerError `frame-too-long`, `frame-malformed` */
export function decodePayload(bytes: Uint8Array): Payload {
  const fields = new Fields(decodeStrict(bytes, MAX_PAYLOAD), 'payload', 4);
  const header = fields.bytes(MAX_HEADER);
  const signature = fields.bytes(SIGNATURE, SIGNATURE);
  const list = fields.list(MAX_BATCH_ENVELOPES);
  const envelopes = new Fields(list, 'list of envelopes');
  const bodies = list.map(() => envelopes.bytes(MAX_ENVELOPE));
  return {
    kind: 'batch',
    header,
    signature,
    envelopes: bodies,
    certificate: fields.bytes(MAX_INCARNATION_CERTIFICATE),
  };
}

/** How a chain is named on a stream and in the store. */
export function refOf(chain: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(chain).digest().subarray(0, REF));
}
