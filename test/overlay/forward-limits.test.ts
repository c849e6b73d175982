// What an operator lets links carry.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LinkLimits } from '../../src/overlay/forward/limits.ts';
import { LIGHT } from '../../src/overlay/forward/weights.ts';
import { parseRealmName } from '../../src/realm/names.ts';
import { parseLinkLimit } from '../../src/settings/link-limit.ts';

const LVIV = parseRealmName('lviv.acme.ua');
const ODESA = parseRealmName('odesa.acme.ua');

class TestClock {
  now = 0;
  monotonic = (): number => this.now;
}

function limitsOf(clock: TestClock, ...lines: string[]): LinkLimits {
  return new LinkLimits(clock, lines.map(parseLinkLimit));
}

/** Bytes that a stream passes in so many milliseconds when it waits as it is told. */
function passedIn(clock: TestClock, milliseconds: number, toll: (bytes: number) => number): number {
  let passed = 0;
  for (const end = clock.now + milliseconds; clock.now < end; ) {
    passed += 1_000;
    clock.now += Math.max(toll(1_000), 0.01);
  }
  return passed;
}

test('bulk keeps to its limit, and interactive streams know none', () => {
  const clock = new TestClock();
  const limits = limitsOf(clock, 'lviv.acme.ua bulk 800');
  const tolls = limits.tolls(LVIV, 'bulk');
  const passed = passedIn(clock, 10_000, tolls.out);
  assert.ok(passed > 950_000 && passed < 1_050_000, `${passed} bytes in 10 s of 100 kB/s`);
  assert.equal(limits.tolls(LVIV, 'interactive').out(100_000), 0);
  assert.equal(limits.tolls(ODESA, 'bulk').out(100_000_000), 0);
});

test('both ways are counted apart, and links to several realms share what the wan has', () => {
  const clock = new TestClock();
  const limits = limitsOf(clock, 'wan all 8');
  assert.ok((limits.tolls(LVIV, 'bulk').out(1_000) ?? 0) > 900);
  assert.ok((limits.tolls(ODESA, 'bulk').out(1) ?? 0) > 900);
  assert.equal(limits.tolls(ODESA, 'bulk').in(10), 0);
});

test('what text carries, bulk leaves out; text itself waits only for a second of its own', () => {
  const clock = new TestClock();
  const limits = limitsOf(clock, 'wan all 80');
  const [text, bulk] = [limits.tolls(LVIV, 'interactive'), limits.tolls(LVIV, 'bulk')];
  assert.equal(text.out(5_000), 0);
  assert.ok((bulk.out(1) ?? 0) > 400);
  assert.ok((text.out(20_000) ?? 0) > 1_000);
});

test('files that go as text are treated as bulk, and text is text again when they are through', () => {
  const clock = new TestClock();
  const limits = limitsOf(clock, 'lviv.acme.ua bulk 800');
  const streams = [1, 2, 3].map(() => limits.tolls(LVIV, 'interactive'));
  const [text] = streams;
  assert.ok(text);
  const before = clock.now;
  for (let passed = 0; passed <= LIGHT.burst; passed += 3 * 65_536)
    for (const { out } of streams) assert.equal(out(65_536), 0);
  assert.equal(clock.now, before);
  assert.equal(text.out.isHeavy?.(), true);
  assert.equal(text.in.isHeavy?.(), false);
  assert.equal(limits.tolls(ODESA, 'interactive').out.isHeavy?.(), false);
  assert.ok(text.out(65_536) > 500, 'waits as bulk does');
  const passed = passedIn(clock, 20_000, text.out);
  assert.ok(passed < 20 * (LIGHT.rate + 150_000), `${passed} bytes in 20 s`);
  clock.now += 20_000;
  assert.equal(text.out.isHeavy?.(), false);
  assert.equal(text.out(65_536), 0);
});

test('limits that are none are refused with a word on how to write one', () => {
  assert.deepEqual(parseLinkLimit('wan bulk 20000'), { where: 'wan', class: 'bulk', kbit: 20_000 });
  for (const text of ['', 'wan', 'wan bulk', 'wan bulk 0', 'wan text 5', 'WAN bulk 5', 'a..b all 5', 'wan all 5 6']) {
    assert.throws(() => parseLinkLimit(text), { code: 'bad-limit' }, text);
  }
});
