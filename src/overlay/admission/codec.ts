// Frames of `/canopy/noise/1`, each a CBOR array behind a length of four bytes:
//   hello    [chain]                   dialler
//   answer   ['ok', chain] | [code]    listener, which has judged the hello before it shows who it is
//   verdict  ['ok'] | [code]           dialler
import * as v from 'valibot';
import { type Chain, decodeChain, encodeChain, MAX_CHAIN } from '../../pki/chain.ts';
import { writeCbor } from '../../realm/cbor.ts';
import { codeField, decodeFrame } from '../wire.ts';

/** A chain and a few bytes around it. */
export const MAX_ADMISSION_FRAME = MAX_CHAIN + 64;

export type Answer = { readonly kind: 'ok'; readonly chain: Chain } | Refusal;
export type Verdict = { readonly kind: 'ok' } | Refusal;
export interface Refusal {
  readonly kind: 'refused';
  readonly code: string;
}

const OK = 'ok';
const bytes = v.instance(Uint8Array);
const hello = v.strictTuple([bytes]);
const answer = v.union([v.strictTuple([v.literal(OK), bytes]), v.strictTuple([codeField])]);
const verdict = v.strictTuple([codeField]);

export const encodeHello = (chain: Chain): Uint8Array => writeCbor([encodeChain(chain)]);

export function decodeHello(frame: Uint8Array): Chain {
  return decodeChain(decodeFrame(hello, frame, 'hello')[0]);
}

export function encodeAnswer(value: Answer): Uint8Array {
  return writeCbor(value.kind === 'ok' ? [OK, encodeChain(value.chain)] : [value.code]);
}

export function decodeAnswer(frame: Uint8Array): Answer {
  const [code, chain] = decodeFrame(answer, frame, 'answer');
  return chain === undefined ? { kind: 'refused', code } : { kind: 'ok', chain: decodeChain(chain) };
}

export function encodeVerdict(value: Verdict): Uint8Array {
  return writeCbor([value.kind === 'ok' ? OK : value.code]);
}

export function decodeVerdict(frame: Uint8Array): Verdict {
  const [code] = decodeFrame(verdict, frame, 'verdict');
  return code === OK ? { kind: 'ok' } : { kind: 'refused', code };
}
