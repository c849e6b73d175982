// Certificates that are over, or not good yet, at the door of a real relay; what such a realm may do still, and how much of a log
// it can fill. And certificates whose authority had no right to make them.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { enrolOverWire } from '../../src/overlay/enrol/client.ts';
import { checkAuthorities } from '../../src/pki/authority-path.ts';
import type { Chain } from '../../src/pki/chain.ts';
import { createAuthorityCsr } from '../../src/pki/csr.ts';
import { acceptEnrolReply, decodeEnrolReply } from '../../src/pki/enrolment.ts';
import { issueAuthority, issueLeaf, leafExtensions, nameOf, signCertificate } from '../../src/pki/issue.ts';
import {
  type AuthorityKey,
  generateAuthorityKey,
  generateLeafKey,
  type LeafKey,
  leafSpki,
  localSigner,
  readAuthorityKeyPem,
} from '../../src/pki/keys.ts';
import { createRenewRequest, RENEWAL_GRACE } from '../../src/pki/renewal.ts';
import { systemClock } from '../../src/realm/clock.ts';
import { codeOf } from '../../src/realm/errors.ts';
import { parseRealmName } from '../../src/realm/names.ts';
import { openDataDirectory, readOptional } from '../../src/settings/data-directory.ts';
import { readChain } from '../../src/settings/key-files.ts';
import { until } from '../overlay/hosts.ts';
import { showChain, startHostile, untilCutOff } from './hostile-peer.ts';
import { Tree } from './whole-realm.ts';

const LIMIT = { timeout: 90_000 };
const SECOND = 1000;
const HOUR = 3600 * SECOND;
const DAY = 24 * HOUR;
const ACME = parseRealmName('acme.ua');
/** Records of one reason that a flood may leave behind: a burst, and one each half second. */
const MOST_RECORDS = 60;

let tree: Tree;
let region: { readonly key: AuthorityKey; readonly chain: Chain };
let leafKey: LeafKey;

before(async () => {
  tree = await Tree.plant();
  await tree.grow(['ua', 'region']);
  const directory = await openDataDirectory(tree.at('ua').dir);
  const pem = (await readOptional(directory.authority.key)) ?? '';
  region = { key: readAuthorityKeyPem(pem), chain: await readChain(directory.authority) };
  leafKey = await generateLeafKey();
}, LIMIT);

after(() => tree.fell());

const address = (): string => tree.at('ua').relay.addresses[0] ?? '';

/** A leaf of the region's own relay, made by its real authority. */
function leaf(options: { now?: number; lifetime?: number }): Promise<Chain> {
  const { now = Date.now(), lifetime = HOUR } = options;
  const who = { realm: parseRealmName('ua'), tier: 'region', role: 'node', publicKey: leafKey.publicKey } as const;
  return issueLeaf({ signer: localSigner(region.key), chain: region.chain, now, lifetime, ...who });
}

/** Shows the chain to the relay; resolves with its answer, for a refusal once the connection is cut, `none` when it heard nothing. */
async function answerTo(chain: Chain, seed = leafKey.seed): Promise<string> {
  const heard = Promise.withResolvers<string>();
  const host = await startHostile({
    seed,
    misbehave: async (connection) => heard.resolve(await showChain(connection, chain)),
  });
  try {
    const over = untilCutOff(host, address()).then(() => 'none');
    const answer = await Promise.race([heard.promise, over]);
    if (answer !== 'ok') await over;
    else over.catch(() => {});
    return answer;
  } finally {
    await host.stop();
  }
}

/** An enterprise's authority that ended `ago` milliseconds ago, and the reply to its request for renewal. */
async function renewAfter(ago: number): Promise<{ reply: Uint8Array; key: AuthorityKey }> {
  const key = await generateAuthorityKey();
  const issued = { realm: ACME, tier: 'enterprise', publicKey: key.spki } as const;
  const by = { signer: localSigner(region.key), chain: region.chain, now: Date.now(), lifetime: -ago };
  const chain = await issueAuthority({ ...by, ...issued });
  const csr = await createAuthorityCsr(localSigner(key), issued);
  const request = await createRenewRequest({ time: Date.now(), chain, csr }, localSigner(key).sign);
  const rootFingerprint = await tree.at('ua').rootFingerprint();
  const ways = [{ realm: parseRealmName('ua'), relays: [address()] }];
  const signal = AbortSignal.timeout(20_000);
  return { reply: await enrolOverWire({ ways, rootFingerprint, request, clock: systemClock, signal }), key };
}

