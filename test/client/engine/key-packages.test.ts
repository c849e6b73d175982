// What a device lays out so that others can write to it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryCache } from '../../../src/client/cache/memory-cache.ts';
import { KeyPackages, type PackageServer } from '../../../src/client/engine/key-packages.ts';
import { UnreachableError } from '../../../src/realm/errors.ts';
import { People } from '../../crypto/mls/people.ts';

const LIMIT = { timeout: 30_000 };

/** Keeps what it is given, unless it is away. */
function desk() {
  const kept = { oneTime: 0, last: false, isAway: false };
  const server: PackageServer = {
    publish: async ({ oneTime, lastResort }) => {
      if (kept.isAway && (oneTime.length > 0 || lastResort)) throw new UnreachableError('server-unreachable', 'away');
      kept.oneTime += oneTime.length;
      kept.last ||= lastResort !== undefined;
      return { waiting: kept.oneTime, lastResort: kept.last };
    },
    claim: async () => [],
  };
  return { kept, server };
}

test(
  'a last resort that did not come to the server is laid out the next time, and one that the server lost again',
  LIMIT,
  async () => {
    const people = new People();
    const { kept, server } = desk();
    const me = people.device(people.person());
    const packages = new KeyPackages({ me, cache: await memoryCache(), server, clock: people.clock });
    kept.isAway = true;
    await assert.rejects(packages.replenish(), { code: 'server-unreachable' });
    kept.isAway = false;
    await packages.replenish();
    assert.deepEqual([kept.last, kept.oneTime], [true, 20]);
    kept.last = false;
    await packages.replenish();
    assert.deepEqual([kept.last, kept.oneTime], [true, 20]);
  },
);
