// STUN Binding messages (RFC 8489 sections 5 and 14), as much as a server without authentication and its clients need.
//
// Strict: the two top bits, the length and the magic cookie must be right, attributes must fill the message exactly, and a
// FINGERPRINT, when there is one, must be last and right. MESSAGE-INTEGRITY is passed over: nobody trusts these answers
// more than the path they came by.
import { crc32 } from 'node:zlib';
import { PeerError } from '../../realm/errors.ts';
import { formatIp, type IpAddress, parseIp } from './ip-address.ts';

export const STUN_HEADER = 20;
/** Larger messages are no Binding of ours; RFC 8489 section 6.1 wants them below the path's MTU anyway. */
export const MAX_STUN_MESSAGE = 548;
export const TRANSACTION_ID = 12;

const MAGIC_COOKIE = 0x2112a442;
const FINGERPRINT_XOR = 0x5354554e;

const TYPES = { request: 0x0001, indication: 0x0011, success: 0x0101, error: 0x0111 } as const;
export type StunKind = keyof typeof TYPES;

const MAPPED_ADDRESS = 0x0001;
const USERNAME = 0x0006;
const MESSAGE_INTEGRITY = 0x0008;
const ERROR_CODE = 0x0009;
const UNKNOWN_ATTRIBUTES = 0x000a;
const MESSAGE_INTEGRITY_SHA256 = 0x001c;
const XOR_MAPPED_ADDRESS = 0x0020;
const FINGERPRINT = 0x8028;
/** Attributes from here on may be passed over by who doesn't know them. */
const COMPREHENSION_OPTIONAL = 0x8000;
/** PRIORITY, USE-CANDIDATE: an ICE agent's checks are no questions for a server, yet carry nothing that could mislead it. */
const KNOWN: readonly number[] = [
  MAPPED_ADDRESS,
  USERNAME,
  MESSAGE_INTEGRITY,
  ERROR_CODE,
  UNKNOWN_ATTRIBUTES,
  MESSAGE_INTEGRITY_SHA256,
  XOR_MAPPED_ADDRESS,
];
const MAX_REPORTED_UNKNOWN = 8;

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

export interface StunMessage {
  readonly kind: StunKind;
  readonly transaction: Uint8Array;
  readonly mapped?: Endpoint;
  readonly error?: number;
  /** Attributes that we had to understand and don't. */
  readonly unknown: readonly number[];
}

export function encodeBindingRequest(transaction: Uint8Array): Uint8Array {
  return encode('request', transaction, []);
}

export function encodeBindingSuccess(transaction: Uint8Array, mapped: Endpoint): Uint8Array {
  return encode('success', transaction, [
    [XOR_MAPPED_ADDRESS, encodeXorAddress(parseIp(mapped.host), mapped.port, transaction)],
  ]);
}

/** 420: the request carried attributes that had to be understood (RFC 8489 section 6.3.1). */
export function encodeUnknownAttributes(transaction: Uint8Array, unknown: readonly number[]): Uint8Array {
  const reported = unknown.slice(0, MAX_REPORTED_UNKNOWN);
  const list = new Uint8Array(reported.length * 2);
  reported.forEach((type, index) => new DataView(list.buffer).setUint16(index * 2, type));
  return encode('error', transaction, [
    [ERROR_CODE, Uint8Array.of(0, 0, 4, 20)],
    [UNKNOWN_ATTRIBUTES, list],
  ]);
}

function encode(
  kind: StunKind,
  transaction: Uint8Array,
  attributes: readonly (readonly [number, Uint8Array])[],
): Uint8Array {
  if (transaction.length !== TRANSACTION_ID) throw new PeerError('stun-malformed', 'a transaction id has 12 bytes');
  const length = attributes.reduce((sum, [, value]) => sum + 4 + padded(value.length), 0);
  const bytes = new Uint8Array(STUN_HEADER + length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, TYPES[kind]);
  view.setUint16(2, length);
  view.setUint32(4, MAGIC_COOKIE);
  bytes.set(transaction, 8);
  let at = STUN_HEADER;
  for (const [type, value] of attributes) {
    view.setUint16(at, type);
    view.setUint16(at + 2, value.length);
    bytes.set(value, at + 4);
    at += 4 + padded(value.length);
  }
  return bytes;
}

