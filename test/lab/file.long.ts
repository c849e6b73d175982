// 5 GiB from one branch to another, with both nodes and both clients restarted in the middle. Prints its figures; those of the whole size
// go to docs/measured/file.md. CANOPY_FILE_MIB makes it smaller.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileJourney } from './file-journey.ts';

const WHOLE = 5 * 1024;
const MEGABYTES = Number(process.env['CANOPY_FILE_MIB'] ?? WHOLE);
const LIMIT = { timeout: 3_600_000 };
const PAGE = join(import.meta.dirname, '../../docs/measured/file.md');
/** Kilobits a second: faster than two processors bring it, so that much is on the line at each restart. */
const LINE = 2_000_000;

test('5 GiB arrive whole whatever is restarted on their way', LIMIT, async (t) => {
  const journey = await fileJourney(MEGABYTES, LINE);
  t.diagnostic(JSON.stringify(journey));
  assert.equal(journey.received, journey.sent);
  assert.equal(journey.secondReceived, journey.sent);
  assert.equal(journey.second, 0);
  assert.equal(journey.fetched, journey.chunks);
  const [cutAt = 0] = journey.at;
  assert.ok(cutAt > 0 && cutAt < journey.chunks, `the restart met ${cutAt} chunks of ${journey.chunks}`);
  // A node that stops in order lets what is on the line arrive.
  assert.equal(journey.served, journey.chunks);
  if (MEGABYTES >= WHOLE) await writeFile(PAGE, pageOf(journey));
});

function pageOf(journey: Awaited<ReturnType<typeof fileJourney>>): string {
  const rate = (seconds: number): string => `${Math.round(MEGABYTES / seconds)} MiB/s`;
  const again = journey.served - journey.chunks;
  return [
    '# 5 GiB from branch to branch',
    '',
    `Written by \`test/lab/file.long.ts\`: four realms and both clients in one process, on loopback, with ${LINE / 1000} Mbit/s between the branches; both nodes and both clients restarted on the way.`,
    '',
    '| what | measured |',
    '|---|---|',
    `| upload, with a restart of client and node | ${journey.uploadSeconds.toFixed(1)} s, ${rate(journey.uploadSeconds)} |`,
    `| message to the last byte at the reader, with three restarts | ${journey.downloadSeconds.toFixed(1)} s, ${rate(journey.downloadSeconds)} |`,
    `| chunks of the file; sent by kyiv; sent twice | ${journey.chunks}; ${journey.served}; ${again} |`,
    `| chunks that came for a second reader in lviv | ${journey.second} |`,
    '',
  ].join('\n');
}
