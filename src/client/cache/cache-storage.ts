// The small place of the client (platform.ts) inside the cache: encrypted, and gone with it when this device is wiped.
import type { ClientStorage } from '../platform.ts';
import type { ClientCache } from './cache.ts';

const AREA = 'client';

export function cacheStorage(cache: Pick<ClientCache, 'record' | 'records' | 'setRecords'>): ClientStorage {
  return {
    get: async (key) => {
      const bytes = await cache.record(AREA, key);
      return bytes && new TextDecoder().decode(bytes);
    },
    set: (key, value) => cache.setRecords(AREA, new Map([[key, new TextEncoder().encode(value)]])),
    delete: (key) => cache.setRecords(AREA, new Map([[key, undefined]])),
    keys: async (prefix) => [...(await cache.records(AREA)).keys()].filter((key) => key.startsWith(prefix)),
  };
}
