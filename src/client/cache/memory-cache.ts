// A cache that ends with the client: what a client has that was given no other.
import { systemRandom } from '../../realm/random.ts';
import type { ClientCache } from './cache.ts';
import { makeCacheSecret } from './cache-secret.ts';
import { MemoryEngine } from './memory-engine.ts';
import { SealedCache } from './sealed-cache.ts';

export async function memoryCache(): Promise<ClientCache> {
  return SealedCache.open({ engine: new MemoryEngine(), secret: await makeCacheSecret(systemRandom(32)) });
}
