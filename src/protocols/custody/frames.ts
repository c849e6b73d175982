// The frames of `/canopy/custody/1`; their forms stand in index.ts.
import { decodeStrict, encodeItem, Fields } from '../../crypto/strict-cbor.ts';
import { parseRealmName, type RealmName } from '../../realm/names.ts';
import { MAX_CHAIN } from '../deliver/index.ts';
import { MAX_CUSTODY_FRAME, MAX_PAYLOAD, MAX_SETTLED, MAX_TRAIL, REF } from './index.ts';

export interface CustodyHello {
  readonly kind: 'hello';
  readonly versions: readonly number[];
}

export interface CustodyWelcome {
  readonly kind: 'welcome';
  readonly version: number;
}

export interface ChainFrame {
  readonly kind: 'chain';
  readonly ref: Uint8Array;
  readonly chain: Uint8Array;
}

/** A custodian that held a batch, and since when. */
export interface Station {
  readonly realm: RealmName;
  /** Milliseconds since 1970. */
  readonly at: number;
}

export interface BatchFrame {
  readonly kind: 'batch';
  readonly seq: number;
  readonly ref: Uint8Array;
  readonly trail: readonly Station[];
  readonly payload: Uint8Array;
}

export interface SettlementFrame {
  readonly kind: 'settlement';
  readonly seq: number;
  readonly ref: Uint8Array;
  readonly settled: Uint8Array;
  readonly signature: Uint8Array;
}

export interface Taken {
  readonly kind: 'taken';
  readonly seq: number;
}

export interface Declined {
  readonly kind: 'declined';
  readonly seq: number;
  readonly code: string;
}

export interface CustodyRefusal {
  readonly kind: 'refusal';
  readonly code: string;
}

export type Handed = BatchFrame | SettlementFrame;
export type CustodyFrame =
  | CustodyHello
  | CustodyWelcome
  | ChainFrame
  | BatchFrame
  | SettlementFrame
  | Taken
  | Declined
  | CustodyRefusal;

const KINDS = ['hello', 'welcome', 'chain', 'batch', 'settlement', 'taken', 'declined', 'refusal'] as const;
const MAX_VERSIONS = 16;
const MAX_NAME = 253;
const MAX_CODE = 64;
const SIGNATURE = 64;

export function encodeCustodyFrame(frame: CustodyFrame): Uint8Array {
  return encodeItem([KINDS.indexOf(frame.kind), ...fieldsOf(frame)]);
}

function fieldsOf(frame: CustodyFrame): unknown[] {
  switch (frame.kind) {
    case 'hello':
      return [frame.versions];
    case 'welcome':
      return [frame.version];
    case 'chain':
      return [frame.ref, frame.chain];
    case 'batch':
      return [frame.seq, frame.ref, encodeTrail(frame.trail), frame.payload];
    case 'settlement':
      return [frame.seq, frame.ref, frame.settled, frame.signature];
    case 'taken':
      return [frame.seq];
    case 'declined':
      return [frame.seq, frame.code];
    case 'refusal':
      return [frame.code];
  }
}

const LENGTHS = [2, 2, 3, 5, 5, 2, 3, 2] as const;

/** @throws PeerError `frame-too-long`, `frame-malformed` */
export function decodeCustodyFrame(bytes: Uint8Array): CustodyFrame {
  const fields = new Fields(decodeStrict(bytes, MAX_CUSTODY_FRAME), 'custody frame');
  const code = fields.uint(KINDS.length - 1);
  if (fields.count !== LENGTHS[code]) fields.fail(`the first of ${LENGTHS[code]}`);
  return readFrame(KINDS[code] ?? 'refusal', fields);
}

function readFrame(kind: CustodyFrame['kind'], fields: Fields): CustodyFrame {
  switch (kind) {
    case 'hello':
      return { kind, versions: readVersions(fields) };
    case 'welcome':
      return { kind, version: fields.uint() };
    case 'chain':
      return { kind, ref: readRef(fields), chain: fields.bytes(MAX_CHAIN) };
    case 'batch':
      return { kind, seq: fields.uint(), ref: readRef(fields), ...readBatch(fields) };
    case 'settlement':
      return { kind, seq: fields.uint(), ref: readRef(fields), ...readSettlement(fields) };
    case 'taken':
      return { kind, seq: fields.uint() };
    case 'declined':
      return { kind, seq: fields.uint(), code: fields.text(MAX_CODE) };
    case 'refusal':
      return { kind, code: fields.text(MAX_CODE) };
  }
}

function readVersions(fields: Fields): number[] {
  const list = fields.list(MAX_VERSIONS);
  const numbers = new Fields(list, 'list of versions');
  return list.map(() => numbers.uint());
}

function readRef(fields: Fields): Uint8Array {
  return fields.bytes(REF, REF);
}

function readBatch(fields: Fields): Pick<BatchFrame, 'trail' | 'payload'> {
  return { trail: readTrail(fields), payload: fields.bytes(MAX_PAYLOAD) };
}

function readSettlement(fields: Fields): Pick<SettlementFrame, 'settled' | 'signature'> {
  return { settled: fields.bytes(MAX_SETTLED), signature: fields.bytes(SIGNATURE, SIGNATURE) };
}

export function encodeTrail(trail: readonly Station[]): unknown[] {
  return trail.map(({ realm, at }) => [realm, at]);
}

export function readTrail(fields: Fields): Station[] {
  return fields.list(MAX_TRAIL).map((item) => {
    const station = new Fields(item, 'station', 2);
    return { realm: station.parsed(MAX_NAME, parseRealmName), at: station.uint() };
  });
}
