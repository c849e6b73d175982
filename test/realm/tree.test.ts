// The way along the tree of realms, by names alone.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { parseRealmName, type RealmName } from '../../src/realm/names.ts';
import { areNeighbours, nextOnTree, treeBetween } from '../../src/realm/tree.ts';

const label = fc.constantFrom('a', 'b', 'c');
const realm = fc.array(label, { maxLength: 3 }).map((labels): RealmName => parseRealmName([...labels, 'ua'].join('.')));

test('it goes up to the common ancestor and down', () => {
  const [kyiv, odesa] = [parseRealmName('kyiv.acme.ua'), parseRealmName('odesa.beta.ua')];
  assert.deepEqual(treeBetween(kyiv, odesa), ['kyiv.acme.ua', 'acme.ua', 'ua', 'beta.ua', 'odesa.beta.ua']);
  assert.deepEqual(treeBetween(kyiv, parseRealmName('ua')), ['kyiv.acme.ua', 'acme.ua', 'ua']);
});

test('another root has no way to it', () => {
  assert.equal(nextOnTree(parseRealmName('kyiv.acme.ua'), parseRealmName('acme.pl')), undefined);
  assert.deepEqual(treeBetween(parseRealmName('ua'), parseRealmName('pl')), []);
});

test('a name that only ends alike is not within', () => {
  assert.equal(nextOnTree(parseRealmName('acme.ua'), parseRealmName('kyiv.bigacme.ua')), 'ua');
});

test('every step is to a neighbour, no realm comes twice, and the way back is the same', () => {
  fc.assert(
    fc.property(realm, realm, (from, to) => {
      const way = treeBetween(from, to);
      assert.equal(new Set(way).size, way.length);
      assert.ok(way.slice(1).every((next, i) => areNeighbours(next, way[i] ?? next)));
      assert.deepEqual(treeBetween(to, from), way.toReversed());
    }),
  );
});
