// Agreements: their forms read back and no other form is taken; both signatures are needed, by the nodes of both realms.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import * as fc from 'fast-check';
import { fromString } from 'uint8arrays/from-string';
import { toString } from 'uint8arrays/to-string';
import type { Identity } from '../../../src/overlay/identity.ts';
import { encodeChain } from '../../../src/pki/chain.ts';
import { leafKeyOfSeed, signWithLeaf } from '../../../src/pki/keys.ts';
import {
  openAgreement,
  openSigned,
  signAcceptance,
  signProposal,
  type TrustSigner,
} from '../../../src/protocols/trust/agreement.ts';
import {
  decodeAgreement,
  decodeRemoval,
  decodeTerms,
  encodeAgreement,
  encodeRemoval,
  encodeTerms,
} from '../../../src/protocols/trust/codec.ts';
import { type Agreement, MAX_LIFETIME, MAX_PEOPLE, type Terms } from '../../../src/protocols/trust/index.ts';
import { CanopyError } from '../../../src/realm/errors.ts';
import { parseRealmName } from '../../../src/realm/names.ts';
import { parseLogin } from '../../../src/realm/user-address.ts';
import { Realms } from '../../overlay/realms.ts';

const DAY = 24 * 60 * 60 * 1000;
const NOW = Date.now();
const KYIV = parseRealmName('kyiv.acme.ua');
const ODESA = parseRealmName('odesa.beta.ua');
const plain = { noNullPrototype: true };

const people = fc
  .uniqueArray(fc.stringMatching(/^[a-z0-9]{1,12}$/), { maxLength: 4 })
  .map((logins) => logins.toSorted().map(parseLogin));
const terms: fc.Arbitrary<Terms> = fc.record(
  {
    id: fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => toString(bytes, 'hex')),
    proposer: fc.constant(KYIV),
    accepter: fc.constantFrom(ODESA, parseRealmName('beta.ua')),
    direction: fc.constantFrom('both' as const, 'outward' as const, 'inward' as const),
    from: fc.constant(NOW),
    until: fc.integer({ min: NOW + 1, max: NOW + MAX_LIFETIME }),
    proposerPeople: people,
    accepterPeople: people,
    presence: fc.boolean(),
  },
  plain,
);
const signature = fc.record(
  {
    time: fc.maxSafeNat(),
    chain: fc.uint8Array({ maxLength: 40 }),
    signature: fc.uint8Array({ minLength: 64, maxLength: 64 }),
  },
  plain,
);
const agreements: fc.Arbitrary<Agreement> = fc.record(
  { terms, proposed: signature, accepted: signature },
  { ...plain, requiredKeys: ['terms', 'proposed'] },
);

const TERMS: Terms = {
  id: '000102030405060708090a0b0c0d0e0f',
  proposer: KYIV,
  accepter: ODESA,
  direction: 'both',
  from: 1_700_000_000_000,
  until: 1_700_000_000_000 + 365 * DAY,
  proposerPeople: [parseLogin('clerk')],
  accepterPeople: [],
  presence: false,
};
const TERMS_HEX =
  '8a0150000102030405060708090a0b0c0d0e0f6c6b7969762e61636d652e75616d6f646573612e626574612e756164626f74681b0000018bcfe568001b0000019327969400' +
  '8165636c65726b80f4';

test('terms and agreements read back, and none of their truncations does', () => {
  fc.assert(fc.property(terms, (value) => assert.deepEqual(decodeTerms(encodeTerms(value)), value)));
  fc.assert(fc.property(agreements, (value) => assert.deepEqual(decodeAgreement(encodeAgreement(value)), value)));
  const [sample] = fc.sample(agreements, { numRuns: 1, seed: 5 });
  assert.ok(sample);
  const whole = encodeAgreement(sample);
  for (let length = 0; length < whole.length; length++) {
    assert.throws(() => decodeAgreement(whole.subarray(0, length)), CanopyError);
  }
});

test('a removal reads back, and none of its truncations does', () => {
  const removal = { id: TERMS.id, realm: KYIV, time: NOW };
  const whole = encodeRemoval(removal);
  assert.deepEqual(decodeRemoval(whole), removal);
  for (let length = 0; length < whole.length; length++) {
    assert.throws(() => decodeRemoval(whole.subarray(0, length)), CanopyError);
  }
});

test('the bytes of terms are those of version 1', () => {
  assert.equal(toString(encodeTerms(TERMS), 'hex'), TERMS_HEX);
  assert.deepEqual(decodeTerms(fromString(TERMS_HEX, 'hex')), TERMS);
});

