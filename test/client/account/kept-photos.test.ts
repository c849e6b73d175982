// Photos of people stay on a device, so many, and are believed by their names alone.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KeptPhotos } from '../../../src/client/account/kept-photos.ts';
import { memoryCache } from '../../../src/client/cache/memory-cache.ts';
import { LocalError } from '../../../src/realm/errors.ts';
import { parseUserId, type UserId } from '../../../src/realm/ids.ts';
import { photoName } from '../../../src/realm/photo.ts';

const userOf = (n: number): UserId => parseUserId(`00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`);
const photoOf = (n: number): Uint8Array => new Uint8Array([n >> 8, n & 0xff, 7]);

test('a photo is there again for whoever opens the same cache, under the name that it has now', async () => {
  const cache = await memoryCache();
  await new KeptPhotos(cache).keep(userOf(1), photoOf(1));
  const again = new KeptPhotos(cache);
  assert.deepEqual(await again.get(userOf(1), photoName(photoOf(1))), photoOf(1));
  assert.equal(await again.get(userOf(1), photoName(photoOf(2))), undefined, 'the person has another one by now');
  assert.equal(await again.get(userOf(2), photoName(photoOf(1))), undefined);
});

test('the latest of each person stays, and of the people those who came last', async () => {
  const cache = await memoryCache();
  const photos = new KeptPhotos(cache);
  await photos.keep(userOf(0), photoOf(0));
  await photos.keep(userOf(0), photoOf(1000));
  assert.equal(await photos.get(userOf(0), photoName(photoOf(0))), undefined);
  await Promise.all(Array.from({ length: 500 }, (_, n) => photos.keep(userOf(n + 1), photoOf(n + 1))));
  assert.equal((await cache.records('photo')).size, 500);
  assert.equal(await photos.get(userOf(0), photoName(photoOf(1000))), undefined);
  assert.deepEqual(await photos.get(userOf(1), photoName(photoOf(1))), photoOf(1));
});

test('a cache without room keeps none, and nobody hears of it', async () => {
  const full = () => Promise.reject(new LocalError('cache-full', 'no room'));
  const photos = new KeptPhotos({ record: full, setRecords: full });
  await photos.keep(userOf(1), photoOf(1));
  assert.equal(await photos.get(userOf(1), photoName(photoOf(1))), undefined);
});
