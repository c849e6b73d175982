// The first and the last third of a soak beside each other.
import { median } from './nat-matrix.ts';
import type { Holding } from './probe.ts';
import type { Sample } from './soak.ts';

/** The fewest and the most of some samples. */
export interface Range {
  readonly least: number;
  readonly most: number;
}

export interface Third extends Pick<Holding, 'heapUsed' | 'external' | 'rss'> {
  readonly handles: Readonly<Record<string, Range>>;
  readonly sockets: Range;
}

export interface Comparison {
  readonly program: string;
  readonly first: Third;
  readonly last: Third;
}

/** Timers come and go with what is due; they are no handles of the system. */
const NOT_COUNTED = ['Timeout', 'Immediate'];

export function compareThirds(samples: readonly Sample[]): Comparison[] {
  const programs = [...new Set(samples.map(({ program }) => program))];
  return programs.map((program) => {
    const own = samples.filter((sample) => sample.program === program);
    const size = Math.ceil(own.length / 3);
    return { program, first: summary(own.slice(0, size)), last: summary(own.slice(-size)) };
  });
}

/**
 * Medians of memory. What is counted moves within bounds: of two nodes that need each other at the same time one dials or both do, and
 * either connection stays while somebody uses it.
 */
function summary(samples: readonly Sample[]): Third {
  const middle = (of: (sample: Sample) => number): number => median(samples.map(of));
  const range = (of: (sample: Sample) => number): Range => {
    const counts = samples.map(of);
    return { least: Math.min(...counts), most: Math.max(...counts) };
  };
  const kinds = [...new Set(samples.flatMap(({ handles }) => Object.keys(handles)))].sort();
  const counted = kinds.filter((kind) => !NOT_COUNTED.includes(kind));
  return {
    heapUsed: middle(({ heapUsed }) => heapUsed),
    external: middle(({ external }) => external),
    rss: middle(({ rss }) => rss),
    handles: Object.fromEntries(counted.map((kind) => [kind, range(({ handles }) => handles[kind] ?? 0)])),
    sockets: range(({ sockets }) => sockets),
  };
}

/** A leak: at the end there are never as few as there once were at most in the beginning. */
export function hasGrown(first: Range | undefined, last: Range): boolean {
  return last.least > (first?.most ?? 0);
}

export function soakLines(comparisons: readonly Comparison[]): string[] {
  const both = (one: number | string, other: number | string) => `${one} | ${other}`;
  const mega = (bytes: number) => Math.round(bytes / 100_000) / 10;
  const told = ({ least, most }: Range) => (least === most ? `${least}` : `${least} to ${most}`);
  const handles = ({ handles }: Third) => {
    const ranges = Object.values(handles);
    const sum = (of: (range: Range) => number) => ranges.reduce((all, range) => all + of(range), 0);
    return told({ least: sum(({ least }) => least), most: sum(({ most }) => most) });
  };
  return [
    '| program | heap, MB | at the end | external, MB | at the end | resident, MB | at the end | handles | at the end | sockets | at the end |',
    '|---|---|---|---|---|---|---|---|---|---|---|',
    ...comparisons.map(
      ({ program, first, last }) =>
        `| ${program} | ${both(mega(first.heapUsed), mega(last.heapUsed))} | ${both(mega(first.external), mega(last.external))} | ${both(mega(first.rss), mega(last.rss))} | ${both(handles(first), handles(last))} | ${both(told(first.sockets), told(last.sockets))} |`,
    ),
  ];
}
