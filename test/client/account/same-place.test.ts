// What a device kept of one user does not stand in the way of another one in the same place: somebody who was removed and is registered
// anew, or a server that was set up anew, by the same address.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeCacheSecret } from '../../../src/client/cache/cache-secret.ts';
import { MemoryEngine } from '../../../src/client/cache/memory-engine.ts';
import { SealedCache } from '../../../src/client/cache/sealed-cache.ts';
import { memoryStorage } from '../../../src/client/platform.ts';
import { openBranch } from '../../node/lan/branch-fixture.ts';
import { clientOf, connected, ENGINEER } from '../engine/people.ts';

const LIMIT = { timeout: 60_000 };

test(
  'a user of the same address whose identity is another one opens in the place of the earlier one',
  LIMIT,
  async (t) => {
    const [engine, secret, storage] = [new MemoryEngine(), await makeCacheSecret(new Uint8Array(32)), memoryStorage()];
    const openCache = () => SealedCache.open({ engine, secret });
    const users: string[] = [];
    for (const notes of [3, 1]) {
      const branch = await openBranch(t);
      await branch.addUser('engineer', 'Engineer One', 'first-engineer');
      const elsewhere = clientOf(t, branch);
      await elsewhere.login('engineer', 'first-engineer', { newPassword: 'second-engineer' });
      const client = clientOf(t, branch, { storage, openCache });
      const { user } = await client.login('engineer', 'second-engineer');
      users.push(user.id);
      assert.equal(client.accountState.kind, 'open');
      await connected(client);
      for (let n = 0; n < notes; n++) await client.send({ to: ENGINEER, text: `note ${n}` });
      await client.drained();
      await client.logout({ keepDevice: true });
    }
    assert.equal(new Set(users).size, 2);
  },
);
