// The client library's small place in the browser: what waits to be sent and the cursor survive a reload.
import type { ClientStorage } from '../../src/client/client.ts';

const PREFIX = 'canopy.client.';

export function pageStorage(store: Storage): ClientStorage {
  return {
    get: async (key) => store.getItem(PREFIX + key) ?? undefined,
    set: async (key, value) => store.setItem(PREFIX + key, value),
    delete: async (key) => store.removeItem(PREFIX + key),
    keys: async (prefix) =>
      Array.from({ length: store.length }, (_, index) => store.key(index) ?? '')
        .filter((key) => key.startsWith(PREFIX + prefix))
        .map((key) => key.slice(PREFIX.length)),
  };
}
