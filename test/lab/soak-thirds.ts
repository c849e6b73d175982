// The first and the last third of a soak beside each other.
import { median } from './nat-matrix.ts';
import type { Holding } from './probe.ts';
import type { Sample } from './soak.ts';

export type Third = Pick<Holding, 'heapUsed' | 'external' | 'rss' | 'handles' | 'sockets' | 'files'>;

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

/** Medians of memory; of what is counted the fewest, since something may just be under way. */
function summary(samples: readonly Sample[]): Third {
  const middle = (of: (sample: Sample) => number): number => median(samples.map(of));
  const least = (of: (sample: Sample) => number): number => Math.min(...samples.map(of));
  const kinds = [...new Set(samples.flatMap(({ handles }) => Object.keys(handles)))].sort();
  const counted = kinds.filter((kind) => !NOT_COUNTED.includes(kind));
  const counts = counted.map((kind): [string, number] => [kind, least(({ handles }) => handles[kind] ?? 0)]);
  return {
    heapUsed: middle(({ heapUsed }) => heapUsed),
    external: middle(({ external }) => external),
    rss: middle(({ rss }) => rss),
    handles: Object.fromEntries(counts.filter(([, count]) => count > 0)),
    sockets: least(({ sockets }) => sockets),
    files: least(({ files }) => files),
  };
}

export function soakLines(comparisons: readonly Comparison[]): string[] {
  const both = (one: number, other: number) => `${one} | ${other}`;
  const mega = (bytes: number) => Math.round(bytes / 100_000) / 10;
  const handles = ({ handles }: Third) => Object.values(handles).reduce((sum, count) => sum + count, 0);
  return [
    '| program | heap, MB | at the end | external, MB | at the end | resident, MB | at the end | handles | at the end | sockets | at the end |',
    '|---|---|---|---|---|---|---|---|---|---|---|',
    ...comparisons.map(
      ({ program, first, last }) =>
        `| ${program} | ${both(mega(first.heapUsed), mega(last.heapUsed))} | ${both(mega(first.external), mega(last.external))} | ${both(mega(first.rss), mega(last.rss))} | ${both(handles(first), handles(last))} | ${both(first.sockets, last.sockets)} |`,
    ),
  ];
}
