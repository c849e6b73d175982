// A folder that is gone after the test. What writes into it must have stopped by then.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

export async function temporaryFolder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'canopy-test-'));
  t.after(() => rm(path, { recursive: true, force: true }));
  return path;
}
