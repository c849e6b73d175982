// Clients of a test's branch.
import type { TestContext } from 'node:test';
import { nodePlatform } from '../../../cli/chat/node-platform.ts';
import { makeCacheSecret } from '../../../src/client/cache/cache-secret.ts';
import { MemoryEngine } from '../../../src/client/cache/memory-engine.ts';
import { SealedCache } from '../../../src/client/cache/sealed-cache.ts';
import { type Client, type ClientInit, createClient } from '../../../src/client/client.ts';
import { memoryStorage } from '../../../src/client/platform.ts';
import type { Branch } from '../../node/lan/branch-fixture.ts';
import { nextEvent } from '../waiting.ts';

export const ENGINEER = 'engineer@kyiv.acme.ua';

/** What a device keeps, for one client after the other. */
export type DevicePlace = Pick<ClientInit, 'storage' | 'openCache'>;

/** The way to the server. */
export type Way = Required<Pick<ClientInit, 'fetch' | 'openSocket'>>;

/** How passwords are stretched. */
type Stretching = Pick<ClientInit, 'passwords'>;

export async function keptPlace(): Promise<DevicePlace> {
  const [engine, secret] = [new MemoryEngine(), await makeCacheSecret(new Uint8Array(32).fill(3))];
  return { storage: memoryStorage(), openCache: () => SealedCache.open({ engine, secret }) };
}

export function clientOf(
  t: TestContext,
  branch: Pick<Branch, 'server'>,
  place: DevicePlace & Partial<Way> & Stretching = {},
): Client {
  const platform = nodePlatform();
  const client = createClient({ server: branch.server.url, ...platform, ...place, random: () => 0 });
  t.after(async () => {
    client.disconnect();
    await platform.close();
  });
  return client;
}

export async function connected(client: Client): Promise<void> {
  const ready = nextEvent(client, 'ready');
  client.connect();
  await ready;
}