describe('fault 3: certificates out of their time', LIMIT, () => {
  test('one that has ended is refused by name, and so is one that has not begun', LIMIT, async () => {
    assert.equal(await answerTo(await leaf({ lifetime: -SECOND })), 'cert-expired');
    assert.equal(await answerTo(await leaf({ now: Date.now() + HOUR })), 'cert-not-yet-valid');
    assert.equal(await answerTo(await leaf({})), 'ok');
  });

  test(
    'an expired realm may come to the door for its renewal, and gets it within the grace time alone',
    LIMIT,
    async () => {
      const { reply, key } = await renewAfter(RENEWAL_GRACE - HOUR);
      const rootFingerprint = await tree.at('ua').rootFingerprint();
      const expected = {
        realm: ACME,
        tier: 'enterprise',
        slot: 'authority',
        publicKey: key.spki,
        rootFingerprint,
      } as const;
      const chain = await acceptEnrolReply(reply, { ...expected, now: Date.now(), live: true });
      assert.ok((checkAuthorities(chain)[0]?.certificate.notAfter ?? 0) > Date.now() + DAY);
      const late = decodeEnrolReply((await renewAfter(RENEWAL_GRACE + HOUR)).reply);
      assert.equal(late.kind === 'refused' && late.code, 'cert-expired');
    },
  );
});

describe('fault 6: certificates that nobody had the right to make', LIMIT, () => {
  test(
    'a branch that certifies its neighbour, and one that certifies below itself, are refused by name',
    LIMIT,
    async () => {
      const key = await generateAuthorityKey();
      const kyiv = parseRealmName('kyiv.ua');
      const by = { signer: localSigner(region.key), chain: region.chain, now: Date.now() };
      const branch = await issueAuthority({ ...by, realm: kyiv, tier: 'branch', publicKey: key.spki });
      const [lying, below] = await Promise.all(['lviv.ua', 'desk.kyiv.ua'].map((realm) => forge(realm, key, branch)));
      assert.equal(await answerTo(lying ?? []), 'cert-name');
      assert.equal(await answerTo(below ?? []), 'cert-tier');
    },
  );

  async function forge(realm: string, key: AuthorityKey, chain: Chain): Promise<Chain> {
    const subject = { kind: 'relay', realm: parseRealmName(realm), tier: 'branch' } as const;
    const issuer = { kind: 'authority', realm: parseRealmName('kyiv.ua'), tier: 'branch' } as const;
    const dates = { notBefore: Date.now() - SECOND, notAfter: Date.now() + HOUR };
    const draft = {
      subject: nameOf(subject),
      issuer: nameOf(issuer),
      publicKey: leafSpki(leafKey.publicKey),
      ...dates,
    };
    const extended = { ...draft, issuerKey: key.spki, extensions: leafExtensions(subject) };
    return [await signCertificate(extended, localSigner(key).sign), ...chain];
  }
});

describe('fault 7: a certificate that was stolen', LIMIT, () => {
  test('shown by another key it is refused, and so is the leaf of another realm used to renew', LIMIT, async () => {
    assert.equal(await answerTo(await leaf({}), (await generateLeafKey()).seed), 'cert-key-mismatch');
    const thief = await generateAuthorityKey();
    const csr = await createAuthorityCsr(localSigner(thief), { realm: ACME, tier: 'enterprise' });
    const stolen = await issueAuthority({
      signer: localSigner(region.key),
      chain: region.chain,
      now: Date.now(),
      realm: ACME,
      tier: 'enterprise',
      publicKey: (await generateAuthorityKey()).spki,
    });
    const request = await createRenewRequest({ time: Date.now(), chain: stolen, csr }, localSigner(thief).sign);
    const ways = [{ realm: parseRealmName('ua'), relays: [address()] }];
    const rootFingerprint = await tree.at('ua').rootFingerprint();
    const signal = AbortSignal.timeout(20_000);
    const reply = enrolOverWire({ ways, rootFingerprint, request, clock: systemClock, signal });
    const refused = await reply.then(decodeEnrolReply, (error: unknown) => ({
      kind: 'refused' as const,
      code: codeOf(error),
    }));
    assert.equal(refused.kind === 'refused' && refused.code, 'renew-not-yours');
  });
});

describe('fault 3: a flood of them', LIMIT, () => {
  test('two hundred of them leave few records, and the last ones say how many were left out', LIMIT, async () => {
    const { events } = tree.at('ua');
    const begun = events.length;
    const over = await leaf({ lifetime: -SECOND });
    for (let round = 0; round < 20; round++) {
      // Some are turned away before they are heard: more come from one address than are taken in a second.
      assert.ok((await Promise.all(Array.from({ length: 10 }, () => answerTo(over)))).every((code) => code !== 'ok'));
    }
    const records = events.slice(begun).filter(({ reason }) => reason === 'cert-expired');
    assert.ok(records.length < MOST_RECORDS, `${records.length} records`);
    await until(async () => {
      await answerTo(over);
      return events.some(({ suppressed = 0 }) => suppressed > 0);
    });
  });
});
