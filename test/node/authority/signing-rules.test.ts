// What the signing process lets pass, rule by rule.
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as fc from 'fast-check';
import { fromString } from 'uint8arrays/from-string';
import { MAX_SIGNED, objectionTo } from '../../../node/authority/signing-rules.ts';
import { checkAuthorities } from '../../../src/pki/authority-path.ts';
import { createLanKeys } from '../../../src/pki/bootstrap.ts';
import { createCrl, MAX_REVOKED } from '../../../src/pki/crl.ts';
import { createAuthorityCsr, createLeafCsr } from '../../../src/pki/csr.ts';
import { readSequence } from '../../../src/pki/der.ts';
import { issueLeaf } from '../../../src/pki/issue.ts';
import { generateLeafKey, localSigner } from '../../../src/pki/keys.ts';
import { readPem } from '../../../src/pki/pem.ts';
import { createFamily, type Family, NOW } from '../../pki/family.ts';

let family: Family;
const DAY = 24 * 60 * 60 * 1000;

before(async () => {
  family = await createFamily();
});

/** The part of a certificate or request that is signed. */
function signedPart(der: Uint8Array | undefined): Uint8Array {
  return readSequence(der ?? new Uint8Array(), 'the certificate')[0]?.whole ?? new Uint8Array();
}

describe('the signing rules', { timeout: 60_000 }, () => {
  test('let leaves, authorities, requests and statements pass', async () => {
    const csr = await createAuthorityCsr(localSigner(family.keys.branch), { realm: family.kyiv, tier: 'branch' });
    for (const der of [family.node[0], family.branch[0], family.region[0], csr])
      assert.equal(objectionTo(signedPart(der)), undefined);
    assert.equal(objectionTo(fromString('canopy/renew/1|123|…')), undefined);
  });

  test('refuse the root’s twenty years', async () => {
    assert.match(objectionTo(signedPart(family.region.at(-1))) ?? '', /too long/);
    const leaf = {
      realm: family.kyiv,
      tier: 'branch',
      role: 'node',
      publicKey: (await generateLeafKey()).publicKey,
    } as const;
    const near = await issueLeaf({
      signer: localSigner(family.keys.branch),
      chain: family.branch,
      now: NOW,
      lifetime: 9999 * DAY,
      ...leaf,
    });
    assert.equal(objectionTo(signedPart(near[0])), undefined);
  });

  test('refuse a certificate for a web site or a LAN', async () => {
    const lan = { scope: { zones: ['a.lan'], ranges: [] }, hosts: ['www.a.lan'] };
    const { chainPem } = await createLanKeys({ realm: family.kyiv, now: NOW, lan });
    const [leaf] = readPem('CERTIFICATE', chainPem);
    assert.match(objectionTo(signedPart(leaf)) ?? '', /does not name one realm/);
  });

  test('refuse any other bytes', async () => {
    const whole = createLeafCsr(await generateLeafKey(), { realm: family.kyiv, tier: 'branch', role: 'node' });
    for (const data of [
      whole,
      new Uint8Array(),
      new Uint8Array(MAX_SIGNED + 1),
      fromString('canopy'),
      fromString('canopy/X|'),
    ]) {
      assert.notEqual(objectionTo(data), undefined);
    }
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (data) => objectionTo(data) !== undefined));
  });

  test('refuse a certificate cut off anywhere', () => {
    const tbs = signedPart(family.node[0]);
    for (let length = 0; length < tbs.length; length += 1)
      assert.notEqual(objectionTo(tbs.subarray(0, length)), undefined);
  });
});

test('the signing rules let revocation lists of any length up to a ledger entry pass, and nothing that looks like one', async () => {
  const [own] = checkAuthorities(family.branch);
  assert.ok(own);
  const list = (count: number) => {
    const revoked = Array.from({ length: count }, (_, index) => ({
      serial: (2 ** 40 + index).toString(16).padStart(32, '7'),
      at: NOW,
    }));
    return createCrl({ number: 1, thisUpdate: NOW, nextUpdate: NOW, revoked }, own, localSigner(family.keys.branch));
  };
  for (const count of [0, 1, MAX_REVOKED]) assert.equal(objectionTo(signedPart(await list(count))), undefined);
  for (const count of [0, 1]) assert.equal(objectionTo(signedPart(await list(count)), 'lists'), undefined);
  const statement = fromString('canopy/renew/1|123|…');
  const csr = await createAuthorityCsr(localSigner(family.keys.branch), { realm: family.kyiv, tier: 'branch' });
  for (const data of [statement, signedPart(family.node[0]), signedPart(family.branch[0]), signedPart(csr)])
    assert.match(objectionTo(data, 'lists') ?? '', /since it was replaced/);
  const other = signedPart(await list(1)).slice();
  const at = Buffer.from(other).indexOf(Buffer.from('2a8648ce3d040302', 'hex'));
  other[at + 7] = 3;
  assert.match(objectionTo(other) ?? '', /no certificate, request or CRL/);
});
