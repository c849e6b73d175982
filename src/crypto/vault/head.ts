// The head of a vault: what its owner signs with each change, so that no server can take a change back, put another vault in its
// place, or swap what unlocks it.
//
//   core    [version 2, user, generation, counter, sequence, chain hash, hash of the wraps, time]
//   step    SHA-256 of the core
//   line    SHA-256("canopy/vault-line/1\n" | line of the head before, 32 zero bytes for the first | step)
//   fields  the core's, line
//   head    fields | Ed25519 signature of the identity over "canopy/vault-head/1\n" | fields
//
// The counter rises by one with each change and never starts anew; the generation rises when the vault is compacted. A client
// remembers the newest head that it has seen; what is older, or as new and different, is refused. So is what is newer and does not
// come from it: the steps between the two, which the server keeps, must lead from the one's line to the other's. Whoever gives a state
// up puts its line among the steps, in the place of a step (src/client/vault/given-up.ts).
import { sha256 } from '@noble/hashes/sha2.js';
import { equals } from 'uint8arrays/equals';
import { PeerError } from '../../realm/errors.ts';
import { idBytes, idText, parseUserId, type UserId } from '../../realm/ids.ts';
import { SIGNATURE_BYTES, type SigningKey, signLabelled, verifyLabelled } from '../identity.ts';
import { verifyNatively } from '../native-verify.ts';
import { decodeStrict, encodeItem, Fields } from '../strict-cbor.ts';

const VERSION = 2;
const FIELDS = 9;
const UUID = 16;
const HASH = 32;
const LABEL = 'canopy/vault-head/1\n';
const LINE_LABEL = new TextEncoder().encode('canopy/vault-line/1\n');
/** Bytes of a step, and of a line. */
export const STEP_BYTES = HASH;
/** The line before the first head. */
export const LINE_START = new Uint8Array(HASH);
export const MAX_HEAD = 256;

export interface VaultHead {
  readonly user: UserId;
  readonly generation: number;
  readonly counter: number;
  /** Of the last record of the generation; 0 when it has none. */
  readonly sequence: number;
  readonly chain: Uint8Array;
  readonly wraps: Uint8Array;
  /** Milliseconds since 1970 by the writer's clock. */
  readonly time: number;
  /** Over this head and all before it. */
  readonly line: Uint8Array;
}

/** Part of a line: what it was before the first of the steps, and those. */
export interface VaultLine {
  readonly line: Uint8Array;
  readonly steps: readonly Uint8Array[];
}

export function signHead(identity: SigningKey, head: VaultHead): Uint8Array {
  const fields = encodeHead(head);
  const signature = signLabelled(identity, LABEL, fields);
  const bytes = new Uint8Array(fields.length + SIGNATURE_BYTES);
  bytes.set(fields);
  bytes.set(signature, fields.length);
  return bytes;
}

/** Without its signature: for a server that looks at the numbers. @throws PeerError `frame-malformed`, `frame-too-long` */
export function readHead(bytes: Uint8Array): VaultHead {
  const body = bytes.subarray(0, Math.max(0, bytes.length - SIGNATURE_BYTES));
  const fields = new Fields(decodeStrict(body, MAX_HEAD), 'vault head', FIELDS);
  if (fields.uint() !== VERSION) fields.fail(`version ${VERSION}`);
  const head = {
    user: parseUserId(idText(fields.bytes(UUID, UUID))),
    generation: fields.uint(),
    counter: fields.uint(),
    sequence: fields.uint(),
    chain: fields.bytes(HASH, HASH),
    wraps: fields.bytes(HASH, HASH),
    time: fields.uint(),
    line: fields.bytes(HASH, HASH),
  };
  if (!equals(encodeHead(head), body)) fields.fail('in canonical form');
  return head;
}

/** @throws PeerError `vault-head-forged`, `frame-malformed`, `frame-too-long` */
export function verifyHead(bytes: Uint8Array, user: UserId, identityKey: Uint8Array): VaultHead {
  const head = readHead(bytes);
  const at = bytes.length - SIGNATURE_BYTES;
  if (head.user !== user || !verifyLabelled(identityKey, LABEL, bytes.subarray(0, at), bytes.subarray(at))) {
    throw forged();
  }
  return head;
}

/** The same with a fraction of the work, for a server that sees one head after the other. @throws as {@link verifyHead} */
export async function verifyHeadNatively(bytes: Uint8Array, user: UserId, identityKey: Uint8Array): Promise<VaultHead> {
  // Theirs may change while the signature is looked at.
  const own = new Uint8Array(bytes);
  const head = readHead(own);
  const at = own.length - SIGNATURE_BYTES;
  const isSigned =
    head.user === user && (await verifyNatively(identityKey, LABEL, own.subarray(0, at), own.subarray(at)));
  if (!isSigned) throw forged();
  return head;
}

function forged(): PeerError {
  return new PeerError('vault-head-forged', 'the head of this vault was not signed by its owner');
}

/**
 * Holds a head that was shown against the newest one known.
 * @throws PeerError `vault-rolled-back` for one that is older, `vault-forked` for one that is as new and not the same
 */
export function assertNotBefore(known: VaultHead, shown: VaultHead): void {
  if (shown.counter < known.counter || shown.generation < known.generation || isShorter(known, shown)) {
    throw new PeerError('vault-rolled-back', `the vault has gone back from ${known.counter} to ${shown.counter}`);
  }
  if (shown.counter === known.counter && !equals(encodeHead(known), encodeHead(shown))) {
    throw new PeerError('vault-forked', `there are two states ${shown.counter} of the vault`);
  }
}

function isShorter(known: VaultHead, shown: VaultHead): boolean {
  return shown.generation === known.generation && shown.sequence < known.sequence;
}

/** What a head adds to the line. */
export function stepOf(head: VaultHead): Uint8Array {
  return sha256(encodeItem(coreOf(head)));
}

export function lineAfter(line: Uint8Array, steps: readonly Uint8Array[]): Uint8Array {
  return steps.reduce((before, step) => sha256.create().update(LINE_LABEL).update(before).update(step).digest(), line);
}

/**
 * A newer head must come from the one that is known, or from one that names that as given up.
 * @param part from the step of `known` to that of `shown`, both included
 * @throws PeerError `vault-forked`
 */
export function assertOnLine(known: VaultHead, shown: VaultHead, { line, steps }: VaultLine): void {
  const comesFrom = equals(lineAfter(known.line, steps.slice(1)), shown.line);
  const gaveUp = steps.some((step) => equals(step, known.line)) && equals(lineAfter(line, steps), shown.line);
  if (comesFrom || gaveUp) return;
  throw new PeerError('vault-forked', `state ${shown.counter} of the vault does not come from state ${known.counter}`);
}

function encodeHead(head: VaultHead): Uint8Array {
  return encodeItem([...coreOf(head), head.line]);
}

function coreOf({ user, generation, counter, sequence, chain, wraps, time }: VaultHead) {
  return [VERSION, idBytes(user), generation, counter, sequence, chain, wraps, time];
}
