// Join tokens that this realm has made. Key: ('token', id) -> record of src/pki/token-registry.ts.
import type { TokenStore } from '../src/pki/token-registry.ts';
import type { Database } from '../src/store/database.ts';
import { key } from '../src/store/keys.ts';

export function openTokenStore(database: Database): TokenStore {
  return {
    get: (id) => database.get(key('token', id)),
    put: (id, value) => database.commit([{ type: 'put', key: key('token', id), value }]),
  };
}
