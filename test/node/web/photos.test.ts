// Photos of people in the pages.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OwnAccountClient } from '../../../node/web/model/account-client.ts';
import { Photos } from '../../../node/web/model/photos.ts';
import { UnreachableError } from '../../../src/realm/errors.ts';
import { photoName } from '../../../src/realm/photo.ts';
import { CLERK } from './scripted-client.ts';

const PHOTO = new TextEncoder().encode('RIFF\0\0\0\0WEBPpicture');
const SHOWN = { ...CLERK, photo: photoName(PHOTO) };
type PhotoOf = OwnAccountClient['photoOf'];

function photosOf(photoOf: PhotoOf): Photos {
  return new Photos({ account: { photoOf } });
}

test('a photo is fetched once, and asked for again after it was out of reach', async () => {
  let asked = 0;
  const photos = photosOf(async () => {
    asked += 1;
    if (asked === 1) throw new UnreachableError('server-unreachable', 'away');
    return PHOTO;
  });
  assert.equal(photos.of(CLERK), undefined);
  assert.equal(photos.of(SHOWN)?.value, undefined);
  await new Promise(setImmediate);
  const shown = photos.of(SHOWN);
  await new Promise(setImmediate);
  assert.deepEqual(shown?.value, PHOTO);
  assert.equal(photos.of(SHOWN), shown);
  assert.equal(asked, 2);
});
