// Frames of `/canopy/noise/1`, each a CBOR array behind a length of four bytes:
//   hello    [chain, instance]                   dialler
//   answer   ['ok', chain, instance] | [code]    listener, which has judged the hello before it shows who it is
//   verdict  ['ok'] | [code]                     dialler
// An instance is 16 random bytes of a process: two live ones of one peer id are two servers with one key (a cloned disk).
import { toString } from 'uint8arrays/to-string';
import * as v from 'valibot';
import { type Chain, decodeChain, encodeChain, MAX_CHAIN } from '../../pki/chain.ts';
import { writeCbor } from '../../realm/cbor.ts';
import { codeField, decodeFrame } from '../wire.ts';

export const INSTANCE_BYTES = 16;
/** A chain, an instance and a few bytes around them. */
export const MAX_ADMISSION_FRAME = MAX_CHAIN + 96;

/** Who shows itself, and which of its processes. */
export interface Hello {
  readonly chain: Chain;
  /** {@link INSTANCE_BYTES} random bytes. */
  readonly instance: Uint8Array;
}
export type Answer = ({ readonly kind: 'ok' } & Hello) | Refusal;
export type Verdict = { readonly kind: 'ok' } | Refusal;
export interface Refusal {
  readonly kind: 'refused';
  readonly code: string;
}

const OK = 'ok';
const bytes = v.instance(Uint8Array);
const instanceField = v.pipe(
  bytes,
  v.check((value) => value.length === INSTANCE_BYTES, `${INSTANCE_BYTES} bytes`),
);
const hello = v.strictTuple([bytes, instanceField]);
const answer = v.union([v.strictTuple([v.literal(OK), bytes, instanceField]), v.strictTuple([codeField])]);
const verdict = v.strictTuple([codeField]);

export const encodeHello = ({ chain, instance }: Hello): Uint8Array => writeCbor([encodeChain(chain), instance]);

export function decodeHello(frame: Uint8Array): Hello {
  const [chain, instance] = decodeFrame(hello, frame, 'hello');
  return { chain: decodeChain(chain), instance };
}

export function encodeAnswer(value: Answer): Uint8Array {
  return writeCbor(value.kind === 'ok' ? [OK, encodeChain(value.chain), value.instance] : [value.code]);
}

export function decodeAnswer(frame: Uint8Array): Answer {
  const [code, chain, instance] = decodeFrame(answer, frame, 'answer');
  if (chain === undefined || instance === undefined) return { kind: 'refused', code };
  return { kind: 'ok', chain: decodeChain(chain), instance };
}

/** As peers are known by it: lower-case hex. */
export const instanceText = (instance: Uint8Array): string => toString(instance, 'hex');

export function encodeVerdict(value: Verdict): Uint8Array {
  return writeCbor([value.kind === 'ok' ? OK : value.code]);
}

export function decodeVerdict(frame: Uint8Array): Verdict {
  const [code] = decodeFrame(verdict, frame, 'verdict');
  return code === OK ? { kind: 'ok' } : { kind: 'refused', code };
}
