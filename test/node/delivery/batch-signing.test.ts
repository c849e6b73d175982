// Whose key signs for a realm, with real certificates.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBatchSigner, createOriginKeys } from '../../../node/delivery/batch-signing.ts';
import { encodeChain } from '../../../src/pki/chain.ts';
import { issueLeaf } from '../../../src/pki/issue.ts';
import { localSigner, verifyWithLeaf } from '../../../src/pki/keys.ts';
import { certifyIncarnation } from '../../../src/protocols/ledger/incarnation.ts';
import { createFamily, NOW } from '../../pki/family.ts';
import { acme, checkChain, kyiv, lviv, overlay, signerOf } from '../../protocols/ledger/ledger-realm.ts';

const DATA = new TextEncoder().encode('a batch');

test('a batch signed by the node of a realm is known by its chain', async () => {
  const { rootFingerprint, kyiv, node, nodeKey } = await createFamily();
  const signer = createBatchSigner({ key: nodeKey, chain: () => node });
  const keys = createOriginKeys({ rootFingerprint, clock: { now: () => NOW } });
  const key = await keys.keyOf(signer.chain, kyiv);
  assert.ok(verifyWithLeaf(key, DATA, signer.sign(DATA)));
});

test('another realm, a relay, a revoked or an expired certificate and garbage do not sign for a realm', async () => {
  const family = await createFamily();
  const { rootFingerprint, kyiv, acme, node, nodeKey, keys, branch } = family;
  const chain = encodeChain(node);
  const at = (now: number) => createOriginKeys({ rootFingerprint, clock: { now: () => now } });
  await assert.rejects(at(NOW).keyOf(chain, acme), { code: 'origin-foreign' });
  const by = { signer: localSigner(keys.branch), chain: branch, now: NOW };
  const relay = await issueLeaf({ ...by, realm: kyiv, tier: 'branch', role: 'relay', publicKey: nodeKey.publicKey });
  await assert.rejects(at(NOW).keyOf(encodeChain(relay), kyiv), { code: 'origin-foreign' });
  await assert.rejects(at(NOW + 400 * 86_400_000).keyOf(chain, kyiv), { name: 'RefusedError' });
  await assert.rejects(at(NOW).keyOf(Uint8Array.of(1, 2, 3), kyiv), { name: 'RefusedError' });
  const revoking = createOriginKeys({ rootFingerprint, clock: { now: () => NOW }, isRevoked: () => true });
  await assert.rejects(revoking.keyOf(chain, kyiv), { name: 'RefusedError' });
  const other = createOriginKeys({ rootFingerprint: '00'.repeat(32), clock: { now: () => NOW } });
  await assert.rejects(other.keyOf(chain, kyiv), { name: 'RefusedError' });
});

test('an incarnation counts with a certificate of the realm above, for that realm, of it or of a later one', async () => {
  const rootFingerprint = await overlay.rootFingerprint();
  const keys = createOriginKeys({ rootFingerprint, clock: { now: Date.now }, checkChain: await checkChain() });
  const by = async (certifier: typeof acme) =>
    certifyIncarnation({ realm: kyiv, incarnation: 3, time: Date.now(), kept: [] }, await signerOf(certifier));
  const good = await by(acme);
  await keys.assertCertified?.(good, kyiv, 3);
  await keys.assertCertified?.(good, kyiv, 2);
  const code = { code: 'incarnation-uncertified', name: 'RefusedError' };
  for (const [bytes, realm, incarnation] of [
    [good, kyiv, 4],
    [good, lviv, 3],
    [await by(kyiv), kyiv, 3],
    [new Uint8Array(), kyiv, 2],
    [good.slice(0, 50), kyiv, 2],
  ] as const) {
    await assert.rejects(async () => keys.assertCertified?.(bytes, realm, incarnation), code);
  }
});
