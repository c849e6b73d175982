// A realm whose node was put back to an older copy has lost files that its people uploaded since: other realms that have a copy give
// them, its people upload them again, and nobody gets more rights by it than there were.
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { SEALED_CHUNK } from '../../../src/crypto/files/sizes.ts';
import { blobIdBytes } from '../../../src/realm/blob-id.ts';
import { type ConversationId, parseConversationId } from '../../../src/realm/ids.ts';
import type { RealmName } from '../../../src/realm/names.ts';
import {
  ACME,
  BlobRealm,
  BlobWorld,
  CLERK,
  COOK,
  ENGINEER,
  KYIV,
  LVIV,
  makeBlob,
  NEVER,
  readAll,
} from './blob-realm.ts';

const LIMIT = { timeout: 30_000 };
const GROUP: ConversationId = parseConversationId('20000000-0000-4000-8000-000000000001');
const ALL = [KYIV, LVIV, ACME];

/** A file of the clerk's in a group of three realms; who has it is named. The others know the message alone. */
async function groupWith(t: TestContext, holders: readonly RealmName[]) {
  const world = new BlobWorld();
  world.members.set(GROUP, [CLERK, COOK, ENGINEER]);
  world.realms.set(GROUP, ALL);
  const [kyiv, lviv, acme] = [
    await BlobRealm.open(t, world, KYIV),
    await BlobRealm.open(t, world, LVIV),
    await BlobRealm.open(t, world, ACME),
  ];
  const blob = await makeBlob(2 * SEALED_CHUNK + 1000);
  for (const realm of [kyiv, lviv, acme]) {
    // As a reader of that realm left it there.
    if (holders.includes(realm.realm)) await realm.upload(ENGINEER, blob.bytes, blob.id);
    await realm.refer(GROUP, CLERK, [], blob.id, { origin: KYIV });
  }
  return { world, kyiv, lviv, acme, ...blob };
}

describe('a file that the node of its sender has lost', LIMIT, () => {
  test('comes back from another realm of the group, for people there and for a third realm', LIMIT, async (t) => {
    const { kyiv, lviv, id, bytes } = await groupWith(t, [ACME]);
    assert.deepEqual(await kyiv.service.lan.lacking(COOK, [id]), [id]);
    assert.deepEqual(await readAll(await lviv.service.lan.open(ENGINEER, id, NEVER)), bytes);
    assert.deepEqual(await readAll(await kyiv.service.lan.open(COOK, id, NEVER)), bytes);
    // Its last chunk is read a moment before it has its name.
    while ((await kyiv.service.lan.lacking(COOK, [id])).length > 0) await pause(10);
  });

  // A realm gives up one that waits for itself after 30 s.
  test('and that nobody has is refused: no realm asks in a circle', { timeout: 15_000 }, async (t) => {
    const { kyiv, lviv, acme, id } = await groupWith(t, []);
    const readers = [
      [kyiv, CLERK],
      [lviv, ENGINEER],
      [acme, ENGINEER],
    ] as const;
    await Promise.all(
      readers.map(([realm, user]) => assert.rejects(realm.service.lan.open(user, id, NEVER), { code: 'blob-expired' })),
    );
  });

  test('is there for everybody again when its sender uploads it once more', LIMIT, async (t) => {
    const { kyiv, lviv, id, bytes } = await groupWith(t, []);
    await assert.rejects(lviv.service.lan.open(ENGINEER, id, NEVER), { code: 'blob-expired' });
    await kyiv.upload(CLERK, bytes, id);
    assert.deepEqual(await readAll(await lviv.service.lan.open(ENGINEER, id, NEVER)), bytes);
  });

  test('is mended from another realm when only its bytes are gone', LIMIT, async (t) => {
    const { kyiv, id, bytes } = await groupWith(t, [KYIV, ACME]);
    await kyiv.stop();
    await rm(join(kyiv.blobs, id.slice(0, 2)), { recursive: true });
    await kyiv.start();
    assert.deepEqual(await readAll(await kyiv.service.lan.open(COOK, id, NEVER)), bytes);
  });
});

describe('by the word of who gives a message back', LIMIT, () => {
  test('a file is referred to of which this realm knows nothing, or that is that user’s to read', LIMIT, async (t) => {
    const { kyiv, id } = await groupWith(t, []);
    const { access } = kyiv.service;
    const [known, other] = [blobIdBytes(id), blobIdBytes((await makeBlob(100, 2)).id)];
    assert.deepEqual(await access.restatable(COOK, [known, other]), [known, other]);
  });

  test('nobody gets a file that the realm knows to be of others', LIMIT, async (t) => {
    const { world, kyiv, id } = await groupWith(t, [KYIV]);
    world.members.set(GROUP, [CLERK, ENGINEER]);
    const { access } = kyiv.service;
    assert.deepEqual(await access.restatable(COOK, [blobIdBytes(id)]), []);
    assert.deepEqual(await kyiv.service.lan.lacking(COOK, [id]), []);
    // One that is uploaded, and not yet part of any message.
    const own = await makeBlob(100, 3);
    await kyiv.upload(CLERK, own.bytes, own.id);
    assert.deepEqual(await access.restatable(COOK, [blobIdBytes(own.id)]), []);
    assert.deepEqual(await access.restatable(CLERK, [blobIdBytes(own.id)]), [blobIdBytes(own.id)]);
  });

  test('what a message refers to already is not lost', LIMIT, async (t) => {
    const { kyiv, id } = await groupWith(t, []);
    const message = await kyiv.refer(GROUP, CLERK, [], id, { origin: KYIV });
    const other = blobIdBytes((await makeBlob(100, 2)).id);
    assert.deepEqual(await kyiv.service.access.unstated(message, CLERK, [blobIdBytes(id), other]), [other]);
  });
});
