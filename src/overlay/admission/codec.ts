// Frames of `/canopy/noise/1`, each a CBOR array behind a length of four bytes:
//   hello    [chain, instance]                   dialler
//   answer   ['ok', chain, instance] | refusal   listener, which has judged the hello before it shows who it is
//   verdict  ['ok'] | refusal                    dialler
//   refusal  [code] | ['cert-revoked', list]     list: the revocation list with its chain that says so (src/pki/revocations.ts)
//            | ['twin-alive', chain]             chain: of whoever refuses; without a good one its word counts for nothing
// An instance is 16 random bytes of a process: two live ones of one peer id are two servers with one key (a cloned disk).
import { toString } from 'uint8arrays/to-string';
import * as v from 'valibot';
import { type Chain, decodeChain, encodeChain, MAX_CHAIN } from '../../pki/chain.ts';
import { MAX_SIGNED_CRL } from '../../pki/revocations.ts';
import { writeCbor } from '../../realm/cbor.ts';
import { PeerError } from '../../realm/errors.ts';
import { codeField, decodeFrame } from '../wire.ts';

export const INSTANCE_BYTES = 16;
/** A chain, an instance and a few bytes around them. */
const MAX_HELLO = MAX_CHAIN + 96;
/** The longest is a refusal that brings its proof. */
export const MAX_ADMISSION_FRAME = MAX_SIGNED_CRL + 96;
/** A refusal that can be proved. */
export const REVOKED = 'cert-revoked';
/** Another live program has the key of whoever is refused; told to one whose certificate was good, with the teller's own. */
export const TWIN_ALIVE = 'twin-alive';

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
  /** With {@link REVOKED} the list that revokes a certificate of the refused chain, with {@link TWIN_ALIVE} the chain of who refuses. */
  readonly proof?: Uint8Array;
}

const OK = 'ok';
const bytes = v.instance(Uint8Array);
const instanceField = v.pipe(
  bytes,
  v.check((value) => value.length === INSTANCE_BYTES, `${INSTANCE_BYTES} bytes`),
);
const hello = v.strictTuple([bytes, instanceField]);
const proofField = v.pipe(bytes, v.minLength(1), v.maxLength(MAX_SIGNED_CRL));
const proved = v.strictTuple([v.picklist([REVOKED, TWIN_ALIVE]), proofField]);
const accepted = v.strictTuple([v.literal(OK), bytes, instanceField]);
const answer = v.union([accepted, proved, v.strictTuple([codeField])]);
const verdict = v.union([proved, v.strictTuple([codeField])]);

export const encodeHello = ({ chain, instance }: Hello): Uint8Array => writeCbor([encodeChain(chain), instance]);

export function decodeHello(frame: Uint8Array): Hello {
  if (frame.length > MAX_HELLO) throw new PeerError('bad-frame', `a hello has at most ${MAX_HELLO} bytes`);
  const [chain, instance] = decodeFrame(hello, frame, 'hello');
  return { chain: decodeChain(chain), instance };
}

export function encodeAnswer(value: Answer): Uint8Array {
  return value.kind === 'ok' ? writeCbor([OK, encodeChain(value.chain), value.instance]) : encodeRefusal(value);
}

export function decodeAnswer(frame: Uint8Array): Answer {
  const fields = decodeFrame(answer, frame, 'answer');
  if (fields.length !== 3) return refusalOf(fields);
  const [, chain, instance] = fields;
  return { kind: 'ok', chain: decodeChain(chain), instance };
}

function encodeRefusal({ code, proof }: Refusal): Uint8Array {
  return writeCbor(proof && (code === REVOKED || code === TWIN_ALIVE) ? [code, proof] : [code]);
}

function refusalOf([code, proof]: readonly [string] | readonly [string, Uint8Array]): Refusal {
  return { kind: 'refused', code, ...(proof ? { proof } : {}) };
}

/** As peers are known by it: lower-case hex. */
export const instanceText = (instance: Uint8Array): string => toString(instance, 'hex');

export function encodeVerdict(value: Verdict): Uint8Array {
  return value.kind === 'ok' ? writeCbor([OK]) : encodeRefusal(value);
}

export function decodeVerdict(frame: Uint8Array): Verdict {
  const fields = decodeFrame(verdict, frame, 'verdict');
  return fields[0] === OK ? { kind: 'ok' } : refusalOf(fields);
}
