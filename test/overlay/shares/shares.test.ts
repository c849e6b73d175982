// How a relay's places and rates are divided among realms that certify as many realms as they like.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FairPlaces, type Place } from '../../../src/overlay/shares/fair-places.ts';
import { FairRates } from '../../../src/overlay/shares/fair-rates.ts';
import { type Lineage, lineageOf } from '../../../src/overlay/shares/lineage.ts';
import { parseRealmName } from '../../../src/realm/names.ts';

const UA = parseRealmName('ua');
const from = (realm: string): Lineage => lineageOf(UA, parseRealmName(realm));

test('a realm below ours stands below the child of ours that certified its line', () => {
  assert.deepEqual(from('ua'), []);
  assert.deepEqual(from('acme.ua'), ['acme.ua', 'acme.ua']);
  assert.deepEqual(from('kyiv.acme.ua'), ['acme.ua', 'kyiv.acme.ua', 'kyiv.acme.ua']);
  const kyiv = parseRealmName('kyiv.acme.ua');
  assert.equal(lineageOf(kyiv, parseRealmName('lviv.acme.ua'))[0], lineageOf(kyiv, parseRealmName('odesa.acme.ua'))[0]);
  assert.notEqual(lineageOf(kyiv, parseRealmName('lviv.acme.ua'))[0], lineageOf(kyiv, UA)[0]);
  assert.notEqual(lineageOf(kyiv, parseRealmName('wien.foo.at'))[0], lineageOf(kyiv, UA)[0]);
});

test('an enterprise that certifies realms without end leaves another one its half, and its own old branches theirs', () => {
  const places = new FairPlaces(100);
  const ended: string[] = [];
  const enter = (realm: string): Place | undefined => places.enter(from(realm), () => void ended.push(realm));
  assert.ok(enter('old.evil.ua'));
  for (let at = 0; at < 500; at += 1) enter(`b${at}.evil.ua`);
  assert.equal(places.report.taken, 100);
  for (let at = 0; at < 50; at += 1) assert.ok(enter(`b${at}.acme.ua`), `branch ${at} of acme.ua`);
  assert.equal(enter('b50.acme.ua'), undefined);
  assert.equal(ended.length, 50);
  assert.ok(ended.every((realm) => realm.endsWith('.evil.ua') && realm !== 'old.evil.ua'));
  assert.equal(enter('another.evil.ua'), undefined);
});

test('a realm with many places gives way to one of the same enterprise that has none', () => {
  const places = new FairPlaces(10);
  const ended: string[] = [];
  const enter = (realm: string): Place | undefined => places.enter(from(realm), () => void ended.push(realm));
  for (let at = 0; at < 10; at += 1) enter('greedy.acme.ua');
  assert.ok(enter('kyiv.acme.ua'));
  assert.deepEqual(ended, ['greedy.acme.ua']);
});

test('the own realm finds a place whoever has them, and gives none away', () => {
  const places = new FairPlaces(4);
  for (let at = 0; at < 9; at += 1) places.enter(from(`b${at}.evil.ua`), () => {});
  const own = [1, 2, 3, 4].map(() => places.enter([], () => assert.fail('an own place was given away')));
  assert.ok(own.every((place) => place !== undefined));
  assert.equal(
    places.enter([], () => {}),
    undefined,
  );
  assert.equal(
    places.enter(from('acme.ua'), () => {}),
    undefined,
  );
});

test('a place that was left can be taken, and is left once', () => {
  const places = new FairPlaces(1);
  const place = places.enter(from('acme.ua'), () => {});
  assert.equal(
    places.enter(from('acme.ua'), () => {}),
    undefined,
  );
  place?.leave();
  place?.leave();
  assert.equal(places.report.taken, 0);
  assert.ok(places.enter(from('acme.ua'), () => {}));
  assert.deepEqual(places.report, { most: 1, taken: 1, refused: 1, ended: 0 });
});

test('whatever comes and goes, no more places are taken than there are, and who is below its share is never refused', () => {
  const realm = fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 5 }));
  const act = fc.record({ enters: fc.boolean(), realm, which: fc.nat() });
  fc.assert(
    fc.property(fc.array(act, { maxLength: 120 }), (acts) => {
      const places = new FairPlaces(12);
      const held: { child: number; place: Place }[] = [];
      for (const {
        enters,
        realm: [child, branch],
        which,
      } of acts) {
        if (!enters) {
          held.splice(which % (held.length || 1), 1)[0]?.place.leave();
          continue;
        }
        const before = held.filter((one) => one.child === child).length;
        const gone = { child, place: undefined as Place | undefined };
        const place = places.enter(from(`b${branch}.e${child}.ua`), () => {
          const at = held.findIndex((one) => one.place === gone.place);
          if (at !== -1) held.splice(at, 1);
        });
        gone.place = place;
        if (place) held.push({ child, place });
        else assert.ok(before >= 12 / 3 - 1, `e${child} had ${before} and was refused`);
        assert.equal(places.report.taken, held.length);
        assert.ok(held.length <= 12);
      }
    }),
  );
});

test('each child of our realm is sure of its part of a rate, however many realms another one certifies', () => {
  let now = 0;
  const rates = new FairRates({ monotonic: () => now }, { perSecond: 10, burst: 20 });
  const taken = (realms: readonly string[]): number => realms.filter((realm) => rates.take(from(realm))).length;
  const minted = Array.from({ length: 200 }, (_, at) => `b${at}.evil.ua`);
  assert.equal(taken(minted), 40);
  assert.equal(taken(Array.from({ length: 20 }, () => 'acme.ua')), 10);
  now += 1_000;
  assert.ok(taken(minted) <= 15);
  assert.equal(taken(Array.from({ length: 20 }, () => 'acme.ua')), 5);
  assert.ok(rates.refused > 0);
});

test('who has not asked for a minute has no part any more', () => {
  let now = 0;
  const much = { perSecond: 100, burst: 100 };
  const rates = new FairRates({ monotonic: () => now }, { perSecond: 10, burst: 20 }, much);
  for (let at = 0; at < 50; at += 1) rates.take(from(`e${at}.ua`));
  now += 61_000;
  assert.equal(Array.from({ length: 50 }, () => rates.take(from('acme.ua'))).filter(Boolean).length, 40);
});

test('one realm has no more than is for one, though nobody else asks', () => {
  const rates = new FairRates({ monotonic: () => 0 }, { perSecond: 10, burst: 20 }, { perSecond: 1, burst: 3 });
  assert.equal(Array.from({ length: 30 }, () => rates.take(from('acme.ua'))).filter(Boolean).length, 3);
});
