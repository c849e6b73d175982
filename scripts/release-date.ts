// `node scripts/release-date.ts` writes today into src/settings/built.ts, from where hosts with an empty battery have their earliest
// time. A wrong day in it would be a wrong clock for everybody, so today has to fit what the tree itself knows: the days on which the
// figures in docs/measured were taken.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '..');
const FILE = join(ROOT, 'src/settings/built.ts');
const LINE = /Date\.UTC\(\d+, \d+, \d+\)/;
const DAY = 24 * 60 * 60 * 1000;
/** So long a tree may be without a release or a measurement. */
const LONGEST = 400 * DAY;
const MEASURED = 'docs/measured';

/** The newest day that a result names, milliseconds since 1970. */
export function newestMeasured(folder = join(ROOT, MEASURED)): number {
  const texts = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
  const days = texts.flatMap((text) => text.match(/\b20\d\d-\d\d-\d\d\b/g) ?? []).map((day) => Date.parse(day));
  return Math.max(0, ...days.filter((time) => !Number.isNaN(time)));
}

/** Why `built` cannot be right; undefined when it can. `slack`: how far it may lie behind, milliseconds. */
export function objectionTo(built: number, measured: number, slack = 0): string | undefined {
  const day = (time: number): string => new Date(time).toISOString().slice(0, 10);
  if (built + slack < measured)
    return `${day(built)} is before ${day(measured)}, when something in ${MEASURED} was measured`;
  if (built > measured + LONGEST)
    return `${day(built)} is more than ${LONGEST / DAY} days after anything in ${MEASURED}`;
  return undefined;
}

/** The text of src/settings/built.ts with another day in it. */
export function withDay(text: string, time: number): string {
  if (!LINE.test(text)) throw new Error('src/settings/built.ts has no line that could be written');
  const date = new Date(time);
  return text.replace(LINE, `Date.UTC(${date.getUTCFullYear()}, ${date.getUTCMonth()}, ${date.getUTCDate()})`);
}

if (import.meta.main) {
  const today = Math.floor(Date.now() / DAY) * DAY;
  const objection = objectionTo(today, newestMeasured());
  if (objection) throw new Error(`Not written: ${objection}. Is the clock of this host right?`);
  writeFileSync(FILE, withDay(readFileSync(FILE, 'utf8'), today));
  console.log(`src/settings/built.ts says ${new Date(today).toISOString().slice(0, 10)}`);
}
