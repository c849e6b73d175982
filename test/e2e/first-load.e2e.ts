// What a browser loads before the first page stays within its limit.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { ensureWebBuilt } from '../../scripts/ensure-web.ts';

const MEASURE = join(import.meta.dirname, '../../scripts/measure-first-load.ts');

test('the JavaScript of the first load is within 200 KB of gzip', { timeout: 120_000 }, async (t) => {
  await ensureWebBuilt();
  const { stdout } = await promisify(execFile)(process.execPath, [MEASURE]);
  const { javascriptKilobytesGzip, limitKilobytesGzip, javascript } = JSON.parse(stdout);
  t.diagnostic(`${javascriptKilobytesGzip} KB in ${javascript.length} files`);
  assert.equal(limitKilobytesGzip, 200);
  assert.ok(javascript.length > 1 && javascriptKilobytesGzip <= limitKilobytesGzip);
});
