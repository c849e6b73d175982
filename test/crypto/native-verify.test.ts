// The quick way to check a signature says what the strict one says, for what is signed rightly, wrongly and oddly.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ed25519 } from '@noble/curves/ed25519.js';
import fc from 'fast-check';
import { labelled, signingKeyOfSeed, signLabelled, verifyLabelled } from '../../src/crypto/identity.ts';
import { verifyNatively } from '../../src/crypto/native-verify.ts';

const LABEL = 'canopy/test/1\n';
const TIMEOUT = { timeout: 60_000 };
const seed = fc.uint8Array({ minLength: 32, maxLength: 32 });
const bytes = fc.uint8Array({ maxLength: 60 });

test('both ways say the same of what is signed, and of what was altered anywhere', TIMEOUT, async () => {
  await fc.assert(
    fc.asyncProperty(seed, bytes, fc.nat(95), fc.integer({ min: 1, max: 255 }), async (seed, bytes, at, flip) => {
      const key = signingKeyOfSeed(seed);
      const signature = signLabelled(key, LABEL, bytes);
      assert.equal(await verifyNatively(key.publicKey, LABEL, bytes, signature), true);
      const whole = Uint8Array.from([...signature, ...key.publicKey]);
      whole[at] = (whole[at] ?? 0) ^ flip;
      const [altered, other] = [whole.slice(0, 64), whole.slice(64)];
      assert.equal(await verifyNatively(other, LABEL, bytes, altered), verifyLabelled(other, LABEL, bytes, altered));
    }),
    { numRuns: 40 },
  );
});

test('keys of small order, second encodings and other lengths pass neither way', TIMEOUT, async () => {
  const key = signingKeyOfSeed(new Uint8Array(32).fill(4));
  const message = new Uint8Array([1, 2, 3]);
  const signature = signLabelled(key, LABEL, message);
  const identity = ed25519.Point.ZERO.toBytes();
  // Of the identity as a key, R = S·B fits any message where nobody looks at the order.
  const scalar = 5n;
  const forged = Uint8Array.from([...ed25519.Point.BASE.multiply(scalar).toBytes(), 5, ...new Uint8Array(31)]);
  const larger = Uint8Array.from([...signature.slice(0, 32), ...plusOrder(signature.slice(32))]);
  for (const [publicKey, odd] of [
    [identity, forged],
    [key.publicKey, larger],
    [key.publicKey, signature.slice(0, 63)],
    [key.publicKey.slice(1), signature],
    [new Uint8Array(32).fill(255), signature],
  ] as const) {
    assert.equal(await verifyNatively(publicKey, LABEL, message, odd), false);
    assert.equal(verifyLabelled(publicKey, LABEL, message, odd), false);
  }
});

test('a signature that fits only up to the cofactor is judged alike on every platform', TIMEOUT, async () => {
  const seed = new Uint8Array(32).fill(8);
  const { scalar, pointBytes } = ed25519.utils.getExtendedPublicKey(seed);
  const message = new Uint8Array([9]);
  // A point of order two beside R: eight times it is nothing, so the strict rule of RFC 8032 accepts what bytes compared would not.
  const twist = ed25519.Point.fromHex('ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f');
  const { ORDER } = ed25519.Point.Fn;
  const r = 12_345n;
  const point = ed25519.Point.BASE.multiply(r).add(twist).toBytes();
  const signed = labelled(LABEL, message);
  const hash = await crypto.subtle.digest('SHA-512', Uint8Array.from([...point, ...pointBytes, ...signed]));
  const k = little(new Uint8Array(hash)) % ORDER;
  const signature = Uint8Array.from([...point, ...littleBytes((r + k * scalar) % ORDER)]);
  assert.equal(await verifyNatively(pointBytes, LABEL, message, signature), true);
  assert.equal(verifyLabelled(pointBytes, LABEL, message, signature), true);
});

function little(bytes: Uint8Array): bigint {
  return bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}

function littleBytes(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, at) => Number((value >> BigInt(8 * at)) & 255n));
}

function plusOrder(s: Uint8Array): Uint8Array {
  return littleBytes(little(s) + ed25519.Point.Fn.ORDER);
}
