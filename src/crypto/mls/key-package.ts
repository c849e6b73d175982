// Key packages (RFC 9420, section 10): what a device lays out at its home so that others can add it to groups while it is away.
// The public half is an MLS message; the private half stays on the device until it is used, or until its time is over.
//
//   private = [1, reference (32), public half, init key, leaf key]      strict CBOR; the signature key is the device's
import {
  decodeMlsMessage,
  encodeMlsMessage,
  generateKeyPackageWithKey,
  type KeyPackage,
  type PrivateKeyPackage,
} from 'ts-mls';
import { makeKeyPackageRef } from 'ts-mls/keyPackage.js';
import { PeerError } from '../../realm/errors.ts';
import { decodeStrict, encodeItem, Fields } from '../strict-cbor.ts';
import type { OwnDevice } from './parts.ts';
import { CAPABILITIES, SUITE } from './suite.ts';

/** Bytes; one has about 500. */
export const MAX_KEY_PACKAGE = 1024;
const MAX_PRIVATE = MAX_KEY_PACKAGE + 512;
const DAY = 24 * 60 * 60 * 1000;
/** Milliseconds that a key package is good for. One of last resort is renewed long before. */
export const KEY_PACKAGE_LIFETIME: number = 90 * DAY;
const REFERENCE = 32;
const MAX_KEY = 128;

export interface MadeKeyPackage {
  /** To be laid out. */
  readonly publicPart: Uint8Array;
  /** To be kept by the device. */
  readonly privatePart: Uint8Array;
  /** By which a welcome says which one it was made for. */
  readonly reference: Uint8Array;
  /** Milliseconds since 1970. */
  readonly notAfter: number;
}

export interface OwnKeyPackage {
  readonly reference: Uint8Array;
  readonly publicPackage: KeyPackage;
  readonly privatePackage: PrivateKeyPackage;
}

/** @param now milliseconds since 1970 */
export async function newKeyPackage(me: OwnDevice, now: number): Promise<OwnKeyPackage> {
  // A day back, for the clocks of others.
  const notBefore = Math.floor((now - DAY) / 1000);
  const notAfter = Math.floor(Math.min(now + KEY_PACKAGE_LIFETIME, me.certificate.notAfter) / 1000);
  const made = await generateKeyPackageWithKey(
    { credentialType: 'basic', identity: me.certificate.bytes },
    CAPABILITIES,
    { notBefore: BigInt(notBefore), notAfter: BigInt(notAfter) },
    [],
    { signKey: me.signature.seed, publicKey: me.signature.publicKey },
    SUITE,
  );
  return { ...made, reference: await makeKeyPackageRef(made.publicPackage, SUITE.hash) };
}

/** @param now milliseconds since 1970 */
export async function makeKeyPackage(me: OwnDevice, now: number): Promise<MadeKeyPackage> {
  const { reference, publicPackage, privatePackage } = await newKeyPackage(me, now);
  const publicPart = encodeKeyPackage(publicPackage);
  const { initPrivateKey, hpkePrivateKey } = privatePackage;
  const privatePart = encodeItem([1, reference, publicPart, initPrivateKey, hpkePrivateKey]);
  return { publicPart, privatePart, reference, notAfter: Number(publicPackage.leafNode.lifetime.notAfter) * 1000 };
}

/** @throws PeerError `frame-malformed`, `key-package-malformed` */
export function readPrivatePart(bytes: Uint8Array, me: OwnDevice): OwnKeyPackage {
  const fields = new Fields(decodeStrict(bytes, MAX_PRIVATE), 'kept key package', 5);
  if (fields.uint() !== 1) fields.fail('version 1');
  return {
    reference: fields.bytes(REFERENCE, REFERENCE),
    publicPackage: decodeKeyPackage(fields.bytes(MAX_KEY_PACKAGE)),
    privatePackage: {
      // Copies: a group erases them when it goes on.
      initPrivateKey: fields.bytes(MAX_KEY).slice(),
      hpkePrivateKey: fields.bytes(MAX_KEY).slice(),
      signaturePrivateKey: me.signature.seed,
    },
  };
}

function encodeKeyPackage(keyPackage: KeyPackage): Uint8Array {
  return encodeMlsMessage({ version: 'mls10', wireformat: 'mls_key_package', keyPackage });
}

/** @throws PeerError `key-package-malformed` */
export function decodeKeyPackage(bytes: Uint8Array): KeyPackage {
  const decoded = bytes.length > MAX_KEY_PACKAGE ? undefined : tryDecode(bytes);
  if (decoded?.[0].wireformat !== 'mls_key_package' || decoded[1] !== bytes.length) {
    throw new PeerError('key-package-malformed', 'these bytes are no key package');
  }
  return decoded[0].keyPackage;
}

function tryDecode(bytes: Uint8Array): ReturnType<typeof decodeMlsMessage> {
  try {
    return decodeMlsMessage(bytes, 0);
  } catch (cause) {
    throw new PeerError('key-package-malformed', 'these bytes are no message of MLS', { cause });
  }
}
