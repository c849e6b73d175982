// What a place for the cache must be able to do: keys in order, values as opaque bytes, writes all or nothing. Three stand
// behind it: memory, IndexedDB (node/web/cache) and LevelDB (cli/cache). test/client/cache/cache-conformance.ts is the contract.
import { LocalError } from '../../realm/errors.ts';

/** Keys are ASCII, so that all engines order them alike. */
export type CacheWrite = { readonly put: string; readonly value: Uint8Array } | { readonly delete: string };

/** From `from` (inclusive) to `to` (exclusive). */
export interface CacheRange {
  readonly from: string;
  readonly to: string;
  readonly reverse?: boolean;
  readonly limit?: number;
}

export type CacheRow = readonly [key: string, value: Uint8Array];

export interface CacheEngine {
  range(range: CacheRange): Promise<readonly CacheRow[]>;
  /** All or nothing, also when the program ends in the middle. @throws LocalError `cache-full`, `cache-failed` */
  write(writes: readonly CacheWrite[]): Promise<void>;
  /** Removes everything, from the files too. */
  wipe(): Promise<void>;
  close(): Promise<void>;
}

export function cacheFull(cause?: unknown): LocalError {
  return new LocalError('cache-full', 'There is no room left on this device for messages', { cause });
}

export function cacheFailed(cause: unknown): LocalError {
  return new LocalError('cache-failed', 'This device could not store messages', { cause });
}
