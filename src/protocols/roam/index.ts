// `/canopy/roam/1`: a user of one branch works in the LAN of another of the same enterprise. The visited node carries requests of the
// LAN API to the home node and answers back; it keeps nothing but which token of its own stands for which grant, in memory.
//
//   visited -> home   [1, 'call', grant, method, path, from, type, range, size]     one request, then `size` bytes of its body in frames
//   home -> visited   [1, status, type, grant, range], then the body in frames; both close
//
// `grant` is empty before the login. `type` and `range` are the headers of HTTP, Content-Type and Range or Content-Range, or empty.
//
//   visited -> home   [1, 'live', grant, '', '', from, '', '', 0]            a live socket
//   both              00 | frame of the live socket, in both directions
//   home -> visited   01 | close code, two bytes, big-endian; then it closes
//
// Login: OPAQUE messages are requests like others, so that the visited node learns neither password nor session key. The home gives
// the session's token to nobody: it keeps it beside the grant that the answer names, which only that realm may use. A grant ends
// with its session, with the home's process, or after 12 h without use.
//
// Limits: 1 MiB a frame, 256 streams a realm; 50 calls a second of one realm, 400 at once. Deadlines: 20 s for a call, 10 s for each
// frame. Refusals are answers of the LAN API: 401 `session-missing` when the grant is not there, 429 `roam-busy`.
import { decodeFields, encodeFields } from '../../store/positional.ts';

export const ROAM_PROTOCOL = '/canopy/roam/1';
/** Bytes of one answer, files apart, which a guest fetches in parts. */
export const MAX_ANSWER: number = 32 * 1024 * 1024;
/** Bytes of one request: the pieces of a file that go up at once. */
export const MAX_REQUEST: number = 5 * 1024 * 1024;
export const MAX_FRAME = 1024 * 1024;
export const MAX_STREAMS = 256;
/** Bytes of a body's frame. */
const MAX_PART = 512 * 1024;
export const CALL_DEADLINE = 20_000;
export const FRAME_DEADLINE = 10_000;

const VERSION = 1;
export const ROAM_KINDS = ['call', 'live'] as const;
const MAX_GRANT = 64;
const MAX_METHOD = 8;
const MAX_PATH = 2048;
const MAX_FROM = 100;
const MAX_TYPE = 200;
const MAX_RANGE = 100;

export interface RoamRequest {
  readonly kind: (typeof ROAM_KINDS)[number];
  /** Empty before the login. */
  readonly grant: string;
  readonly method: string;
  /** With its query, below the API's prefix. */
  readonly path: string;
  /** The client's address at the visited node: guesses are counted for each. */
  readonly from: string;
  readonly type: string;
  readonly range: string;
  /** Bytes of the body, which follows. */
  readonly size: number;
}

export interface RoamAnswer {
  readonly status: number;
  readonly type: string;
  /** Set when the request made one. */
  readonly grant: string;
  readonly range: string;
}

export function encodeRoamRequest(request: RoamRequest): Uint8Array {
  const { kind, grant, method, path, from, type, range, size } = request;
  return encodeFields([VERSION, kind, grant, method, path, from, type, range, size]);
}

/** @throws InputError `malformed`, `unknown-version` */
export function decodeRoamRequest(bytes: Uint8Array): RoamRequest {
  return decodeFields(bytes, 'roaming request', (reader) => {
    reader.version(VERSION);
    return {
      kind: reader.oneOf(ROAM_KINDS),
      grant: reader.text(MAX_GRANT),
      method: reader.text(MAX_METHOD),
      path: reader.text(MAX_PATH),
      from: reader.text(MAX_FROM),
      type: reader.text(MAX_TYPE),
      range: reader.text(MAX_RANGE),
      size: reader.number(MAX_REQUEST),
    };
  });
}

export function encodeRoamAnswer({ status, type, grant, range }: RoamAnswer): Uint8Array {
  return encodeFields([VERSION, status, type, grant, range]);
}

/** @throws InputError `malformed`, `unknown-version` */
export function decodeRoamAnswer(bytes: Uint8Array): RoamAnswer {
  return decodeFields(bytes, 'roaming answer', (reader) => {
    reader.version(VERSION);
    const status = reader.number(599);
    return { status, type: reader.text(MAX_TYPE), grant: reader.text(MAX_GRANT), range: reader.text(MAX_RANGE) };
  });
}

/** What goes both ways of a live socket. */
export const LIVE_DATA = 0;
export const LIVE_CLOSE = 1;

/** A body in frames. */
export function* partsOf(body: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < body.length; at += MAX_PART) yield body.subarray(at, at + MAX_PART);
}
