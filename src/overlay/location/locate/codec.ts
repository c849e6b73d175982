// The messages of `/canopy/locate/1`; index.ts states them.
import { PeerError } from '../../../realm/errors.ts';
import { isRealmName, type RealmName } from '../../../realm/names.ts';
import { MAX_RECORD, MAX_RELAYS } from '../record.ts';
import { decodeCbor, encodeCbor, isArray, isText } from '../strict-cbor.ts';
import { MAX_REPLY, MAX_REQUEST } from './index.ts';

const VERSION = 1;
const MAX_HOST = 64;
const MAX_STUN = 4;
/** Each relay at an address of either family. */
export const MAX_OBSERVED = MAX_RELAYS * 2;
const CODE = 'locate-malformed';

export type LocateRequest =
  | { readonly kind: 'announce'; readonly record: Uint8Array }
  | { readonly kind: 'find'; readonly realm: RealmName };

export interface Observed {
  readonly peerId: string;
  readonly host: string;
}

export type LocateReply =
  | { readonly kind: 'noted'; readonly host: string; readonly stun: readonly string[] }
  | { readonly kind: 'found'; readonly records: readonly Uint8Array[]; readonly observed: readonly Observed[] }
  | { readonly kind: 'refused'; readonly code: string };

export function encodeRequest(request: LocateRequest): Uint8Array {
  return encodeCbor([VERSION, request.kind, request.kind === 'announce' ? request.record : request.realm]);
}

/** @throws PeerError `locate-malformed` */
export function decodeRequest(bytes: Uint8Array): LocateRequest {
  const value = decodeCbor(bytes, MAX_REQUEST, CODE);
  if (!isArray(value, 3) || value[0] !== VERSION) throw malformed('no request of version 1');
  const [, kind, subject] = value;
  if (kind === 'announce' && subject instanceof Uint8Array && subject.length <= MAX_RECORD)
    return { kind, record: subject };
  if (kind === 'find' && typeof subject === 'string' && isRealmName(subject)) return { kind, realm: subject };
  throw malformed('unknown request');
}

export function encodeReply(reply: LocateReply): Uint8Array {
  switch (reply.kind) {
    case 'noted':
      return encodeCbor([VERSION, reply.kind, reply.host, [...reply.stun]]);
    case 'found':
      return encodeCbor([
        VERSION,
        reply.kind,
        [...reply.records],
        reply.observed.map(({ peerId, host }) => [peerId, host]),
      ]);
    case 'refused':
      return encodeCbor([VERSION, reply.kind, reply.code]);
  }
}

/** @throws PeerError `locate-malformed` */
export function decodeReply(bytes: Uint8Array): LocateReply {
  const value = decodeCbor(bytes, MAX_REPLY, CODE);
  if (!isArray(value) || value[0] !== VERSION) throw malformed('no reply of version 1');
  const [, kind, first, second] = value;
  if (kind === 'noted' && value.length === 4 && isText(first, MAX_HOST))
    return { kind, host: first, stun: stunOf(second) };
  if (kind === 'found' && value.length === 4) return { kind, records: recordsOf(first), observed: observedOf(second) };
  if (kind === 'refused' && value.length === 3 && isText(first, MAX_HOST)) return { kind, code: first };
  throw malformed('unknown reply');
}

function stunOf(value: unknown): string[] {
  if (!isArray(value) || value.length > MAX_STUN) throw malformed('bad STUN servers');
  return value.map((one) => {
    if (!isText(one, MAX_HOST)) throw malformed('bad STUN server');
    return one;
  });
}

function recordsOf(value: unknown): Uint8Array[] {
  if (!isArray(value) || value.length > MAX_RELAYS) throw malformed('bad records');
  return value.map((one) => {
    if (!(one instanceof Uint8Array)) throw malformed('bad record');
    return one;
  });
}

function observedOf(value: unknown): Observed[] {
  if (!isArray(value) || value.length > MAX_OBSERVED) throw malformed('bad observed addresses');
  return value.map((one) => {
    if (!isArray(one, 2)) throw malformed('bad observed address');
    const [peerId, host] = one;
    if (!isText(peerId, MAX_HOST) || !isText(host, MAX_HOST)) throw malformed('bad observed address');
    return { peerId, host };
  });
}

function malformed(what: string): PeerError {
  return new PeerError(CODE, `no message of locate: ${what}`);
}
