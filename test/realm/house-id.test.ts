// A user's id says of which house it is.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { houseUserId, isBornAt, isOfHouse, mayBeOf, namesHouse, OF_USER, userIdOf } from '../../src/realm/house-id.ts';
import { directConversationId, parseUserId } from '../../src/realm/ids.ts';
import { parseRealmName } from '../../src/realm/names.ts';

const UA = parseRealmName('ua');
const ACME = parseRealmName('acme.ua');
const BETA = parseRealmName('beta.ua');
const KYIV = parseRealmName('kyiv.acme.ua');
const RANDOM = Uint8Array.of(1, 2, 3, 4, 5, 6);

test('an id belongs to its house and to no other, whatever is random in it', () => {
  assert.equal(houseUserId(ACME, RANDOM), '93955b3c-c552-8388-8106-010203040506');
  const random = fc.uint8Array({ minLength: OF_USER, maxLength: 32 });
  const house = fc.stringMatching(/^[a-z]{1,9}\.ua$/).map(parseRealmName);
  fc.assert(
    fc.property(house, house, random, (one, other, bytes) => {
      const id = houseUserId(one, bytes);
      assert.ok(namesHouse(id) && isOfHouse(id, one));
      assert.equal(isOfHouse(id, other), one === other);
      assert.equal(id.slice(-12), Buffer.from(bytes.subarray(0, OF_USER)).toString('hex'));
    }),
  );
});

test('a branch has ids of its enterprise, an enterprise none of its region, a branch of a region those of the region', () => {
  const never = (): boolean => assert.fail('names alone decide');
  const of = { ua: houseUserId(UA, RANDOM), acme: houseUserId(ACME, RANDOM), kyiv: houseUserId(KYIV, RANDOM) };
  assert.equal(mayBeOf(of.acme, KYIV, never), true);
  assert.equal(mayBeOf(of.acme, ACME, never), true);
  assert.equal(mayBeOf(of.kyiv, KYIV, never), true);
  assert.equal(mayBeOf(of.acme, BETA, never), false);
  assert.equal(mayBeOf(of.kyiv, ACME, never), false);
  assert.equal(mayBeOf(of.ua, KYIV, never), false);
  assert.equal(
    mayBeOf(of.ua, BETA, () => true),
    false,
  );
  assert.equal(
    mayBeOf(of.ua, BETA, () => false),
    true,
  );
});

test('an id by chance alone names no house', () => {
  const id = parseUserId('0b9c1cb3-66c5-4b57-8a34-27c8d8d4a0f1');
  assert.equal(namesHouse(id), false);
  assert.equal(isOfHouse(id, ACME), false);
  assert.notEqual(
    directConversationId(id, houseUserId(ACME, RANDOM)).slice(0, 19),
    houseUserId(ACME, RANDOM).slice(0, 19),
  );
});

test('an id says which realm of its house gave it', () => {
  const id = userIdOf(ACME, KYIV, Uint8Array.of(3, 4, 5, 6));
  assert.equal(id.slice(0, 23), houseUserId(ACME, RANDOM).slice(0, 23));
  assert.equal(id.slice(28), '03040506');
  assert.deepEqual([isBornAt(id, KYIV), isBornAt(id, ACME), isBornAt(id, BETA)], [true, false, false]);
  assert.ok(isOfHouse(id, ACME) && mayBeOf(id, KYIV, () => false));
});
