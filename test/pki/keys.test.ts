// Keys in files and in libp2p.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys';
import { fromString } from 'uint8arrays/from-string';
import {
  ed25519OfSpki,
  generateAuthorityKey,
  generateLeafKey,
  leafSpki,
  localSigner,
  readAuthorityKeyPem,
  readLeafKeyPem,
  signWithLeaf,
  verifyWithLeaf,
  writeAuthorityKeyPem,
  writeLeafKeyPem,
} from '../../src/pki/keys.ts';
import { isP256Spki } from '../../src/pki/p256.ts';
import { codeOf } from '../../src/realm/errors.ts';

describe('keys', { timeout: 60_000 }, () => {
  test('come back from PEM', async () => {
    const [leaf, authority] = [await generateLeafKey(), await generateAuthorityKey()];
    assert.deepEqual(readLeafKeyPem(writeLeafKeyPem(leaf)), leaf);
    assert.deepEqual(readAuthorityKeyPem(writeAuthorityKeyPem(authority)), authority);
  });

  test('of one kind are not taken for the other', async () => {
    const [leaf, authority] = [await generateLeafKey(), await generateAuthorityKey()];
    const isBadKey = (error: unknown) => codeOf(error) === 'bad-key';
    assert.throws(() => readLeafKeyPem(writeAuthorityKeyPem(authority)), isBadKey);
    assert.throws(() => readAuthorityKeyPem(writeLeafKeyPem(leaf)), isBadKey);
    for (const text of ['', 'hello', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----']) {
      assert.throws(() => readLeafKeyPem(text), isBadKey);
      assert.throws(() => readAuthorityKeyPem(text), isBadKey);
    }
    assert.equal(ed25519OfSpki(authority.spki), undefined);
    assert.equal(isP256Spki(leafSpki(leaf.publicKey)), false);
  });

  test('of a leaf are the identity in libp2p', async () => {
    const leaf = await generateLeafKey();
    const pair = await generateKeyPairFromSeed('Ed25519', leaf.seed);
    assert.deepEqual(pair.publicKey.raw, leaf.publicKey);
    assert.ok(await pair.publicKey.verify(fromString('x'), signWithLeaf(leaf, fromString('x'))));
  });

  test('sign and verify', async () => {
    const leaf = await generateLeafKey();
    const signature = signWithLeaf(leaf, fromString('x'));
    assert.ok(verifyWithLeaf(leaf.publicKey, fromString('x'), signature));
    assert.ok(!verifyWithLeaf(leaf.publicKey, fromString('y'), signature));
    assert.ok((await localSigner(await generateAuthorityKey()).sign(fromString('x'))).length >= 68);
  });
});
