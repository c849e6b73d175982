// The keys of a person and of a device.
//
// Identity  an Ed25519 key pair that a person has once, made at the first login. It lies in the vault and signs the devices
//           (device-certificate.ts). Whoever speaks with the person remembers its public half and notices when it changes.
// Device    an Ed25519 pair that signs messages and commits, and an X25519 pair to which others seal (HPKE). They are made on the
//           device and never leave it.
//
// The device's X25519 private key may be a CryptoKey that gives nothing away, as browsers keep it. The seed of its signature key
// must be at hand, because the library for group keys signs by itself; a browser keeps it wrapped by such a CryptoKey.
import { ed25519 } from '@noble/curves/ed25519.js';
import { InputError } from '../realm/errors.ts';
import type { RandomBytes } from '../realm/random.ts';
import { generateHpkeKey, type HpkeKey } from './hpke.ts';

/** Bytes of an Ed25519 seed, of its public key, and of an X25519 public key. */
export const KEY_BYTES = 32;
export const SIGNATURE_BYTES = 64;

/** An Ed25519 pair whose private half is a seed in memory. */
export interface SigningKey {
  readonly publicKey: Uint8Array;
  readonly seed: Uint8Array;
}

/** The keys of one device. */
export interface DeviceKeys {
  readonly signature: SigningKey;
  readonly hpke: HpkeKey;
}

/** @throws InputError `bad-key` */
export function signingKeyOfSeed(seed: Uint8Array): SigningKey {
  if (seed.length !== KEY_BYTES) {
    throw new InputError('bad-key', `a seed has ${KEY_BYTES} bytes, not ${seed.length}`);
  }
  return { publicKey: ed25519.getPublicKey(seed), seed };
}

/** Of a person or of a device. */
export function newSigningKey(random: RandomBytes): SigningKey {
  return signingKeyOfSeed(random(KEY_BYTES));
}

/** @param extractable whether the X25519 key can be written to a file; false in a browser, which keeps the CryptoKey itself */
export async function newDeviceKeys(random: RandomBytes, extractable: boolean): Promise<DeviceKeys> {
  return { signature: newSigningKey(random), hpke: await generateHpkeKey(extractable) };
}

/** Ed25519 (RFC 8032) over `label` and the bytes. Labels end in a newline, so that none is the beginning of another. */
export function signLabelled(key: SigningKey, label: string, bytes: Uint8Array): Uint8Array {
  return ed25519.sign(labelled(label, bytes), key.seed);
}

/** Strict: no second encoding of a signature and no key of small order passes. Never throws. Much at a time: native-verify.ts. */
export function verifyLabelled(
  publicKey: Uint8Array,
  label: string,
  bytes: Uint8Array,
  signature: Uint8Array,
): boolean {
  try {
    return ed25519.verify(signature, labelled(label, bytes), publicKey, { zip215: false });
  } catch {
    return false;
  }
}

const utf8 = new TextEncoder();

/** What is signed: no two labels with any bytes make the same. */
export function labelled(label: string, bytes: Uint8Array): Uint8Array {
  const prefix = utf8.encode(label);
  const whole = new Uint8Array(prefix.length + bytes.length);
  whole.set(prefix);
  whole.set(bytes, prefix.length);
  return whole;
}
