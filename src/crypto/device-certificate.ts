// What a person's identity says of one of the person's devices. It is also the credential of the device's leaf in group keys.
//
//   fields       [version 1, user, device, signature key, HPKE key, identity key, sequence, not before, not after]
//   certificate  fields | Ed25519 signature of the identity over "canopy/device/1\n" | fields
//
// Fields are one strict CBOR array; ids are 16 bytes, keys 32; times are milliseconds since 1970. The sequence counts up with each
// certificate of a device; the highest counts. That the identity key is the person's is not in here: it is pinned
// (identity-pins), and said by the home realm (docs/protocols/accounts.md).
import { equals } from 'uint8arrays/equals';
import { toString } from 'uint8arrays/to-string';
import { PeerError } from '../realm/errors.ts';
import { type DeviceId, idBytes, idText, parseDeviceId, parseUserId, type UserId } from '../realm/ids.ts';
import { CLOCK_LEEWAY } from '../realm/steady-clock.ts';
import { KEY_BYTES, SIGNATURE_BYTES, type SigningKey, signLabelled, verifyLabelled } from './identity.ts';
import { verifyNatively } from './native-verify.ts';
import { decodeStrict, encodeItem, Fields } from './strict-cbor.ts';

const VERSION = 1;
const FIELDS = 9;
const UUID = 16;
const LABEL = 'canopy/device/1\n';
/** Bytes; a certificate has about 190. */
export const MAX_DEVICE_CERTIFICATE = 256;
/** Milliseconds; a device that is in use asks for the next one when half of it is over. */
export const DEVICE_LIFETIME: number = 365 * 24 * 60 * 60 * 1000;

export interface DeviceClaims {
  readonly user: UserId;
  readonly device: DeviceId;
  readonly signatureKey: Uint8Array;
  readonly hpkeKey: Uint8Array;
  readonly identityKey: Uint8Array;
  readonly sequence: number;
  /** Milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
}

export interface DeviceCertificate extends DeviceClaims {
  readonly bytes: Uint8Array;
}

/** Signs; the identity key of the claims is the signer's. */
export function issueDeviceCertificate(
  identity: SigningKey,
  claims: Omit<DeviceClaims, 'identityKey'>,
): DeviceCertificate {
  const whole = { ...claims, identityKey: identity.publicKey };
  const fields = encodeClaims(whole);
  const signature = signLabelled(identity, LABEL, fields);
  const bytes = new Uint8Array(fields.length + signature.length);
  bytes.set(fields);
  bytes.set(signature, fields.length);
  return { ...whole, bytes };
}

/** Certificates found genuine last, by their bytes: each message of a device asks for its certificate again. */
const MAX_GENUINE = 1024;
const genuine = new Map<string, DeviceCertificate>();

/**
 * Reads a certificate and checks its signature, not its dates: for what was signed at an earlier time.
 * @throws PeerError `frame-too-long`, `frame-malformed`, `device-certificate-forged`
 */
export function readDeviceCertificate(bytes: Uint8Array): DeviceCertificate {
  const known = genuine.get(nameOf(bytes));
  if (known) return known;
  const { claims, fields, signature } = parted(bytes);
  if (!verifyLabelled(claims.identityKey, LABEL, fields, signature)) throw forged(claims);
  return keep({ ...claims, bytes: new Uint8Array(bytes) });
}

/**
 * The same where many come that nobody has seen before, a server's logins: a fraction of the work.
 * @throws PeerError `frame-too-long`, `frame-malformed`, `device-certificate-forged`
 */
export async function readDeviceCertificateNatively(bytes: Uint8Array): Promise<DeviceCertificate> {
  // Theirs may change while the signature is looked at.
  const own = new Uint8Array(bytes);
  const known = genuine.get(nameOf(own));
  if (known) return known;
  const { claims, fields, signature } = parted(own);
  if (!(await verifyNatively(claims.identityKey, LABEL, fields, signature))) throw forged(claims);
  return keep({ ...claims, bytes: own });
}

/** @throws PeerError `frame-too-long` */
function nameOf(bytes: Uint8Array): string {
  if (bytes.length > MAX_DEVICE_CERTIFICATE) {
    throw new PeerError('frame-too-long', `${bytes.length} bytes; at most ${MAX_DEVICE_CERTIFICATE}`);
  }
  return toString(bytes, 'base64');
}

function keep(certificate: DeviceCertificate): DeviceCertificate {
  if (genuine.size >= MAX_GENUINE) genuine.delete(genuine.keys().next().value ?? '');
  genuine.set(nameOf(certificate.bytes), certificate);
  return certificate;
}

function parted(bytes: Uint8Array) {
  const end = Math.max(0, bytes.length - SIGNATURE_BYTES);
  const fields = bytes.subarray(0, end);
  return { claims: decodeClaims(fields), fields, signature: bytes.subarray(end) };
}

function forged({ device }: DeviceClaims): PeerError {
  return new PeerError('device-certificate-forged', `the identity did not sign this certificate of ${device}`);
}

/**
 * The same, valid at that time, give or take what clocks may differ by.
 * @param at milliseconds since 1970
 * @throws PeerError `frame-too-long`, `frame-malformed`, `device-certificate-forged`, `device-not-yet-valid`, `device-expired`
 */
export function verifyDeviceCertificate(bytes: Uint8Array, at: number): DeviceCertificate {
  const certificate = readDeviceCertificate(bytes);
  if (at < certificate.notBefore - CLOCK_LEEWAY) {
    throw new PeerError('device-not-yet-valid', `the certificate of ${certificate.device} is not valid yet`);
  }
  if (at > certificate.notAfter + CLOCK_LEEWAY) {
    throw new PeerError('device-expired', `the certificate of ${certificate.device} has expired`);
  }
  return certificate;
}

/** Whether both name one identity of one user: what a pin is compared by. */
export function isOfIdentity(certificate: DeviceCertificate, user: UserId, identityKey: Uint8Array): boolean {
  return certificate.user === user && equals(certificate.identityKey, identityKey);
}

function encodeClaims(claims: DeviceClaims): Uint8Array {
  const { user, device, signatureKey, hpkeKey, identityKey, sequence, notBefore, notAfter } = claims;
  const ids = [idBytes(user), idBytes(device)];
  return encodeItem([VERSION, ...ids, signatureKey, hpkeKey, identityKey, sequence, notBefore, notAfter]);
}

function decodeClaims(bytes: Uint8Array): DeviceClaims {
  const fields = new Fields(decodeStrict(bytes, MAX_DEVICE_CERTIFICATE), 'device certificate', FIELDS);
  const version = fields.uint();
  if (version !== VERSION) fields.fail(`version ${VERSION}`);
  const claims = {
    user: parseUserId(idText(fields.bytes(UUID, UUID))),
    device: parseDeviceId(idText(fields.bytes(UUID, UUID))),
    signatureKey: fields.bytes(KEY_BYTES, KEY_BYTES),
    hpkeKey: fields.bytes(KEY_BYTES, KEY_BYTES),
    identityKey: fields.bytes(KEY_BYTES, KEY_BYTES),
    sequence: fields.uint(),
    notBefore: fields.uint(),
    notAfter: fields.uint(),
  };
  if (!equals(encodeClaims(claims), bytes)) fields.fail('in canonical form');
  if (claims.notAfter < claims.notBefore || claims.notAfter - claims.notBefore > DEVICE_LIFETIME) {
    fields.fail('a time of validity of at most a year');
  }
  return claims;
}
