// Validation beyond the vectors: revocation, dates, memory, and bytes that nobody issued.
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { encode } from 'cborg';
import * as fc from 'fast-check';
import {
  type Chain,
  decodeChain,
  encodeChain,
  PathMemory,
  readChainPem,
  type Trust,
  validateAuthority,
  validateLeaf,
  writeChainPem,
} from '../../src/pki/chain.ts';
import { issueAuthority, issueLeaf } from '../../src/pki/issue.ts';
import { keyName, localSigner } from '../../src/pki/keys.ts';
import { codeOf, RefusedError } from '../../src/realm/errors.ts';
import { parseRealmName } from '../../src/realm/names.ts';
import { createFamily, type Family, NOW } from './family.ts';

const DAY = 24 * 60 * 60 * 1000;
let family: Family;

before(async () => {
  family = await createFamily();
});

const trust = (more: Partial<Trust> = {}): Trust => ({ rootFingerprint: family.rootFingerprint, now: NOW, ...more });

async function verdict(chain: Chain, more: Partial<Trust> = {}): Promise<string> {
  try {
    await validateLeaf(chain, trust(more));
    return 'ok';
  } catch (error) {
    assert.ok(error instanceof RefusedError, String(error));
    return error.code;
  }
}

describe('validation', { timeout: 60_000 }, () => {
  test('says who the leaf is and who stands above it', async () => {
    const leaf = await validateLeaf(family.node, trust());
    assert.deepEqual([leaf.realm, leaf.tier, leaf.role], [family.kyiv, 'branch', 'node']);
    assert.deepEqual(leaf.publicKey, family.nodeKey.publicKey);
    assert.deepEqual(
      leaf.authorities.map(({ realm, tier }) => `${realm} ${tier}`),
      ['kyiv.acme.ua branch', 'acme.ua enterprise', 'ua region', 'ua region'],
    );
    assert.deepEqual((await validateAuthority(family.enterprise, trust())).spki, family.keys.enterprise.spki);
  });

  test('a revoked authority takes its whole subtree with it', async () => {
    const { authorities, serial } = await validateLeaf(family.node, trust());
    for (const revoked of [serial, ...authorities.slice(0, -1).map((authority) => authority.serial)]) {
      assert.equal(await verdict(family.node, { isRevoked: (one) => one === revoked }), 'cert-revoked');
    }
  });

  test('revocation is asked with the key of the issuer', async () => {
    const asked: string[] = [];
    await validateLeaf(family.node, trust({ isRevoked: (_, issuer) => asked.push(issuer) < 0 }));
    const { root, region, enterprise, branch } = family.keys;
    assert.deepEqual(
      asked,
      [root, region, enterprise, branch].map(({ spki }) => keyName(spki)),
    );
  });

  test('a grace time serves the first certificate only', async () => {
    const { notAfter, authorities } = await validateLeaf(family.node, trust());
    assert.equal(await verdict(family.node, { now: notAfter + 1 }), 'cert-expired');
    assert.equal(await verdict(family.node, { now: notAfter + DAY, grace: DAY }), 'ok');
    assert.equal(await verdict(family.node, { now: notAfter + DAY + 1, grace: DAY }), 'cert-expired');
    const end = authorities[0]?.notAfter ?? 0;
    assert.equal(await verdict(family.node, { now: end + 1, grace: 9999 * DAY }), 'cert-expired');
  });

  test('what is remembered is still judged by date and revocation', async () => {
    const memory = new PathMemory();
    assert.equal(await verdict(family.node, { memory }), 'ok');
    assert.equal(await verdict(family.node, { memory, now: NOW - 9999 * DAY }), 'cert-not-yet-valid');
    assert.equal(await verdict(family.node, { memory, isRevoked: () => true }), 'cert-revoked');
    assert.equal(await verdict(family.node, { memory, rootFingerprint: '00'.repeat(32) }), 'cert-unknown-root');
  });

  test('a certificate never outlives its issuer', async () => {
    const signer = localSigner(family.keys.branch);
    const leaf = { realm: family.kyiv, tier: 'branch', role: 'relay', publicKey: family.nodeKey.publicKey } as const;
    const chain = await issueLeaf({ signer, chain: family.branch, now: NOW, lifetime: 9999 * DAY, ...leaf });
    const { notAfter, authorities } = await validateLeaf(chain, trust());
    assert.ok(authorities.every((authority) => authority.notAfter >= notAfter));
  });

  test('names and tiers that may not be certified are not issued', async () => {
    const by = {
      signer: localSigner(family.keys.region),
      chain: family.region,
      now: NOW,
      publicKey: family.keys.branch.spki,
    };
    for (const [name, tier] of [
      ['kyiv.acme.ua', 'branch'],
      ['ua', 'branch'],
      ['acme.ua', 'region'],
      ['acme.pl', 'branch'],
    ] as const) {
      await assert.rejects(
        issueAuthority({ ...by, realm: parseRealmName(name), tier }),
        (error) => codeOf(error) === 'may-not-issue',
      );
    }
  });
});

