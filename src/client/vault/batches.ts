// Records of a vault in as many as one request carries.
import { MAX_VAULT_BATCH, MAX_VAULT_BATCH_BYTES } from '../../protocols/lan/account-routes.ts';

/** With the sequence of the first of each. */
export function* inBatches(records: readonly Uint8Array[]): Generator<[number, Uint8Array[]]> {
  let batch: Uint8Array[] = [];
  let size = 0;
  let first = 1;
  for (const record of records) {
    if (batch.length === MAX_VAULT_BATCH || (batch.length > 0 && size + record.length > MAX_VAULT_BATCH_BYTES)) {
      yield [first, batch];
      first += batch.length;
      batch = [];
      size = 0;
    }
    batch.push(record);
    size += record.length;
  }
  if (batch.length > 0) yield [first, batch];
}
