// How much one user may leave here.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BlobIndex } from '../../../node/blobs/blob-index.ts';
import { DEFAULT_RULES } from '../../../node/blobs/blob-rules.ts';
import { MAX_FILES, Quotas } from '../../../node/blobs/quotas.ts';
import { parseBlobId } from '../../../src/realm/blob-id.ts';
import { openDatabase } from '../../../src/store/database.ts';
import { temporaryFolder } from '../../temporary-folder.ts';
import { CLERK, COOK } from '../simulated-branch.ts';

test('tiny files without end are refused by their number', { timeout: 30_000 }, async (t) => {
  const database = await openDatabase(await temporaryFolder(t));
  t.after(() => database.close());
  const rules = () => DEFAULT_RULES;
  const quotas = new Quotas({ index: new BlobIndex(database), places: { freeBytes: async () => 1e12 }, rules });
  for (let n = 0; n < MAX_FILES - 1; n++) quotas.own(CLERK, parseBlobId(n.toString(16).padStart(64, '0')), 17);
  await quotas.assertMayUpload(CLERK, 17);
  quotas.announce('one', CLERK, 17);
  await assert.rejects(quotas.assertMayUpload(CLERK, 17), { code: 'quota-exceeded' });
  await quotas.assertMayUpload(COOK, 17);
});