describe('hostile bytes', { timeout: 120_000 }, () => {
  test('any bytes as certificates are refused by code', async () => {
    const arbitrary = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(arbitrary, async (chain) => (await verdict(chain)).startsWith('cert-')),
      { numRuns: 300 },
    );
  });

  test('a chain with any byte changed is refused by code', async () => {
    const total = family.node.reduce((sum, der) => sum + der.length, 0);
    const change = fc.tuple(fc.nat(total - 1), fc.integer({ min: 1, max: 255 }));
    await fc.assert(
      fc.asyncProperty(change, async ([at, mask]) =>
        (await verdict(altered(family.node, at, mask))).startsWith('cert-'),
      ),
      { numRuns: 600 },
    );
  });

  test('any bytes in a certificate’s place below the trusted root are refused by code', async () => {
    const root = family.node.at(-1) ?? new Uint8Array();
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 4 }), async (some) =>
        (await verdict([...some, root])).startsWith('cert-'),
      ),
      { numRuns: 200 },
    );
  });
});

/** One byte of the whole chain changed. */
function altered(chain: Chain, at: number, mask: number): Chain {
  let start = 0;
  return chain.map((der) => {
    const index = at - start;
    start += der.length;
    return index >= 0 && index < der.length ? der.with(index, (der[index] ?? 0) ^ mask) : der;
  });
}

describe('the encoding of chains', { timeout: 60_000 }, () => {
  test('round trip, on the wire and as PEM', () => {
    assert.deepEqual(decodeChain(encodeChain(family.node)), family.node);
    assert.deepEqual(readChainPem(`# a comment\n${writeChainPem(family.node)}`), family.node);
    const chains = fc.array(fc.uint8Array({ minLength: 1, maxLength: 900 }), { minLength: 1, maxLength: 5 });
    fc.assert(fc.property(chains, (chain) => assert.deepEqual(decodeChain(encodeChain(chain)), chain)));
  });

  test('every truncation is refused', () => {
    const bytes = encodeChain(family.region);
    for (let length = 0; length < bytes.length; length += 1) {
      assert.throws(() => decodeChain(bytes.subarray(0, length)), RefusedError);
    }
  });

  test('what is no short list of byte strings is refused', () => {
    const wrong = [
      [],
      {},
      'x',
      [1],
      [[new Uint8Array(1)]],
      Array.from({ length: 6 }, () => new Uint8Array(1)),
      [new Uint8Array(17_000)],
      null,
    ];
    for (const value of wrong) assert.throws(() => decodeChain(encode(value)), RefusedError);
    assert.throws(() => encodeChain([new Uint8Array(16 * 1024)]), RefusedError);
  });

  test('deep nesting is refused', () => {
    assert.throws(() => decodeChain(new Uint8Array(16_000).fill(0x81)), RefusedError);
  });
});
