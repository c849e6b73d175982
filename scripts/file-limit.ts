// Loaded into each test file by scripts/test.ts (`--import`): ends a file that does not end by itself, so that it fails under
// its own name and does not hang the suite. Says what keeps it, as far as the runtime knows; the native WebRTC library does
// not show itself there.
import { writeSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

const MINUTES = { long: 90, other: 10 };
const STDERR = 2;

/** Not in the runner itself, nor in programs and threads that a test starts. */
const file = /[^/]+\.(test|lab|e2e|long)\.ts$/.exec(process.argv[1] ?? '');
if (file && isMainThread && process.env['NODE_TEST_CONTEXT'] !== undefined) limit(file[0], file[1] === 'long');

function limit(name: string, isLong: boolean): void {
  const minutes = isLong ? MINUTES.long : MINUTES.other;
  const timer = setTimeout(() => {
    const resources = process.getActiveResourcesInfo().join(', ') || 'nothing that shows';
    writeSync(STDERR, `\n!! ${name} has not ended within ${minutes} minutes; what keeps it: ${resources}\n`);
    process.exit(1);
  }, minutes * 60_000);
  timer.unref();
}
