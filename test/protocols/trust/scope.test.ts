// Whom a trust covers, and what follows from several of them at a moment.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Agreement, Terms } from '../../../src/protocols/trust/index.ts';
import { Partners } from '../../../src/protocols/trust/partners.ts';
import { covers, directionFor, partnerOf } from '../../../src/protocols/trust/scope.ts';
import { parseRealmName } from '../../../src/realm/names.ts';
import { parseLogin, parseUserAddress } from '../../../src/realm/user-address.ts';

const KYIV = parseRealmName('kyiv.acme.ua');
const ODESA = parseRealmName('odesa.beta.ua');
const LVIV = parseRealmName('lviv.acme.ua');
const TERMS: Terms = {
  id: '00'.repeat(16),
  proposer: KYIV,
  accepter: ODESA,
  direction: 'both',
  from: 100,
  until: 200,
  proposerPeople: [],
  accepterPeople: [],
  presence: false,
};
const clerk = parseUserAddress('clerk@kyiv.acme.ua');
const head = parseUserAddress('head@kyiv.acme.ua');
const sales = parseUserAddress('sales@odesa.beta.ua');
const stranger = parseUserAddress('clerk@lviv.acme.ua');

test('everybody of both sides is covered, and nobody of a third', () => {
  assert.deepEqual([covers(TERMS, clerk, sales), covers(TERMS, sales, clerk)], [true, true]);
  for (const [from, to] of [
    [stranger, sales],
    [sales, stranger],
    [clerk, head],
    [clerk, stranger],
  ] as const) {
    assert.equal(covers(TERMS, from, to), false);
  }
});

test('a direction is the proposer’s view, and the accepter’s is the other way round', () => {
  const outward: Terms = { ...TERMS, direction: 'outward' };
  const inward: Terms = { ...TERMS, direction: 'inward' };
  assert.deepEqual([covers(outward, clerk, sales), covers(outward, sales, clerk)], [true, false]);
  assert.deepEqual([covers(inward, clerk, sales), covers(inward, sales, clerk)], [false, true]);
  assert.deepEqual([directionFor(outward, KYIV), directionFor(outward, ODESA)], ['outward', 'inward']);
  assert.deepEqual([directionFor(inward, KYIV), directionFor(inward, ODESA)], ['inward', 'outward']);
  assert.deepEqual([partnerOf(TERMS, KYIV), partnerOf(TERMS, ODESA), partnerOf(TERMS, LVIV)], [ODESA, KYIV, undefined]);
});

test('named people alone are covered, on each side for itself', () => {
  const some: Terms = { ...TERMS, proposerPeople: [parseLogin('clerk')] };
  assert.deepEqual([covers(some, clerk, sales), covers(some, head, sales)], [true, false]);
  assert.deepEqual([covers(some, sales, clerk), covers(some, sales, head)], [true, false]);
  const both: Terms = { ...some, accepterPeople: [parseLogin('boss')] };
  assert.equal(covers(both, clerk, sales), false);
  assert.equal(covers(both, clerk, parseUserAddress('boss@odesa.beta.ua')), true);
});

function agreement(terms: Partial<Terms>, acceptedAt = 100): Agreement {
  const signature = { time: acceptedAt, chain: new Uint8Array(), signature: new Uint8Array(64) };
  return { terms: { ...TERMS, ...terms }, proposed: signature, accepted: signature };
}

test('a trust is in force from its beginning to its end, for both sides and for who stands above', () => {
  let now = 99;
  const at = { kyiv: new Partners(KYIV, () => now), ua: new Partners(parseRealmName('ua'), () => now) };
  for (const partners of Object.values(at)) partners.set([agreement({})]);
  const seen = () => [at.kyiv.trustWith(ODESA)?.realm, at.ua.arePartners(ODESA, KYIV), at.kyiv.realms().length];
  assert.deepEqual(seen(), [undefined, false, 0]);
  assert.equal(at.kyiv.nextChange(), 100);
  now = 100;
  assert.deepEqual(seen(), [ODESA, true, 1]);
  assert.equal(at.kyiv.nextChange(), 200);
  now = 200;
  assert.deepEqual(seen(), [undefined, false, 0]);
  assert.equal(at.kyiv.nextChange(), undefined);
  now = 150;
  assert.deepEqual([at.ua.trustWith(ODESA), at.ua.realms()], [undefined, []], 'no trust of its own');
  assert.equal(at.kyiv.arePartners(LVIV, ODESA), false);
});

test('of two trusts between the same realms the one accepted last counts', () => {
  const partners = new Partners(KYIV, () => 150);
  partners.set([agreement({ id: '11'.repeat(16), direction: 'inward' }, 140), agreement({}, 120)]);
  assert.deepEqual(partners.trustWith(ODESA), { realm: ODESA, direction: 'inward', since: 140 });
  partners.set([]);
  assert.equal(partners.trustWith(ODESA), undefined);
});
