// Many realms in one process, with everything that can go wrong: no rule is broken, and what is planted is found.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulateApart } from './own-process.ts';
import { PLANTED_BUGS } from './planted-bugs.ts';
import { simulate, type Verdict } from './run.ts';
import { shortWorld } from './scenario.ts';

const SEEDS = 200;

function report({ seed, violations }: Verdict): string {
  const broken = violations.map(({ rule, at, what }) => `  ${rule} at ${Math.round(at)} ms: ${what}`);
  return [`seed ${seed} breaks a rule. Replay: npm run simulate -- --seed ${seed} --log`, ...broken].join('\n');
}

test('a seed replays a run exactly, and another seed is another run', { timeout: 60_000 }, async () => {
  const [first, again, other] = [
    await simulate(shortWorld(7, { keepLog: true })),
    await simulate(shortWorld(7, { keepLog: true })),
    await simulate(shortWorld(8)),
  ];
  assert.deepEqual(again.lines, first.lines);
  assert.equal(again.hash, first.hash);
  assert.ok(first.lines.length > 1000, `${first.lines.length} lines`);
  assert.notEqual(other.hash, first.hash);
});

test(`${SEEDS} seeds of 8 realms break no rule`, { timeout: 400_000 }, async (t) => {
  const verdicts = await simulateApart(['--seeds', String(SEEDS)]);
  assert.equal(verdicts.length, SEEDS);
  const sum = { written: 0, crashes: 0, frames: 0 };
  for (const verdict of verdicts) {
    assert.equal(verdict.broken, 0, report(verdict));
    sum.written += verdict.written;
    sum.crashes += verdict.crashes;
    sum.frames += verdict.frames;
  }
  // A simulation in which nothing goes wrong would show nothing.
  assert.ok(sum.crashes > SEEDS && sum.written > 30 * SEEDS);
  t.diagnostic(`${sum.written} messages, ${sum.frames} frames, ${sum.crashes} crashes`);
});

for (const bug of PLANTED_BUGS) {
  test(`the planted bug "${bug}" is found within ${SEEDS} seeds`, { timeout: 400_000 }, async (t) => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { broken, violations } = await simulate(shortWorld(seed, { bug }));
      if (broken === 0) continue;
      t.diagnostic(`found by seed ${seed}: ${violations[0]?.rule}: ${violations[0]?.what}`);
      return;
    }
    assert.fail('not found');
  });
}
