// Half an hour of churn leaves nothing behind: in the last third the programs that ran all the time hold what they held in
// the first, give or take a tenth and 10 MB of heap, and no more handles, whose count moves within bounds and does not rise.
// CANOPY_SOAK_MINUTES makes it shorter or longer;
// what was measured in less than half an hour is not kept in docs/measured/soak.md.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Sample, Soak } from './soak.ts';
import { type Comparison, compareThirds, hasGrown, soakLines } from './soak-thirds.ts';

const PAGE = join(import.meta.dirname, '../../docs/measured/soak.md');
const HALF_AN_HOUR = 30;
const MINUTE = 60_000;
const MEGABYTE = 1_000_000;

const minutes = Number(process.env['CANOPY_SOAK_MINUTES'] ?? HALF_AN_HOUR);
/** A short run still needs three samples. */
const acts = minutes < HALF_AN_HOUR / 2 ? 2 : 8;

let soak: Soak | undefined;
let comparisons: readonly Comparison[] = [];

before(async () => void (soak = await Soak.create()), { timeout: 6 * MINUTE });
after(
  async () => {
    await soak?.stop();
    console.log(soakLines(comparisons).join('\n'));
  },
  { timeout: MINUTE },
);

test(`${minutes} minutes of churn: nothing lost or doubled`, { timeout: (minutes + 10) * MINUTE }, async (t) => {
  assert.ok(soak);
  await soak.live(minutes, acts, (line) => {
    t.diagnostic(line);
    process.stderr.write(`${line}\n`);
  });
  for (const { name, lost, doubled } of soak.accounts) {
    assert.equal(lost, 0, name);
    assert.equal(doubled, 0, name);
  }
  comparisons = compareThirds(soak.samples);
  if (minutes >= HALF_AN_HOUR) await writeFile(PAGE, page(soak.samples, soak.accounts.length));
});

test('what the programs hold does not grow', () => {
  assert.ok(comparisons.length > 0);
  for (const { program, first, last } of comparisons) {
    const limit = first.heapUsed * 1.1 + 10 * MEGABYTE;
    assert.ok(last.heapUsed <= limit, `heap of ${program}: ${first.heapUsed}, then ${last.heapUsed}`);
    const grown = Object.entries(last.handles).filter(([kind, range]) => hasGrown(first.handles[kind], range));
    assert.deepEqual(grown, [], `handles of ${program}: ${JSON.stringify([first.handles, last.handles])}`);
    assert.ok(!hasGrown(first.sockets, last.sockets), `sockets of ${program}: ${JSON.stringify([first, last])}`);
  }
});

function page(samples: readonly Sample[], count: number): string {
  const rounds = samples.length / comparisons.length;
  return `# Soak

${minutes} minutes with ${count} disturbances (those of disturbances.md that leave region, enterprise and the first branch running; the other branch's relay and node killed; a third branch, people and strangers who come and go) and a message each 100 ms each
way. After each ${acts} of them everything rests for 45 s, and what six programs hold after a forced collection is read: ${rounds} times. The table has the medians of the first and the last third; of handles and sockets it has the fewest and the most of each third. ${new Date().toISOString().slice(0, 10)}, by
\`npm run test:long -- test/lab/soak.long.ts\`.

${soakLines(comparisons).join('\n')}

WebRTC's own growth is measured apart: webrtc-growth.md.
`;
}
