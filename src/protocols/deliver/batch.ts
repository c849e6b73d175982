// The signed header of a batch; its form stands in index.ts.
import { sha256 } from '@noble/hashes/sha2.js';
import { concat } from 'uint8arrays/concat';
import { fromString } from 'uint8arrays/from-string';
import { decodeStrict, encodeItem, Fields } from '../../crypto/strict-cbor.ts';
import { PeerError } from '../../realm/errors.ts';
import { parseRealmName, type RealmName } from '../../realm/names.ts';
import { DELIVER_VERSION, MAX_BATCH_ENVELOPES } from './index.ts';

export interface BatchHeader {
  readonly origin: RealmName;
  readonly incarnation: number;
  readonly first: number;
  readonly last: number;
  readonly destination: RealmName;
  /** Milliseconds since 1970 after which nothing in it matters; 0 when something never expires. */
  readonly expiry: number;
  /** The numbers of its envelopes, ascending. */
  readonly numbers: readonly number[];
  readonly digest: Uint8Array;
}

const LABEL = fromString('canopy/deliver/1\n');
const MAX_HEADER = 8 * 1024;
const MAX_NAME = 253;
const HASH = 32;

/** What the origin's node signs. */
export function signedBytes(header: Uint8Array): Uint8Array {
  return concat([LABEL, header]);
}

/** Over the digests of the envelopes, as envelopeDigest of src/crypto/envelope.ts gives them. */
export function digestOf(digests: readonly Uint8Array[]): Uint8Array {
  return sha256(concat([...digests]));
}

export function encodeBatchHeader(header: BatchHeader): Uint8Array {
  return encodeItem([
    DELIVER_VERSION,
    header.origin,
    header.incarnation,
    header.first,
    header.last,
    header.destination,
    header.expiry,
    header.numbers.map((n) => n - header.first),
    header.digest,
  ]);
}

/** @throws PeerError `frame-malformed`, `version-unknown` */
export function decodeBatchHeader(bytes: Uint8Array): BatchHeader {
  const fields = new Fields(decodeStrict(bytes, MAX_HEADER), 'batch header', 9);
  const version = fields.uint();
  if (version !== DELIVER_VERSION) throw new PeerError('version-unknown', `a batch of version ${version}`);
  const origin = fields.parsed(MAX_NAME, parseRealmName);
  const [incarnation, first, last] = [fields.uint(), fields.uint(), fields.uint()];
  if (first < 1 || last < first) fields.fail('a last number from the first, which is from 1');
  const destination = fields.parsed(MAX_NAME, parseRealmName);
  const expiry = fields.uint();
  const numbers = readNumbers(fields, first, last);
  return { origin, incarnation, first, last, destination, expiry, numbers, digest: fields.bytes(HASH, HASH) };
}

function readNumbers(fields: Fields, first: number, last: number): number[] {
  const list = fields.list(MAX_BATCH_ENVELOPES);
  const offsets = new Fields(list, 'list of numbers');
  let previous = -1;
  return list.map(() => {
    const offset = offsets.uint(last - first);
    if (offset <= previous) offsets.fail('above the one before');
    previous = offset;
    return first + offset;
  });
}
