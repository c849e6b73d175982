// A realm's signed record of where its relays are. Hints, not truth: they are believed only because a relay that the
// realm's certificates name has signed them, and only until they expire.
//
//   record = [1, payload bytes, signature (Ed25519, 64 bytes), [certificate DER, leaf first, root last]]
//   payload = [1, realm, [[peer id, [multiaddr, ...]], ...], incarnation, sequence, expires (ms since 1970)]
//   signed  = "canopy/location/v1" 0x00 payload
//
// The signer must be a relay of the realm and be named in the payload. Of two records of one signer the one with the higher
// (incarnation, sequence) counts.
import { generateKeyPairFromSeed, publicKeyFromRaw } from '@libp2p/crypto/keys';
import { peerIdFromPublicKey } from '@libp2p/peer-id';
import { multiaddr } from '@multiformats/multiaddr';
import { concat } from 'uint8arrays/concat';
import { PeerError, RefusedError } from '../../realm/errors.ts';
import { isRealmName, type RealmName, type Role } from '../../realm/names.ts';
import { type CborValue, decodeCbor, encodeCbor, isArray, isCount, isText } from './strict-cbor.ts';

export const MAX_RECORD = 24 * 1024;
export const MAX_RELAYS = 4;
export const MAX_ADDRESSES = 8;
const MAX_ADDRESS = 200;
const MAX_PEER_ID = 64;
const MAX_CERTIFICATES = 8;
const SIGNATURE = 64;
const VERSION = 1;
const LABEL = new TextEncoder().encode('canopy/location/v1\0');
/** How far ahead a record may set its end: a stolen key's last record does not live for ever. */
export const MAX_LIFETIME = 3_600_000;
/** A realm's clock may be so far off before it is refused elsewhere. */
const CLOCK_LEEWAY = 600_000;

export interface RelayAddresses {
  readonly peerId: string;
  readonly addrs: readonly string[];
}

export interface RealmRecord {
  readonly realm: RealmName;
  readonly relays: readonly RelayAddresses[];
  readonly incarnation: number;
  readonly sequence: number;
  /** Milliseconds since 1970. */
  readonly expires: number;
}

/** A record whose signature, chain and dates have been checked. */
export interface CheckedRecord extends RealmRecord {
  readonly signer: string;
  /** As it came, to pass it on. */
  readonly bytes: Uint8Array;
}

export interface RecordSigner {
  /** Ed25519 seed of the relay's leaf. */
  readonly privateKey: Uint8Array;
  readonly chain: readonly Uint8Array[];
  /** Default: Ed25519 with the key above. A simulation may put something cheaper here. */
  readonly sign?: (data: Uint8Array) => Uint8Array;
}

/** What a chain says of its leaf. */
export interface RecordLeaf {
  readonly realm: RealmName;
  readonly role: Role;
  readonly publicKey: Uint8Array;
  /** Default: Ed25519 with the key above. */
  readonly verify?: (data: Uint8Array, signature: Uint8Array) => boolean;
}

/** Validates a chain and says whose leaf it is. @throws RefusedError `cert-…` */
export type ChainCheck = (chain: readonly Uint8Array[]) => Promise<RecordLeaf>;

export async function signRecord(record: RealmRecord, signer: RecordSigner): Promise<Uint8Array> {
  const payload = encodePayload(record);
  const sign = signer.sign ?? (await ed25519(signer.privateKey));
  const signature = await sign(concat([LABEL, payload]));
  return encodeCbor([VERSION, payload, signature, signer.chain]);
}

async function ed25519(seed: Uint8Array): Promise<(data: Uint8Array) => Uint8Array | Promise<Uint8Array>> {
  const key = await generateKeyPairFromSeed('Ed25519', seed);
  return (data) => key.sign(data);
}

