// `/canopy/charter/1`: a node tells its own relay what was revoked and which trusts there are. Only the own node may open it.
//
//   node -> relay   [1, 'crls', [list, …]]         revocation lists with their chains (src/pki/revocations.ts); the relay adds them
//                   [1, 'trusts', [agreement, …]]  signed agreements in force; they replace those told before
//                   [1, 'more-trusts', [agreement, …]]  those that found no room in the frame before
//   relay -> node   [1, 'taken']                   after each frame: checked, on disk, and open connections judged anew
//                   [1, code]                      it could not be kept; the relay closes
//
// First everything, then what changes, one frame at a time: the next follows the answer. The relay checks each signature itself
// up to its own root: what does not hold is passed over and logged, so that one bad list hides no other. What it has, it keeps
// on disk, and so refuses after a restart while its node is away.
//
// Limits: 256 lists or agreements and 512 KiB a frame, one stream a node. Deadlines: 30 s for each answer.
import * as v from 'valibot';
import { writeCbor } from '../../realm/cbor.ts';
import { codeField, decodeFrame } from '../wire.ts';

export const CHARTER_PROTOCOL = '/canopy/charter/1';
export const MAX_ITEMS = 256;
export const MAX_CHARTER_FRAME = 512 * 1024;
/** Above this a further item goes into the next frame. */
export const MAX_BATCH_BYTES = 256 * 1024;
export const ANSWER_DEADLINE = 30_000;
const VERSION = 1;
const TAKEN = 'taken';

const KINDS = ['crls', 'trusts', 'more-trusts'] as const;

export interface CharterFrame {
  readonly kind: (typeof KINDS)[number];
  readonly items: readonly Uint8Array[];
}

const items = v.pipe(v.array(v.instance(Uint8Array)), v.maxLength(MAX_ITEMS));
const frame = v.strictTuple([v.literal(VERSION), v.picklist(KINDS), items]);
const answer = v.strictTuple([v.literal(VERSION), codeField]);

export function encodeCharterFrame({ kind, items: list }: CharterFrame): Uint8Array {
  return writeCbor([VERSION, kind, [...list]]);
}

/** @throws PeerError `bad-frame` */
export function decodeCharterFrame(bytes: Uint8Array): CharterFrame {
  const [, kind, list] = decodeFrame(frame, bytes, 'charter frame');
  return { kind, items: list };
}

/** @param refusal a code; undefined when it was taken */
export function encodeCharterAnswer(refusal?: string): Uint8Array {
  return writeCbor([VERSION, refusal ?? TAKEN]);
}

/** The code of the refusal; undefined when it was taken. @throws PeerError `bad-frame` */
export function decodeCharterAnswer(bytes: Uint8Array): string | undefined {
  const [, code] = decodeFrame(answer, bytes, 'charter answer');
  return code === TAKEN ? undefined : code;
}
