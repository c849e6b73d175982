// A destination's signed word on what it has of an origin; its form stands in index.ts.
import { concat } from 'uint8arrays/concat';
import { fromString } from 'uint8arrays/from-string';
import { decodeStrict, encodeItem, Fields } from '../../crypto/strict-cbor.ts';
import { PeerError } from '../../realm/errors.ts';
import { parseRealmName, type RealmName } from '../../realm/names.ts';
import type { SetAside } from '../deliver/frames.ts';
import { type Marks, readMarks } from '../deliver/mark-set.ts';
import { MAX_SETTLED, MAX_SETTLED_ASIDE } from './index.ts';

export interface Settlement {
  readonly origin: RealmName;
  readonly incarnation: number;
  readonly destination: RealmName;
  readonly marks: Marks;
  readonly setAside: readonly SetAside[];
  /** Milliseconds since 1970, by the destination's clock. */
  readonly at: number;
}

const VERSION = 1;
const LABEL = fromString('canopy/custody/1 settled\n');
const MAX_NAME = 253;
const MAX_CODE = 64;

/** What the destination's node signs. */
export function settledBytes(settled: Uint8Array): Uint8Array {
  return concat([LABEL, settled]);
}

export function encodeSettlement({ origin, incarnation, destination, marks, setAside, at }: Settlement): Uint8Array {
  const aside = setAside.map(({ n, code }) => [n, code]);
  return encodeItem([VERSION, origin, incarnation, destination, marks.watermark, marks.ranges, aside, at]);
}

/** @throws PeerError `frame-too-long`, `frame-malformed`, `version-unknown` */
export function decodeSettlement(bytes: Uint8Array): Settlement {
  const fields = new Fields(decodeStrict(bytes, MAX_SETTLED), 'settlement', 8);
  const version = fields.uint();
  if (version !== VERSION) throw new PeerError('version-unknown', `a settlement of version ${version}`);
  const origin = fields.parsed(MAX_NAME, parseRealmName);
  const incarnation = fields.uint();
  const destination = fields.parsed(MAX_NAME, parseRealmName);
  const marks = readMarks(fields);
  const setAside = fields.list(MAX_SETTLED_ASIDE).map((item) => {
    const entry = new Fields(item, 'number set aside', 2);
    return { n: entry.uint(), code: entry.text(MAX_CODE) };
  });
  return { origin, incarnation, destination, marks, setAside, at: fields.uint() };
}