/** @throws PeerError `record-malformed`, RefusedError `record-…` or `cert-…` */
export async function openRecord(bytes: Uint8Array, check: ChainCheck, now: number): Promise<CheckedRecord> {
  const { payload, signature, chain } = decodeEnvelope(bytes);
  const record = decodePayload(payload);
  if (record.expires <= now - CLOCK_LEEWAY)
    throw new RefusedError('record-expired', `the record of ${record.realm} has expired`);
  if (record.expires > now + MAX_LIFETIME + CLOCK_LEEWAY) {
    throw new RefusedError('record-too-long', `the record of ${record.realm} claims to hold for more than an hour`);
  }
  const leaf = await check(chain);
  if (leaf.realm !== record.realm || leaf.role !== 'relay') {
    throw new RefusedError(
      'record-wrong-signer',
      `the ${leaf.role} of ${leaf.realm} signed a record of ${record.realm}`,
    );
  }
  const key = publicKeyFromRaw(leaf.publicKey);
  const verify = leaf.verify ?? ((data: Uint8Array, given: Uint8Array) => key.verify(data, given));
  if (!(await verify(concat([LABEL, payload]), signature))) {
    throw new RefusedError('record-forged', `the signature under the record of ${record.realm} is wrong`);
  }
  const signer = key.type === 'Ed25519' ? peerIdFromPublicKey(key).toString() : '';
  if (!record.relays.some(({ peerId }) => peerId === signer)) {
    throw new RefusedError('record-wrong-signer', `the record of ${record.realm} does not name its signer`);
  }
  return { ...record, signer, bytes };
}

/** Whether `a` is to be believed rather than `b`, both of one realm. */
export function isNewer(a: RealmRecord, b: RealmRecord): boolean {
  return a.incarnation === b.incarnation ? a.sequence > b.sequence : a.incarnation > b.incarnation;
}

export function encodePayload(record: RealmRecord): Uint8Array {
  const relays: CborValue = record.relays.map(({ peerId, addrs }) => [peerId, [...addrs]]);
  return encodeCbor([VERSION, record.realm, relays, record.incarnation, record.sequence, record.expires]);
}

/** @throws PeerError `record-malformed` */
export function decodePayload(bytes: Uint8Array): RealmRecord {
  const value = decodeCbor(bytes, MAX_RECORD, 'record-malformed');
  if (!isArray(value, 6)) throw malformed('the payload is no array of 6');
  const [version, realm, relays, incarnation, sequence, expires] = value;
  if (version !== VERSION) throw malformed('unknown version');
  if (typeof realm !== 'string' || !isRealmName(realm)) throw malformed('no realm');
  if (!isCount(incarnation) || !isCount(sequence) || !isCount(expires)) throw malformed('bad number');
  if (!isArray(relays) || relays.length === 0 || relays.length > MAX_RELAYS) throw malformed('bad number of relays');
  return { realm, relays: relays.map(decodeRelay), incarnation, sequence, expires };
}

function decodeRelay(value: unknown): RelayAddresses {
  if (!isArray(value, 2)) throw malformed('a relay is no pair');
  const [peerId, addrs] = value;
  if (!isText(peerId, MAX_PEER_ID) || !/^[A-Za-z0-9]+$/.test(peerId)) throw malformed('bad peer id');
  if (!isArray(addrs) || addrs.length > MAX_ADDRESSES) throw malformed('bad addresses');
  return { peerId, addrs: addrs.map(decodeAddress) };
}

function decodeAddress(value: unknown): string {
  if (!isText(value, MAX_ADDRESS)) throw malformed('address too long');
  try {
    return multiaddr(value).toString();
  } catch (cause) {
    throw new PeerError('record-malformed', 'no multiaddr', { cause });
  }
}

interface Envelope {
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
  readonly chain: readonly Uint8Array[];
}

function decodeEnvelope(bytes: Uint8Array): Envelope {
  const value = decodeCbor(bytes, MAX_RECORD, 'record-malformed');
  if (!isArray(value, 4)) throw malformed('no array of 4');
  const [version, payload, signature, chain] = value;
  if (version !== VERSION) throw malformed('unknown version');
  if (!(payload instanceof Uint8Array)) throw malformed('no payload');
  if (!(signature instanceof Uint8Array) || signature.length !== SIGNATURE) throw malformed('bad signature');
  if (!isArray(chain) || chain.length === 0 || chain.length > MAX_CERTIFICATES) throw malformed('bad chain');
  const certificates = chain.filter((der) => der instanceof Uint8Array);
  if (certificates.length !== chain.length) throw malformed('bad chain');
  return { payload, signature, chain: certificates };
}

function malformed(what: string): PeerError {
  return new PeerError('record-malformed', `no location record: ${what}`);
}
