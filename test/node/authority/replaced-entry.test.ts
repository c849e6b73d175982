// What a chain says of an authority that was replaced, and who moves because of it.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import fc from 'fast-check';
import { nameOf } from '../../../node/authority/authority-keys.ts';
import { ReplacedAuthorities } from '../../../node/authority/replaced-authorities.ts';
import { AUTHORITY_REPLACED, decodeReplaced, encodeReplaced } from '../../../node/authority/replaced-entry.ts';
import type { CertifiedRealm, Fact } from '../../../node/ledger/ledger.ts';
import { type Chain, encodeChain } from '../../../src/pki/chain.ts';
import { issueAuthority } from '../../../src/pki/issue.ts';
import { generateAuthorityKey, keyName, localSigner } from '../../../src/pki/keys.ts';
import { silentLog } from '../../../src/realm/log.ts';
import type { RealmName } from '../../../src/realm/names.ts';
import { createFamily, type Family, NOW } from '../../pki/family.ts';

let family: Family;

before(async () => {
  family = await createFamily();
});

test('an entry reads back, and is refused cut short, longer, or of another version', () => {
  const spki = fc.uint8Array({ minLength: 91, maxLength: 91 });
  fc.assert(
    fc.property(spki, fc.boolean(), (bytes, atOnce) => {
      const payload = encodeReplaced(bytes, atOnce);
      assert.deepEqual(decodeReplaced(payload), { key: keyName(bytes), atOnce });
      for (let length = 0; length < payload.length; length++)
        assert.throws(() => decodeReplaced(payload.subarray(0, length)), { code: 'malformed' });
    }),
    { numRuns: 20 },
  );
  assert.throws(() => decodeReplaced(encodeReplaced(new Uint8Array(90), true)), { code: 'malformed' });
  assert.throws(() => decodeReplaced(Uint8Array.of(0x83, 2, 0x40, 0xf5)), { code: 'unknown-version' });
});

test('its bytes are these', () => {
  const hex = Buffer.from(encodeReplaced(new Uint8Array(91).fill(7), true)).toString('hex');
  assert.equal(hex, `8301585b${'07'.repeat(91)}f5`);
});

interface World {
  readonly replaced: ReplacedAuthorities;
  tell(realm: RealmName, payload: Uint8Array): void;
  certify(realm: RealmName, chain: Chain): void;
  readonly changes: () => number;
}

async function worldOf(realm: RealmName): Promise<World> {
  let listener: (fact: Fact) => void = () => {};
  let onRealm: (certified: CertifiedRealm) => void = () => {};
  const realms: CertifiedRealm[] = [];
  const replaced = new ReplacedAuthorities({ realm, log: silentLog });
  await replaced.follow({
    watch: async (_, given) => {
      listener = given;
      return () => {};
    },
    onRealm: (given) => {
      onRealm = given;
      return () => {};
    },
    realms: () => realms,
  });
  let changes = 0;
  replaced.onChange(() => changes++);
  return {
    replaced,
    tell: (author, payload) =>
      listener({ realm: author, chain: 'network', n: 1, time: NOW, kind: AUTHORITY_REPLACED, payload }),
    certify: (whose, chain) => {
      const certified = {
        realm: whose,
        tier: 'enterprise',
        issuer: family.ua,
        chain: encodeChain(chain),
        relays: [],
      } as const;
      realms.splice(0, 1, certified);
      onRealm(certified);
    },
    changes: () => changes,
  };
}

test('a branch moves at once when the enterprise above says so, and in its own time when not', async () => {
  const { replaced, tell, changes } = await worldOf(family.kyiv);
  assert.equal(replaced.mustMove(family.branch), false);
  tell(family.acme, encodeReplaced(family.keys.enterprise.spki, false));
  assert.deepEqual([replaced.isBehind(family.branch), replaced.mustMove(family.branch)], [true, false]);
  tell(family.acme, encodeReplaced(family.keys.enterprise.spki, true));
  tell(family.acme, encodeReplaced(family.keys.enterprise.spki, false));
  assert.deepEqual(
    [replaced.mustMove(family.branch), changes()],
    [true, 3],
    'who was told to hurry is not told to rest',
  );
});

test('a chain speaks of its own authority alone, and garbage says nothing', async () => {
  const { replaced, tell } = await worldOf(family.kyiv);
  tell(family.kyiv, encodeReplaced(family.keys.enterprise.spki, true));
  tell(family.ua, encodeReplaced(family.keys.enterprise.spki, true));
  tell(family.acme, Uint8Array.of(1, 2, 3));
  assert.equal(replaced.isBehind(family.branch), false);
  assert.equal(replaced.has(family.acme, nameOf(family.enterprise)), false);
});

test('when the region is replaced a branch waits until its enterprise has moved: before, to renew would not help', async () => {
  const { replaced, tell, certify } = await worldOf(family.kyiv);
  certify(family.acme, family.enterprise);
  tell(family.ua, encodeReplaced(family.keys.region.spki, true));
  assert.deepEqual([replaced.isBehind(family.branch), replaced.mustMove(family.branch)], [true, false]);
  const next = await generateAuthorityKey();
  const { ua, acme, keys, region } = family;
  const by = (key: typeof next, chain: Chain) => ({ signer: localSigner(key), chain, now: NOW });
  const moved = await issueAuthority({
    ...by(keys.root, region.slice(-1)),
    realm: ua,
    tier: 'region',
    publicKey: next.spki,
  });
  certify(
    acme,
    await issueAuthority({ ...by(next, moved), realm: acme, tier: 'enterprise', publicKey: keys.enterprise.spki }),
  );
  assert.equal(replaced.mustMove(family.branch), true);
});
