// The head of a vault: what its owner signs with each change, so that no server can take a change back, put another vault in its
// place, or swap what unlocks it.
//
//   fields  [version 1, user, generation, counter, sequence, chain hash, hash of the wraps, time]
//   head    fields | Ed25519 signature of the identity over "canopy/vault-head/1\n" | fields
//
// The counter rises by one with each change and never starts anew; the generation rises when the vault is compacted. A client
// remembers the newest head that it has seen; what is older, or as new and different, is refused.
import { equals } from 'uint8arrays/equals';
import { PeerError } from '../../realm/errors.ts';
import { idBytes, idText, parseUserId, type UserId } from '../../realm/ids.ts';
import { SIGNATURE_BYTES, type SigningKey, signLabelled, verifyLabelled } from '../identity.ts';
import { verifyNatively } from '../native-verify.ts';
import { decodeStrict, encodeItem, Fields } from '../strict-cbor.ts';

const VERSION = 1;
const FIELDS = 8;
const UUID = 16;
const HASH = 32;
const LABEL = 'canopy/vault-head/1\n';
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

function encodeHead({ user, generation, counter, sequence, chain, wraps, time }: VaultHead): Uint8Array {
  return encodeItem([VERSION, idBytes(user), generation, counter, sequence, chain, wraps, time]);
}
