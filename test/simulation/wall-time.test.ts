// What runs above the seam takes time and chance from what it is given: else no seed could replay it.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { test } from 'node:test';

const ROOT = join(import.meta.dirname, '..', '..');

/** What the simulation runs. */
const ABOVE = [
  'node/conversations',
  'node/custody',
  'node/delivery',
  'node/ledger',
  'node/presence',
  'src/overlay/location',
  'src/overlay/links/supervisor.ts',
  'src/protocols',
];
const WALL =
  /AbortSignal\.timeout|Date\.now|\bset(Timeout|Immediate|Interval)\b|Math\.random|randomUUID|randomBytes\(|getRandomValues|performance\.now/;
/** The value of a part that may be passed in, and is not. */
const DEFAULT = / \?\? /;

function sources(place: string): string[] {
  if (place.endsWith('.ts')) return [join(ROOT, place)];
  return readdirSync(join(ROOT, place), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name));
}

test('nothing above the seam looks at the wall clock or throws dice of its own', () => {
  const files = ABOVE.flatMap(sources);
  assert.ok(files.length > 80);
  const found = files.flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => WALL.test(line) && !DEFAULT.test(line))
      .map((line) => `${relative(ROOT, file)}: ${line.trim()}`),
  );
  assert.deepEqual(found, []);
});
