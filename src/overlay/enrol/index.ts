// `/canopy/enrol/1`: how a newcomer without a certificate hands one enrolment request to any relay above it. It is a
// connection encrypter that only takes calls: it answers one request and closes, and never yields a connection, so the
// newcomer meets no other protocol.
//
//   (Noise, the newcomer under a key made for this one call)
//   hello    [chain]                     relay: who it is; the newcomer checks it against the root that its token pins
//   request  [bytes]                     newcomer; bytes as in src/pki/enrolment.ts
//   reply    ['ok', bytes] | [code]      relay: the issuing node's reply, or why the request did not get there
//
// Each frame is a CBOR array behind a length of four bytes. The relay takes at most MAX_AT_ONCE calls at a time, and of one
// address and of all no more than the rates below; above them the code is `enrol-busy`.
//
// `/canopy/enrol-forward/1`: from relay to relay and from relay to node, one request and one reply as frames of a stream.
// The relay of the issuing realm gives a request to its own node; every other relay gives it to that relay and nowhere else.
//
// A realm whose certificates are over, but for no longer than the grace time, comes through the same door: the request is then a
// renewal's (src/pki/renewal.ts). It is admitted for nothing else.
//
// `/canopy/renew/1`: the same two frames, from a relay to the node of its own realm, with a renewal's bytes
// (src/pki/renewal.ts): a relay on a host of its own has no authority at hand.
import * as v from 'valibot';
import { type Chain, decodeChain, encodeChain } from '../../pki/chain.ts';
import { MAX_ENROL_REPLY, MAX_ENROL_REQUEST } from '../../pki/enrolment.ts';
import { MAX_RENEW_REQUEST } from '../../pki/renewal.ts';
import { writeCbor } from '../../realm/cbor.ts';
import { codeField, decodeFrame } from '../wire.ts';

export const ENROL_PROTOCOL = '/canopy/enrol/1';
export const ENROL_FORWARD_PROTOCOL = '/canopy/enrol-forward/1';
export const RENEW_PROTOCOL = '/canopy/renew/1';
/** For the hello and the request. */
export const REQUEST_DEADLINE = 5_000;
/** For the way to the issuing node and back. */
export const ANSWER_DEADLINE = 15_000;
export const MAX_AT_ONCE = 32;
export const EACH_ADDRESS = { perSecond: 0.2, burst: 10 };
export const ALL_ADDRESSES = { perSecond: 5, burst: 50 };
/** The largest of the three and a few bytes around it. */
export const MAX_ENROL_FRAME = Math.max(MAX_ENROL_REQUEST, MAX_ENROL_REPLY, MAX_RENEW_REQUEST) + 64;
export const MAX_RENEW_FRAME = MAX_RENEW_REQUEST + 64;

/** A request's bytes in, a reply's bytes out. */
export type Issuer = (request: Uint8Array, signal: AbortSignal) => Promise<Uint8Array>;

export type Reply =
  | { readonly kind: 'ok'; readonly bytes: Uint8Array }
  | { readonly kind: 'refused'; readonly code: string };

const OK = 'ok';
const bytesField = v.instance(Uint8Array);
const request = v.strictTuple([bytesField]);
const reply = v.union([v.strictTuple([v.literal(OK), bytesField]), v.strictTuple([codeField])]);

/** The relay's own chain. */
export const encodeHello = (chain: Chain): Uint8Array => writeCbor([encodeChain(chain)]);

/** @throws PeerError `bad-frame`; RefusedError `cert-malformed` */
export function decodeHello(frame: Uint8Array): Chain {
  return decodeChain(decodeFrame(request, frame, 'hello')[0]);
}

export const encodeRequest = (bytes: Uint8Array): Uint8Array => writeCbor([bytes]);

/** @throws PeerError `bad-frame` */
export function decodeRequest(frame: Uint8Array): Uint8Array {
  return decodeFrame(request, frame, 'enrolment frame')[0];
}

export function encodeReply(value: Reply): Uint8Array {
  return writeCbor(value.kind === 'ok' ? [OK, value.bytes] : [value.code]);
}

/** @throws PeerError `bad-frame` */
export function decodeReply(frame: Uint8Array): Reply {
  const [code, bytes] = decodeFrame(reply, frame, 'enrolment frame');
  return bytes === undefined ? { kind: 'refused', code } : { kind: 'ok', bytes };
}