test('terms that never hold, hold too long, name too many or in another order are malformed', () => {
  const bad: readonly Partial<Terms>[] = [
    { until: TERMS.from },
    { until: TERMS.from + MAX_LIFETIME + 1 },
    { accepter: KYIV },
    { proposerPeople: ['b', 'a'].map(parseLogin) },
    { proposerPeople: ['a', 'a'].map(parseLogin) },
    { proposerPeople: Array.from({ length: MAX_PEOPLE + 1 }, (_, i) => parseLogin(`u${String(i).padStart(3, '0')}`)) },
  ];
  for (const change of bad) {
    assert.throws(
      () => decodeTerms(encodeTerms({ ...TERMS, ...change })),
      { code: 'malformed' },
      JSON.stringify(change),
    );
  }
});

const realms = new Realms('ua');
let rootFingerprint: string;
let kyiv: Identity;
let odesa: Identity;

before(async () => {
  rootFingerprint = await realms.rootFingerprint();
  kyiv = await realms.identity(KYIV, 'node');
  odesa = await realms.identity(ODESA, 'node');
});

function signer({ privateKey, chain }: Identity): TrustSigner {
  return { chain: encodeChain(chain), sign: (data) => signWithLeaf(leafKeyOfSeed(privateKey), data) };
}

const fresh = (): Terms => ({ ...TERMS, from: NOW, until: NOW + 30 * DAY });
const signed = (by = { proposer: kyiv, accepter: odesa }): Agreement =>
  signAcceptance(signProposal(fresh(), signer(by.proposer), NOW), signer(by.accepter), NOW);
const open = (agreement: Agreement, now?: number) => openSigned(encodeAgreement(agreement), { rootFingerprint }, now);

test('what both nodes have signed opens, at any time later; a proposal alone is no agreement', async () => {
  const agreement = signed();
  assert.deepEqual(await open(agreement), agreement);
  assert.deepEqual(await open(agreement, NOW), agreement);
  const proposal = signProposal(fresh(), signer(kyiv), NOW);
  assert.deepEqual(await openAgreement(encodeAgreement(proposal), { rootFingerprint }), proposal);
  await assert.rejects(open(proposal), { code: 'signature-missing' });
});

test('certificates are judged as of the signing, but for what is taken in as of now', async () => {
  const later = NOW + 300 * DAY;
  await open(signed());
  await assert.rejects(open(signed(), later), { code: 'cert-expired' });
  const early = signProposal(fresh(), signer(kyiv), NOW - 400 * DAY);
  await assert.rejects(openAgreement(encodeAgreement(early), { rootFingerprint }), { code: 'cert-not-yet-valid' });
});

test('a certificate that was revoked ends what it signed', async () => {
  const bytes = encodeAgreement(signed());
  const key = await realms.keyOf(ODESA);
  const isRevoked = (_: string, issuer: string): boolean => issuer === key;
  await assert.rejects(openSigned(bytes, { rootFingerprint, isRevoked }), { code: 'cert-revoked' });
});

test('one signature forged, exchanged or of somebody else is refused, whichever it is', async () => {
  const agreement = signed();
  const { proposed, accepted } = agreement;
  assert.ok(accepted);
  const flip = (bytes: Uint8Array): Uint8Array => bytes.map((byte, at) => (at === 5 ? byte ^ 1 : byte));
  const stranger = await realms.identity('lviv.acme.ua', 'node');
  const relay = await realms.identity(ODESA, 'relay');
  const other = new Realms('ua');
  const lies: Readonly<Record<string, readonly [Agreement, string]>> = {
    'the proposer’s altered': [
      { ...agreement, proposed: { ...proposed, signature: flip(proposed.signature) } },
      'signature-bad',
    ],
    'the accepter’s altered': [
      { ...agreement, accepted: { ...accepted, signature: flip(accepted.signature) } },
      'signature-bad',
    ],
    'the two exchanged': [{ ...agreement, proposed: accepted, accepted: proposed }, 'origin-foreign'],
    'the proposal as acceptance': [{ ...agreement, accepted: proposed }, 'origin-foreign'],
    'its time altered': [{ ...agreement, accepted: { ...accepted, time: NOW - 1 } }, 'signature-bad'],
    'the terms altered': [{ ...agreement, terms: { ...fresh(), direction: 'inward' } }, 'signature-bad'],
    'a third realm signs': [signed({ proposer: kyiv, accepter: stranger }), 'origin-foreign'],
    'a foreign proposer': [signed({ proposer: stranger, accepter: odesa }), 'origin-foreign'],
    'a relay signs for its realm': [signed({ proposer: kyiv, accepter: relay }), 'origin-foreign'],
    'another root': [signed({ proposer: kyiv, accepter: await other.identity(ODESA, 'node') }), 'cert-unknown-root'],
  };
  for (const [what, [lie, code]] of Object.entries(lies)) await assert.rejects(open(lie), { code }, what);
});

test('an acceptance of one proposal is none of another', async () => {
  const first = signed();
  const second = signProposal({ ...fresh(), presence: true }, signer(kyiv), NOW);
  assert.ok(first.accepted);
  await assert.rejects(open({ ...second, accepted: first.accepted }), { code: 'signature-bad' });
});

test('random bytes are refused as such', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (noise) => assert.throws(() => decodeAgreement(noise), CanopyError)),
  );
});
