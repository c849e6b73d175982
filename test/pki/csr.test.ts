// Certificate requests: what openssl makes of ours, and what we make of others.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { createAuthorityCsr, createLeafCsr, readCsr } from '../../src/pki/csr.ts';
import { generateAuthorityKey, generateLeafKey, localSigner } from '../../src/pki/keys.ts';
import { writePem } from '../../src/pki/pem.ts';
import { codeOf, RefusedError } from '../../src/realm/errors.ts';
import { parseRealmName } from '../../src/realm/names.ts';

const kyiv = parseRealmName('kyiv.acme.ua');
const leafKey = await generateLeafKey();
const leaf = createLeafCsr(leafKey, { realm: kyiv, tier: 'branch', role: 'relay' });
const authorityKey = await generateAuthorityKey();
const authority = await createAuthorityCsr(localSigner(authorityKey), { realm: kyiv, tier: 'branch' });

describe('a certificate request', { timeout: 60_000 }, () => {
  test('says who asks for what', () => {
    assert.deepEqual(readCsr(leaf).subject, { kind: 'relay', realm: kyiv, tier: 'branch' });
    assert.deepEqual(readCsr(leaf).publicKey, leafKey.publicKey);
    assert.deepEqual(readCsr(authority).spki, authorityKey.spki);
  });

  test('is one for openssl too', (t) => {
    for (const csr of [leaf, authority]) {
      const judged = spawnSync('openssl', ['req', '-verify', '-noout'], {
        input: writePem('CERTIFICATE REQUEST', [csr]),
        encoding: 'utf8',
      });
      if (judged.error) return t.skip('no openssl on this machine');
      assert.equal(judged.status, 0, judged.stderr);
    }
  });

  test('with any byte changed is refused by code', () => {
    for (const csr of [leaf, authority]) {
      const change = fc.tuple(fc.nat(csr.length - 1), fc.integer({ min: 1, max: 255 }));
      fc.assert(
        fc.property(change, ([at, mask]) => {
          assert.throws(
            () => readCsr(csr.with(at, (csr[at] ?? 0) ^ mask)),
            (error) => error instanceof RefusedError && codeOf(error).startsWith('csr-'),
          );
        }),
        { numRuns: 400 },
      );
    }
  });

  test('cut off, or of any other bytes, is refused by code', () => {
    for (let length = 0; length < leaf.length; length += 1)
      assert.throws(() => readCsr(leaf.subarray(0, length)), RefusedError);
    fc.assert(fc.property(fc.uint8Array(), (any) => assert.throws(() => readCsr(any), RefusedError)));
  });
});
