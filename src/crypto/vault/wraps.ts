// What unlocks a vault. Each wrap holds the vault key, sealed to one public key: that of a device, or one that follows from a secret
// (OPAQUE's export key, the recovery key). Because they are public keys, a vault that gets a new key is wrapped again for all
// of them by any device, with nobody typing anything.
//
//   wrap     [kind, id, public key, sealed vault key, anchor]
//   wraps    [version 1, [wrap, ...]] in the order of kind and id; its SHA-256 is in the signed head
//   sealed   HPKE to the public key, for "canopy/vault-key/1|<user>|<kind>"
//   anchor   of a secret: nonce (12) | AES-256-GCM by a key of the secret of the identity's public key. Empty for a device.
//
// Anybody can seal to a public key, a hostile server too. What it can't make is the anchor: it tells whoever knows the secret and
// nothing else, a new device, which identity must have signed the head, and so which wraps are right.
import { x25519 } from '@noble/curves/ed25519.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { PeerError, RefusedError } from '../../realm/errors.ts';
import { idBytes, type UserId } from '../../realm/ids.ts';
import type { RandomBytes } from '../../realm/random.ts';
import { HPKE_OVERHEAD, type HpkeKey, importHpkeKey, openWithKey, sealToKey } from '../hpke.ts';
import { KEY_BYTES } from '../identity.ts';
import { decodeStrict, encodeItem, Fields } from '../strict-cbor.ts';
import { VAULT_KEY } from './records.ts';

const VERSION = 1;
export const WRAP_KINDS = ['device', 'password', 'recovery'] as const;
export type WrapKind = (typeof WRAP_KINDS)[number];
export type SecretKind = Exclude<WrapKind, 'device'>;

const NONCE = 12;
const TAG = 16;
const SEALED: number = VAULT_KEY + HPKE_OVERHEAD;
const ANCHOR: number = NONCE + KEY_BYTES + TAG;
const MAX_ID = 36;
/** Devices of one user, and the two secrets. */
export const MAX_WRAPS = 40;
export const MAX_WRAPS_BYTES: number = MAX_WRAPS * 300;
/** The head of PKCS #8 before the 32 raw bytes of an X25519 key (RFC 8410 section 7). */
const PKCS8_X25519 = Uint8Array.of(48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 110, 4, 34, 4, 32);

export interface VaultWrap {
  readonly kind: WrapKind;
  /** The device's id; empty for a secret. */
  readonly id: string;
  readonly publicKey: Uint8Array;
  readonly sealed: Uint8Array;
  readonly anchor: Uint8Array;
}

/** To whom a wrap is made: all that is needed to make it again for another vault key. */
export type WrapTarget = Omit<VaultWrap, 'sealed'>;

/** What follows from a secret, for one user and one purpose. */
interface SecretKeys {
  readonly hpke: HpkeKey;
  readonly anchorKey: Uint8Array<ArrayBuffer>;
}

export async function wrapVaultKey(user: UserId, vaultKey: Uint8Array, target: WrapTarget): Promise<VaultWrap> {
  return { ...target, sealed: await sealToKey(target.publicKey, vaultKey, labelOf(user, target.kind)) };
}

export function deviceTarget(device: string, hpkePublicKey: Uint8Array): WrapTarget {
  return { kind: 'device', id: device, publicKey: hpkePublicKey, anchor: new Uint8Array() };
}

/** @param secret OPAQUE's export key, or the recovery key */
export async function secretTarget(
  user: UserId,
  kind: SecretKind,
  secret: Uint8Array,
  identityKey: Uint8Array,
  random: RandomBytes,
): Promise<WrapTarget> {
  const { hpke, anchorKey } = await keysOf(user, kind, secret);
  const nonce = random(NONCE);
  const key = await crypto.subtle.importKey('raw', anchorKey, 'AES-GCM', false, ['encrypt']);
  const options = { name: 'AES-GCM', iv: nonce, additionalData: new Uint8Array(idBytes(user)) };
  const sealed = await crypto.subtle.encrypt(options, key, new Uint8Array(identityKey));
  const anchor = new Uint8Array(ANCHOR);
  anchor.set(nonce);
  anchor.set(new Uint8Array(sealed), NONCE);
  return { kind, id: '', publicKey: hpke.publicKey, anchor };
}

