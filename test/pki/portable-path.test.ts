// What a browser finds of a chain, by WebCrypto, against what Node and OpenSSL find of the same vectors.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fromString } from 'uint8arrays/from-string';
import { localSigner } from '../../src/pki/keys.ts';
import { verifyP256 } from '../../src/pki/p256.ts';
import { validatePortable } from '../../src/pki/portable-path.ts';
import { RefusedError } from '../../src/realm/errors.ts';
import { createFamily, NOW } from './family.ts';

interface Vectors {
  readonly time: number;
  readonly vectors: readonly {
    readonly name: string;
    readonly expect: string;
    readonly subject: 'leaf' | 'authority';
    readonly chain: readonly string[];
    readonly rootFingerprint: string;
  }[];
  readonly certificates: Readonly<Record<string, string>>;
}

const FILE = join(import.meta.dirname, '../vectors/pki/chains.json');
const { time, vectors, certificates }: Vectors = JSON.parse(readFileSync(FILE, 'utf8'));
const LIMIT = { timeout: 30_000 };
/** A leaf's own faults show only at the leaf. */
const OF_LEAVES = new Set(['cert-not-leaf', 'cert-key-usage']);

async function verdict(chain: readonly Uint8Array[], rootFingerprint: string): Promise<string> {
  try {
    const { root } = await validatePortable(chain, time);
    return root === rootFingerprint ? 'ok' : 'cert-unknown-root';
  } catch (error) {
    assert.ok(error instanceof RefusedError, String(error));
    return error.code;
  }
}

test('chains of authorities are taken and refused as Node and OpenSSL do', LIMIT, async () => {
  const ofAuthorities = vectors.filter(({ subject }) => subject === 'authority');
  assert.ok(ofAuthorities.length > 3);
  for (const { name, expect, chain, rootFingerprint } of ofAuthorities) {
    const ders = chain.map((id) => fromString(certificates[id] ?? '', 'base64'));
    assert.equal(await verdict(ders, rootFingerprint), expect, name);
  }
});

test('what stands above a leaf is judged alike', LIMIT, async () => {
  let refused = 0;
  for (const { name, expect, subject, chain, rootFingerprint } of vectors) {
    const ders = chain.slice(1).map((id) => fromString(certificates[id] ?? '', 'base64'));
    if (subject !== 'leaf' || ders.length < 2) continue;
    const found = await verdict(ders, rootFingerprint);
    // What is refused here is never taken there; that it is the leaf's fault, only the whole chain tells.
    if (found === 'ok' || OF_LEAVES.has(expect)) continue;
    assert.notEqual(expect, 'ok', name);
    refused += 1;
  }
  assert.ok(refused > 5, `${refused} chains were refused`);
});

test('an authority that has ended is good for what it signed while it lasted', LIMIT, async () => {
  const { branch, rootFingerprint } = await createFamily();
  const { realm, tier, root } = await validatePortable(branch, NOW + 1);
  assert.deepEqual([realm, tier, root], ['kyiv.acme.ua', 'branch', rootFingerprint]);
  await assert.rejects(validatePortable(branch, NOW + 20 * 365 * 24 * 3_600_000), { code: 'cert-expired' });
});

test(
  'a signature of OpenSSL verifies by WebCrypto, of whatever length its numbers are, and an altered one does not',
  LIMIT,
  async () => {
    const { keys } = await createFamily();
    const signer = localSigner(keys.branch);
    for (let n = 0; n < 64; n++) {
      const bytes = Uint8Array.of(n, 7);
      const signature = await signer.sign(bytes);
      assert.ok(await verifyP256(keys.branch.spki, bytes, signature));
      assert.equal(await verifyP256(keys.branch.spki, Uint8Array.of(n, 8), signature), false);
      assert.equal(await verifyP256(keys.region.spki, bytes, signature), false);
    }
    assert.equal(await verifyP256(keys.branch.spki, Uint8Array.of(1), Uint8Array.of(0x30, 0)), false);
    assert.equal(await verifyP256(keys.branch.spki, Uint8Array.of(1), new Uint8Array()), false);
  },
);
