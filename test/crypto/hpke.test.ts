// Sealing to a key: only its owner opens, only for the purpose that was named; keys come back from a file.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  exportHpkeKey,
  generateHpkeKey,
  HPKE_OVERHEAD,
  importHpkeKey,
  openWithKey,
  sealToKey,
} from '../../src/crypto/hpke.ts';

const secret = new TextEncoder().encode('thirty-two bytes of a vault key.');
const LABEL = 'canopy/test/1';

test('what is sealed to a key opens with that key and for that purpose alone', { timeout: 10_000 }, async () => {
  const [mine, other] = [await generateHpkeKey(false), await generateHpkeKey(false)];
  const sealed = await sealToKey(mine.publicKey, secret, LABEL);
  assert.equal(sealed.length, secret.length + HPKE_OVERHEAD);
  assert.deepEqual(await openWithKey(mine, sealed, LABEL), secret);
  await assert.rejects(openWithKey(other, sealed, LABEL), { code: 'not-sealed-to-this' });
  await assert.rejects(openWithKey(mine, sealed, 'canopy/other/1'), { code: 'not-sealed-to-this' });
});

test('every truncation and every altered byte is refused', { timeout: 10_000 }, async () => {
  const key = await generateHpkeKey(false);
  const sealed = await sealToKey(key.publicKey, secret, LABEL);
  for (let at = 0; at < sealed.length; at += 7) {
    await assert.rejects(openWithKey(key, sealed.subarray(0, at), LABEL), { code: 'not-sealed-to-this' });
    const altered = Uint8Array.from(sealed, (byte, i) => (i === at ? byte ^ 1 : byte));
    await assert.rejects(openWithKey(key, altered, LABEL), { code: 'not-sealed-to-this' });
  }
});

test('a key that may be written to a file opens again after it was read', { timeout: 10_000 }, async () => {
  const key = await generateHpkeKey(true);
  const read = await importHpkeKey(key.publicKey, await exportHpkeKey(key));
  assert.deepEqual(await openWithKey(read, await sealToKey(key.publicKey, secret, LABEL), LABEL), secret);
  await assert.rejects(importHpkeKey(key.publicKey, new Uint8Array(48)), { code: 'bad-key' });
});

test('a key that gives nothing away is not written', { timeout: 10_000 }, async () => {
  await assert.rejects(exportHpkeKey(await generateHpkeKey(false)));
});

test('nothing is sealed to a key of small order', { timeout: 10_000 }, async () => {
  await assert.rejects(sealToKey(new Uint8Array(32), secret, LABEL), { code: 'bad-key' });
});
