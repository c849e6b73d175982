// A relay on a host of its own and its certificate, when the authority of its realm, or one above, gets another key.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RelayCertificate } from '../../relay/certificate.ts';
import { type Chain, readChainPem } from '../../src/pki/chain.ts';
import { encodeEnrolReply } from '../../src/pki/enrolment.ts';
import { issueAuthority, issueLeaf } from '../../src/pki/issue.ts';
import { type AuthorityKey, generateAuthorityKey, localSigner } from '../../src/pki/keys.ts';
import { silentLog } from '../../src/realm/log.ts';
import { createFamily } from '../pki/family.ts';

test('it asks its node for another one as soon as it is told, and once', { timeout: 60_000 }, async () => {
  const now = Date.now();
  const clock = { now: () => now, monotonic: () => now, after };
  const family = await createFamily(now);
  const { kyiv: realm, acme, keys, nodeKey: key, rootFingerprint } = family;
  const by = (issuer: AuthorityKey, chain: Chain) => ({ signer: localSigner(issuer), chain, now });
  const leaf = { realm, tier: 'branch', role: 'relay', publicKey: key.publicKey } as const;
  const next = await generateAuthorityKey();
  const above = await issueAuthority({
    ...by(keys.region, family.region),
    realm: acme,
    tier: 'enterprise',
    publicKey: next.spki,
  });
  const moved = await issueAuthority({ ...by(next, above), realm, tier: 'branch', publicKey: keys.branch.spki });
  const renewed = await issueLeaf({ ...by(keys.branch, moved), ...leaf });
  let chain = await issueLeaf({ ...by(keys.branch, family.branch), ...leaf });
  const identity = {
    ...leaf,
    privateKey: key.seed,
    rootFingerprint,
    get chain() {
      return chain;
    },
    refresh: async () => true,
  };
  let asked = 0;
  const relay = {
    renew: async () => {
      asked++;
      return encodeEnrolReply({ kind: 'ok', time: now, chain: renewed });
    },
  };
  let known: Chain | undefined;
  let tell = (): void => {};
  const charter = {
    newestChainOf: () => known,
    isRevoked: () => false,
    onChange: (listener: () => void) => {
      tell = listener;
      return () => {};
    },
  };
  const written = Promise.withResolvers<void>();
  const certificate = new RelayCertificate({
    identity,
    relay,
    charter,
    clock,
    log: silentLog,
    isRenewedHere: false,
    byDoor: async () => assert.fail('the own node is asked'),
    write: async (pem) => {
      chain = readChainPem(pem);
      written.resolve();
    },
  });
  known = family.branch;
  await certificate.look();
  assert.equal(asked, 0, 'the list has the chain that it has itself');
  certificate.start();
  known = moved;
  tell();
  await written.promise;
  await certificate.look();
  assert.deepEqual([asked, chain], [1, renewed]);
  certificate.stop();
});

/** At once what is to be at once; nothing else comes to pass. */
function after(delay: number, act: () => void): { cancel(): void } {
  const handle = delay === 0 ? setImmediate(act) : undefined;
  return { cancel: () => clearImmediate(handle) };
}
