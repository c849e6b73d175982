// Certificates of devices: round trips, every truncation refused, a fixed vector, and what a forger may try.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { toString } from 'uint8arrays/to-string';
import {
  DEVICE_LIFETIME,
  type DeviceClaims,
  isOfIdentity,
  issueDeviceCertificate,
  readDeviceCertificate,
  readDeviceCertificateNatively,
  verifyDeviceCertificate,
} from '../../src/crypto/device-certificate.ts';
import { signingKeyOfSeed } from '../../src/crypto/identity.ts';
import { parseDeviceId, parseUserId } from '../../src/realm/ids.ts';

const identity = signingKeyOfSeed(new Uint8Array(32).fill(7));
const CLAIMS: Omit<DeviceClaims, 'identityKey'> = {
  user: parseUserId('00000000-0000-4000-8000-000000000001'),
  device: parseDeviceId('00000000-0000-4000-8000-000000000002'),
  signatureKey: new Uint8Array(32).fill(1),
  hpkeKey: new Uint8Array(32).fill(2),
  sequence: 1,
  notBefore: 1_900_000_000_000,
  notAfter: 1_900_000_000_000 + DEVICE_LIFETIME,
};
const uuid = fc.uuid({ version: 4 });
const key = fc.uint8Array({ minLength: 32, maxLength: 32 });
const time = fc.nat({ max: 4_000_000_000_000 });

test('a certificate comes back as it was issued, and is of its identity alone', { timeout: 30_000 }, () => {
  const claims = fc.record(
    {
      user: uuid.map(parseUserId),
      device: uuid.map(parseDeviceId),
      signatureKey: key,
      hpkeKey: key,
      sequence: fc.nat(),
      notBefore: time,
    },
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(claims, key, (some, seed) => {
      const owner = signingKeyOfSeed(seed);
      const issued = issueDeviceCertificate(owner, { ...some, notAfter: some.notBefore + DEVICE_LIFETIME });
      assert.deepEqual(verifyDeviceCertificate(issued.bytes, some.notBefore), issued);
      assert.ok(isOfIdentity(issued, some.user, owner.publicKey));
      assert.ok(!isOfIdentity(issued, some.user, identity.publicKey));
    }),
    { numRuns: 25 },
  );
});

test('every truncation, every altered byte and every byte too many is refused', { timeout: 30_000 }, () => {
  const { bytes } = issueDeviceCertificate(identity, CLAIMS);
  for (let length = 0; length < bytes.length; length++) {
    assert.throws(() => readDeviceCertificate(bytes.subarray(0, length)), { name: 'PeerError' });
  }
  for (let at = 0; at < bytes.length; at += 3) {
    const altered = Uint8Array.from(bytes, (byte, i) => (i === at ? byte ^ 1 : byte));
    assert.throws(() => readDeviceCertificate(altered), { name: 'PeerError' });
  }
  assert.throws(() => readDeviceCertificate(Uint8Array.from([...bytes, 0])), { name: 'PeerError' });
  assert.throws(() => readDeviceCertificate(new Uint8Array(300)), { code: 'frame-too-long' });
});

test('the platform’s own check reads what ours reads, and refuses what ours refuses', { timeout: 30_000 }, async () => {
  const fresh = issueDeviceCertificate(identity, { ...CLAIMS, sequence: 2 });
  assert.deepEqual(await readDeviceCertificateNatively(fresh.bytes), fresh);
  for (let at = 0; at < fresh.bytes.length; at += 5) {
    const altered = Uint8Array.from(fresh.bytes, (byte, i) => (i === at ? byte ^ 1 : byte));
    await assert.rejects(readDeviceCertificateNatively(altered), { name: 'PeerError' });
    // What was refused is remembered as genuine by nobody.
    assert.throws(() => readDeviceCertificate(altered), { name: 'PeerError' });
  }
  await assert.rejects(readDeviceCertificateNatively(fresh.bytes.subarray(0, -1)), { name: 'PeerError' });
  await assert.rejects(readDeviceCertificateNatively(new Uint8Array(300)), { code: 'frame-too-long' });
});

test('what is altered while the platform looks at it is not taken along', { timeout: 30_000 }, async () => {
  const { bytes } = issueDeviceCertificate(identity, { ...CLAIMS, sequence: 3 });
  const given = new Uint8Array(bytes);
  const reading = readDeviceCertificateNatively(given);
  given.fill(0);
  assert.deepEqual((await reading).bytes, bytes);
});

test('a certificate counts from its first to its last day, give or take ten minutes', () => {
  const { bytes, notBefore, notAfter } = issueDeviceCertificate(identity, CLAIMS);
  const minute = 60_000;
  assert.equal(verifyDeviceCertificate(bytes, notBefore - 10 * minute).sequence, 1);
  assert.equal(verifyDeviceCertificate(bytes, notAfter + 10 * minute).sequence, 1);
  assert.throws(() => verifyDeviceCertificate(bytes, notBefore - 11 * minute), { code: 'device-not-yet-valid' });
  assert.throws(() => verifyDeviceCertificate(bytes, notAfter + 11 * minute), { code: 'device-expired' });
});

test('nobody gets a certificate for longer than a year past a reader', () => {
  const { bytes } = issueDeviceCertificate(identity, { ...CLAIMS, notAfter: CLAIMS.notAfter + 1 });
  assert.throws(() => readDeviceCertificate(bytes), { code: 'frame-malformed' });
});

test('another identity in the fields makes a forged certificate', () => {
  const other = signingKeyOfSeed(new Uint8Array(32).fill(8));
  const mine = issueDeviceCertificate(identity, CLAIMS).bytes;
  const theirs = issueDeviceCertificate(other, CLAIMS).bytes;
  const swapped = Uint8Array.from([...mine.subarray(0, -64), ...theirs.subarray(-64)]);
  assert.throws(() => readDeviceCertificate(swapped), { code: 'device-certificate-forged' });
});

test('the form on the wire is this one', () => {
  const { bytes } = issueDeviceCertificate(identity, CLAIMS);
  assert.equal(bytes.length, 221);
  assert.equal(
    toString(bytes, 'hex'),
    '89015000000000000040008000000000000001500000000000004000800000000000000258200101010101010101010101010101010101010101010101010101010101010101582002020202020202020202020202020202020202020202020202020202020202025820ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c011b000001ba60d338001b000001c1b88464009150f053c2d62a6c6dba5f7fe4d14392644cb6ecd6e3fcc2020a76cbf8fecbda614059d025acf94e7653f10c56bfc55f124292551ded93343d417939a7bdb80b',
  );
});
