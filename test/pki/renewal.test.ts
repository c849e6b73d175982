// Renewal: the present key speaks for the next certificate.
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import * as fc from 'fast-check';
import { validateLeaf } from '../../src/pki/chain.ts';
import { createAuthorityCsr, createLeafCsr } from '../../src/pki/csr.ts';
import { generateLeafKey, localSigner, signWithLeaf } from '../../src/pki/keys.ts';
import {
  checkRenewRequest,
  createRenewRequest,
  decodeRenewRequest,
  isDueForRenewal,
  RENEWAL_GRACE,
} from '../../src/pki/renewal.ts';
import { codeOf, PeerError } from '../../src/realm/errors.ts';
import { createFamily, type Family, NOW } from './family.ts';

let family: Family;
const DAY = 24 * 60 * 60 * 1000;

before(async () => {
  family = await createFamily();
});

const trust = (now = NOW) => ({ rootFingerprint: family.rootFingerprint, now });
const node = () => ({ realm: family.kyiv, tier: 'branch', role: 'node' }) as const;

function request(change: { time?: number; csr?: Uint8Array; signer?: Family['nodeKey'] } = {}): Promise<Uint8Array> {
  const key = change.signer ?? family.nodeKey;
  const csr = change.csr ?? createLeafCsr(family.nodeKey, node());
  return createRenewRequest({ time: change.time ?? NOW, chain: family.node, csr }, (data) => signWithLeaf(key, data));
}

async function verdict(bytes: Uint8Array, now = NOW): Promise<string> {
  return checkRenewRequest(bytes, trust(now)).then(() => 'ok', codeOf);
}

describe('a renewal', { timeout: 60_000 }, () => {
  test('for the same key or for another one is taken', async () => {
    const asked = await checkRenewRequest(await request(), trust());
    assert.deepEqual(asked.subject, { kind: 'node', realm: family.kyiv, tier: 'branch' });
    assert.equal(await verdict(await request({ csr: createLeafCsr(await generateLeafKey(), node()) })), 'ok');
  });

  test('by an authority is taken', async () => {
    const signer = localSigner(family.keys.branch);
    const csr = await createAuthorityCsr(signer, { realm: family.kyiv, tier: 'branch' });
    assert.equal(await verdict(await createRenewRequest({ time: NOW, chain: family.branch, csr }, signer.sign)), 'ok');
  });

  test('not signed by the present key is refused', async () => {
    const thief = await generateLeafKey();
    assert.equal(await verdict(await request({ signer: thief, csr: createLeafCsr(thief, node()) })), 'renew-not-yours');
  });

  test('for another realm, tier or role is refused', async () => {
    for (const other of [
      { ...node(), realm: family.acme },
      { ...node(), tier: 'enterprise' },
      { ...node(), role: 'relay' },
    ] as const) {
      assert.equal(await verdict(await request({ csr: createLeafCsr(family.nodeKey, other) })), 'renew-not-yours');
    }
  });

  test('is taken for a while after the end, and not for ever', async () => {
    const { notAfter } = await validateLeaf(family.node, trust());
    const late = notAfter + RENEWAL_GRACE - DAY;
    assert.equal(await verdict(await request({ time: late }), late), 'ok');
    const tooLate = notAfter + RENEWAL_GRACE + DAY;
    assert.equal(await verdict(await request({ time: tooLate }), tooLate), 'cert-expired');
  });

  test('of a clock ten minutes off is refused', async () => {
    assert.equal(await verdict(await request({ time: NOW + 11 * 60_000 })), 'clock-skew');
    assert.equal(await verdict(await request({ time: NOW - 11 * 60_000 })), 'clock-skew');
  });

  test('is due when a third of the life is left', () => {
    const life = { notBefore: 0, notAfter: 30 * DAY };
    assert.equal(isDueForRenewal(life, 19 * DAY), false);
    assert.equal(isDueForRenewal(life, 21 * DAY), true);
  });

  test('round trip; truncated or any other bytes are refused', async () => {
    const bytes = await request();
    const { signature, ...parts } = decodeRenewRequest(bytes);
    assert.deepEqual(await createRenewRequest(parts, () => signature), bytes);
    for (let length = 0; length < bytes.length; length += 7)
      assert.throws(() => decodeRenewRequest(bytes.subarray(0, length)), PeerError);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (any) => assert.throws(() => decodeRenewRequest(any), PeerError)),
    );
  });
});
