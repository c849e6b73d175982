// The frames of `/canopy/deliver/1`; their forms stand in index.ts.
import { MAX_ENVELOPE } from '../../crypto/envelope.ts';
import { decodeStrict, encodeItem, Fields } from '../../crypto/strict-cbor.ts';
import { parseRealmName, type RealmName } from '../../realm/names.ts';
import { MAX_INCARNATION_CERTIFICATE } from '../ledger/incarnation.ts';
import { MAX_BATCH_ENVELOPES, MAX_CHAIN, MAX_DELIVER_FRAME, MAX_INCARNATIONS } from './index.ts';
import { type Marks, readMarks } from './mark-set.ts';

export interface Hello {
  readonly kind: 'hello';
  readonly versions: readonly number[];
  readonly origin: RealmName;
  readonly incarnation: number;
  readonly destination: RealmName;
  /** As encodeChain of src/pki writes it. */
  readonly chain: Uint8Array;
  /** Of this incarnation or a later one (src/protocols/ledger/incarnation.ts); empty in the first. */
  readonly certificate: Uint8Array;
}

export interface Welcome {
  readonly kind: 'welcome';
  readonly version: number;
  /** What the destination has of each incarnation of the origin that it remembers. */
  readonly marks: ReadonlyMap<number, Marks>;
}

export interface Batch {
  readonly kind: 'batch';
  readonly header: Uint8Array;
  readonly signature: Uint8Array;
  readonly envelopes: readonly Uint8Array[];
}

export interface SetAside {
  readonly n: number;
  readonly code: string;
}

export interface Ack {
  readonly kind: 'ack';
  readonly incarnation: number;
  readonly marks: Marks;
  readonly setAside: readonly SetAside[];
}

export interface Refusal {
  readonly kind: 'refusal';
  readonly code: string;
}

export type DeliverFrame = Hello | Welcome | Batch | Ack | Refusal;

const KINDS = ['hello', 'welcome', 'batch', 'ack', 'refusal'] as const;
const MAX_VERSIONS = 16;
const MAX_NAME = 253;
const MAX_CODE = 64;
const MAX_HEADER = 8 * 1024;
const SIGNATURE = 64;
/** Envelopes that one ack names as set aside. */
export const MAX_SET_ASIDE = 1024;

export function encodeDeliverFrame(frame: DeliverFrame): Uint8Array {
  return encodeItem([KINDS.indexOf(frame.kind), ...fieldsOf(frame)]);
}

function fieldsOf(frame: DeliverFrame): unknown[] {
  switch (frame.kind) {
    case 'hello':
      return [frame.versions, frame.origin, frame.incarnation, frame.destination, frame.chain, frame.certificate];
    case 'welcome':
      return [frame.version, [...frame.marks].map(([incarnation, m]) => [incarnation, m.watermark, m.ranges])];
    case 'batch':
      return [frame.header, frame.signature, frame.envelopes];
    case 'ack':
      return [
        frame.incarnation,
        frame.marks.watermark,
        frame.marks.ranges,
        frame.setAside.map(({ n, code }) => [n, code]),
      ];
    case 'refusal':
      return [frame.code];
  }
}

const READERS = { hello: readHello, welcome: readWelcome, batch: readBatch, ack: readAck, refusal: readRefusal };
const LENGTHS = { hello: 7, welcome: 3, batch: 4, ack: 5, refusal: 2 };

/** @throws PeerError `frame-too-long`, `frame-malformed` */
export function decodeDeliverFrame(bytes: Uint8Array): DeliverFrame {
  const fields = new Fields(decodeStrict(bytes, MAX_DELIVER_FRAME), 'deliver frame');
  const kind = KINDS[fields.uint(KINDS.length - 1)] ?? 'refusal';
  if (fields.count !== LENGTHS[kind]) fields.fail(`the first of ${LENGTHS[kind]}`);
  return READERS[kind](fields);
}

function readHello(fields: Fields): Hello {
  const versions = fields.list(MAX_VERSIONS);
  const numbers = new Fields(versions, 'list of versions');
  return {
    kind: 'hello',
    versions: versions.map(() => numbers.uint()),
    origin: fields.parsed(MAX_NAME, parseRealmName),
    incarnation: fields.uint(),
    destination: fields.parsed(MAX_NAME, parseRealmName),
    chain: fields.bytes(MAX_CHAIN),
    certificate: fields.bytes(MAX_INCARNATION_CERTIFICATE),
  };
}

function readWelcome(fields: Fields): Welcome {
  const version = fields.uint();
  const marks = fields.list(MAX_INCARNATIONS).map((item): [number, Marks] => {
    const entry = new Fields(item, 'mark', 3);
    return [entry.uint(), readMarks(entry)];
  });
  return { kind: 'welcome', version, marks: new Map(marks) };
}

function readBatch(fields: Fields): Batch {
  const header = fields.bytes(MAX_HEADER);
  const signature = fields.bytes(SIGNATURE, SIGNATURE);
  const list = fields.list(MAX_BATCH_ENVELOPES);
  const envelopes = new Fields(list, 'list of envelopes');
  return { kind: 'batch', header, signature, envelopes: list.map(() => envelopes.bytes(MAX_ENVELOPE)) };
}

function readAck(fields: Fields): Ack {
  const incarnation = fields.uint();
  const marks = readMarks(fields);
  const setAside = fields.list(MAX_SET_ASIDE).map((item) => {
    const entry = new Fields(item, 'number set aside', 2);
    return { n: entry.uint(), code: entry.text(MAX_CODE) };
  });
  return { kind: 'ack', incarnation, marks, setAside };
}

function readRefusal(fields: Fields): Refusal {
  return { kind: 'refusal', code: fields.text(MAX_CODE) };
}
