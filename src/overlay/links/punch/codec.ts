// The frames of `/canopy/punch/1`; index.ts states them.
import { isIP } from 'node:net';
import { PeerError } from '../../../realm/errors.ts';
import { type CborValue, decodeCbor, encodeCbor, isArray, isCount, isText } from '../../location/strict-cbor.ts';
import type { Endpoint } from '../../stun/message.ts';
import { MAX_FRAME, ROUNDS } from './index.ts';

const VERSION = 1;
const CODE = 'punch-malformed';
const MAX_HOST = 45;
const MAX_CODE = 40;

export type PunchFrame =
  | { readonly kind: 'ask' }
  | { readonly kind: 'dial' }
  | { readonly kind: 'dialled'; readonly ok: boolean }
  | { readonly kind: 'outer'; readonly outer: Endpoint }
  | { readonly kind: 'sync'; readonly n: number }
  | { readonly kind: 'go'; readonly round: number }
  | { readonly kind: 'refused'; readonly code: string };

export function encodePunch(frame: PunchFrame): Uint8Array {
  return encodeCbor([VERSION, frame.kind, ...fieldsOf(frame)]);
}

function fieldsOf(frame: PunchFrame): CborValue[] {
  switch (frame.kind) {
    case 'ask':
    case 'dial':
      return [];
    case 'dialled':
      return [frame.ok];
    case 'outer':
      return [frame.outer.host, frame.outer.port];
    case 'sync':
      return [frame.n];
    case 'go':
      return [frame.round];
    case 'refused':
      return [frame.code];
  }
}

/** @throws PeerError `punch-malformed` */
export function decodePunch(bytes: Uint8Array): PunchFrame {
  const value = decodeCbor(bytes, MAX_FRAME, CODE);
  if (!isArray(value) || value[0] !== VERSION) throw malformed('no frame of version 1');
  const [, kind, ...fields] = value;
  const frame = fields.length === 0 ? bare(kind) : fields.length === 1 ? single(kind, fields[0]) : pair(kind, fields);
  if (!frame) throw malformed('unknown frame');
  return frame;
}

function bare(kind: unknown): PunchFrame | undefined {
  return kind === 'ask' || kind === 'dial' ? { kind } : undefined;
}

function single(kind: unknown, field: unknown): PunchFrame | undefined {
  if (kind === 'dialled' && typeof field === 'boolean') return { kind, ok: field };
  if (kind === 'sync' && isCount(field) && field <= 0xffff) return { kind, n: field };
  if (kind === 'go' && isCount(field) && field < ROUNDS) return { kind, round: field };
  if (kind === 'refused' && isText(field, MAX_CODE)) return { kind, code: field };
  return undefined;
}

function pair(kind: unknown, [host, port, ...rest]: unknown[]): PunchFrame | undefined {
  if (kind !== 'outer' || rest.length > 0 || !isText(host, MAX_HOST) || isIP(host) === 0) return undefined;
  return isCount(port) && port >= 1 && port <= 0xffff ? { kind, outer: { host, port } } : undefined;
}

function malformed(what: string): PeerError {
  return new PeerError(CODE, `no frame of punch: ${what}`);
}
