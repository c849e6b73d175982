// What a storage engine must be able to do: ordered bytes, read at will, written in atomic groups that are on disk when the
// write resolves. Narrow enough that a second engine can stand behind it; test/store/store-conformance.ts is its contract.

export type Write =
  | { readonly type: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: Uint8Array };

/** Keys from `gte` (inclusive) to `lt` (exclusive), in the order of their bytes. */
export interface KeyRange {
  readonly gte: Uint8Array;
  readonly lt: Uint8Array;
  readonly reverse?: boolean;
  readonly limit?: number;
}

export type Row = readonly [key: Uint8Array, value: Uint8Array];

export interface ReadView {
  get(key: Uint8Array): Promise<Uint8Array | undefined>;
  iterate(range: KeyRange): AsyncIterable<Row>;
}

/** The state at one moment, unmoved by later commits. */
export interface Snapshot extends ReadView {
  close(): Promise<void>;
}

export interface Engine extends ReadView {
  /** All or nothing; resolves when the writes are on disk (fsync), never earlier. */
  write(writes: readonly Write[]): Promise<void>;
  snapshot(): Snapshot;
  /** Rewrites what lies in this range, so that values that were deleted or replaced leave the files. An engine without files does nothing. */
  compact?(range: Pick<KeyRange, 'gte' | 'lt'>): Promise<void>;
  close(): Promise<void>;
}