/** What the wrap of a secret bears in the clear: whoever knows the secret knows by it which one the vault is unlocked by. */
export async function secretPublicKey(user: UserId, kind: SecretKind, secret: Uint8Array): Promise<Uint8Array> {
  return (await keysOf(user, kind, secret)).hpke.publicKey;
}

/** A wrap that a secret opens: which identity the vault is of, and its key. */
export interface SecretOpened {
  readonly identityKey: Uint8Array;
  /** To be opened only after the head was found to be of that identity. */
  vaultKey(): Promise<Uint8Array>;
}

/** @throws RefusedError `vault-secret-wrong` when the wrap is of another secret */
export async function openWithSecret(user: UserId, wrap: VaultWrap, secret: Uint8Array): Promise<SecretOpened> {
  const kind = wrap.kind === 'device' ? 'password' : wrap.kind;
  const { hpke, anchorKey } = await keysOf(user, kind, secret);
  const key = await crypto.subtle.importKey('raw', anchorKey, 'AES-GCM', false, ['decrypt']);
  const iv = new Uint8Array(wrap.anchor.subarray(0, NONCE));
  const options = { name: 'AES-GCM', iv, additionalData: new Uint8Array(idBytes(user)) };
  try {
    const opened = await crypto.subtle.decrypt(options, key, new Uint8Array(wrap.anchor.subarray(NONCE)));
    return { identityKey: new Uint8Array(opened), vaultKey: () => openWithDevice(user, wrap, hpke) };
  } catch (cause) {
    throw new RefusedError('vault-secret-wrong', `this ${kind} does not open the vault`, { cause });
  }
}

/** @throws PeerError `not-sealed-to-this` */
export function openWithDevice(user: UserId, wrap: VaultWrap, key: HpkeKey): Promise<Uint8Array> {
  return openWithKey(key, wrap.sealed, labelOf(user, wrap.kind));
}

export function encodeWraps(wraps: readonly VaultWrap[]): Uint8Array {
  const ordered = [...wraps].sort((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1));
  return encodeItem([VERSION, ordered.map((w) => [w.kind, w.id, w.publicKey, w.sealed, w.anchor])]);
}

/** @throws PeerError `frame-malformed`, `frame-too-long` */
export function decodeWraps(bytes: Uint8Array): VaultWrap[] {
  const fields = new Fields(decodeStrict(bytes, MAX_WRAPS_BYTES), 'wraps of a vault', 2);
  if (fields.uint() !== VERSION) fields.fail(`version ${VERSION}`);
  const wraps = fields.list(MAX_WRAPS).map(decodeWrap);
  if (new Set(wraps.map(placeOf)).size !== wraps.length) fields.fail('each wrap once');
  return wraps;
}

export function wrapsHash(encoded: Uint8Array): Uint8Array {
  return sha256(encoded);
}

function decodeWrap(item: unknown): VaultWrap {
  const fields = new Fields(item, 'wrap', 5);
  const name = fields.text(MAX_ID);
  const kind = WRAP_KINDS.find((known) => known === name) ?? fields.fail(`one of ${WRAP_KINDS.join(', ')}`);
  return {
    kind,
    id: fields.text(MAX_ID),
    publicKey: fields.bytes(KEY_BYTES, KEY_BYTES),
    sealed: fields.bytes(SEALED, SEALED),
    anchor: kind === 'device' ? fields.bytes(0, 0) : fields.bytes(ANCHOR, ANCHOR),
  };
}

function placeOf({ kind, id }: Pick<VaultWrap, 'kind' | 'id'>): string {
  return `${kind}/${id}`;
}

function labelOf(user: UserId, kind: WrapKind): string {
  return `canopy/vault-key/1|${user}|${kind}`;
}

async function keysOf(user: UserId, kind: SecretKind, secret: Uint8Array): Promise<SecretKeys> {
  if (secret.length < 16) throw new PeerError('bad-key', 'a secret of a vault has at least 16 bytes');
  const info = new TextEncoder().encode(`canopy/vault-${kind}/1`);
  const derived = hkdf(sha256, secret, idBytes(user), info, 2 * KEY_BYTES);
  const raw = derived.subarray(0, KEY_BYTES);
  const pkcs8 = new Uint8Array(PKCS8_X25519.length + KEY_BYTES);
  pkcs8.set(PKCS8_X25519);
  pkcs8.set(raw, PKCS8_X25519.length);
  const hpke = await importHpkeKey(x25519.getPublicKey(raw), pkcs8);
  return { hpke, anchorKey: new Uint8Array(derived.subarray(KEY_BYTES)) };
}