/** @throws PeerError `stun-malformed` */
export function decodeStun(bytes: Uint8Array): StunMessage {
  const length = stunLength(bytes);
  if (length !== bytes.length) throw malformed(`length ${length} over ${bytes.length} bytes`);
  const view = viewOf(bytes);
  const type = view.getUint16(0);
  const kind = (Object.keys(TYPES) as StunKind[]).find((known) => TYPES[known] === type);
  if (!kind) throw malformed(`type 0x${type.toString(16)} is no Binding`);
  const transaction = bytes.slice(8, STUN_HEADER);
  return { kind, transaction, ...decodeAttributes(bytes, view, transaction) };
}

/** The whole length of the message that begins here; over TCP messages follow one another. @throws PeerError `stun-malformed` */
export function stunLength(bytes: Uint8Array): number {
  if (bytes.length < STUN_HEADER) throw malformed(`${bytes.length} bytes are no header`);
  const view = viewOf(bytes);
  if (view.getUint16(0) & 0xc000) throw malformed('the first two bits must be 0');
  if (view.getUint32(4) !== MAGIC_COOKIE) throw malformed('wrong magic cookie');
  const length = STUN_HEADER + view.getUint16(2);
  if (length % 4 !== 0 || length > MAX_STUN_MESSAGE) throw malformed(`bad length ${length}`);
  return length;
}

function decodeAttributes(
  bytes: Uint8Array,
  view: DataView,
  transaction: Uint8Array,
): Omit<StunMessage, 'kind' | 'transaction'> {
  const unknown: number[] = [];
  let mapped: Endpoint | undefined;
  let error: number | undefined;
  for (let at = STUN_HEADER; at < bytes.length; ) {
    if (at + 4 > bytes.length) throw malformed('attribute without a header');
    const type = view.getUint16(at);
    const size = view.getUint16(at + 2);
    const next = at + 4 + padded(size);
    if (next > bytes.length) throw malformed('attribute beyond the end');
    const value = bytes.subarray(at + 4, at + 4 + size);
    if (type === XOR_MAPPED_ADDRESS) mapped ??= decodeXorAddress(value, transaction);
    else if (type === ERROR_CODE) error ??= decodeErrorCode(value);
    else if (type === FINGERPRINT) checkFingerprint(bytes, view, at, size);
    else if (type < COMPREHENSION_OPTIONAL && !KNOWN.includes(type)) unknown.push(type);
    at = next;
  }
  return { unknown, ...(mapped ? { mapped } : {}), ...(error === undefined ? {} : { error }) };
}

/** RFC 8489 section 14.7. */
function checkFingerprint(bytes: Uint8Array, view: DataView, at: number, size: number): void {
  if (size !== 4 || at + 8 !== bytes.length) throw malformed('FINGERPRINT must be last');
  if ((crc32(bytes.subarray(0, at)) ^ FINGERPRINT_XOR) >>> 0 !== view.getUint32(at + 4))
    throw malformed('wrong FINGERPRINT');
}

function decodeErrorCode(value: Uint8Array): number {
  const [, , hundreds = 0, rest = 0] = value;
  if (value.length < 4 || hundreds < 3 || hundreds > 6 || rest > 99) throw malformed('bad ERROR-CODE');
  return hundreds * 100 + rest;
}

/** RFC 8489 section 14.2. */
function encodeXorAddress(address: IpAddress, port: number, transaction: Uint8Array): Uint8Array {
  const value = new Uint8Array(4 + address.length);
  value[1] = address.length === 4 ? 1 : 2;
  new DataView(value.buffer).setUint16(2, port ^ (MAGIC_COOKIE >>> 16));
  value.set(xor(address, transaction), 4);
  return value;
}

function decodeXorAddress(value: Uint8Array, transaction: Uint8Array): Endpoint {
  const size = value[1] === 1 ? 4 : value[1] === 2 ? 16 : 0;
  if (size === 0 || value.length !== 4 + size) throw malformed('bad XOR-MAPPED-ADDRESS');
  const port = viewOf(value).getUint16(2) ^ (MAGIC_COOKIE >>> 16);
  return { host: formatIp(xor(value.subarray(4), transaction)), port };
}

function xor(address: Uint8Array, transaction: Uint8Array): Uint8Array {
  const key = new Uint8Array(16);
  new DataView(key.buffer).setUint32(0, MAGIC_COOKIE);
  key.set(transaction, 4);
  return address.map((byte, index) => byte ^ (key[index] ?? 0));
}

function padded(size: number): number {
  return (size + 3) & ~3;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function malformed(what: string): PeerError {
  return new PeerError('stun-malformed', `no STUN Binding message: ${what}`);
}
