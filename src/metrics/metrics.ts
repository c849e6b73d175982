// The metrics of one program, in the form that Prometheus reads. Values are read when somebody asks, from the parts that
// hold them; nothing here counts by itself, but for what prom-client tells of the process. Labels name realms, codes and
// kinds, never users.
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';

/** One value, with its labels. */
export interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Metric {
  /** Without the prefix `canopy_`; a counter's ends in `_total`. */
  readonly name: string;
  readonly help: string;
  readonly kind: 'gauge' | 'counter';
  readonly labels?: readonly string[];
  read(): readonly Sample[] | Promise<readonly Sample[]>;
}

/** Plain numbers of a part, by their names in camelCase. */
export type Numbers = () => Readonly<Record<string, number>>;

const PREFIX = 'canopy_';

export class Metrics {
  readonly #registry = new Registry();

  constructor(labels: Readonly<Record<string, string>>) {
    this.#registry.setDefaultLabels(labels);
    collectDefaultMetrics({ register: this.#registry });
  }

  add(metrics: readonly Metric[]): void {
    for (const metric of metrics) this.#add(metric);
  }

  /** What only grows: `setAside` becomes `canopy_PART_set_aside_total`. The names are those that the part has at this moment. */
  addCounters(part: string, counters: Numbers): void {
    this.add(
      Object.keys(counters()).map((key) => ({
        name: `${part}_${snakeCase(key)}_total`,
        help: `${words(key)}, counted by ${part} since the start.`,
        kind: 'counter',
        read: () => [{ value: counters()[key] ?? 0 }],
      })),
    );
  }

  /** What is so now: `inForce` becomes `canopy_PART_in_force`. */
  addGauges(part: string, gauges: Numbers): void {
    this.add(
      Object.keys(gauges()).map((key) => ({
        name: `${part}_${snakeCase(key)}`,
        help: `${words(key)} now, as ${part} knows it.`,
        kind: 'gauge',
        read: () => [{ value: gauges()[key] ?? 0 }],
      })),
    );
  }

  /** Format 0.0.4 of Prometheus' text. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  #add({ name, help, kind, labels = [], read }: Metric): void {
    const settings = {
      name: `${PREFIX}${name}`,
      help,
      labelNames: [...labels],
      registers: [],
    } satisfies MetricSettings;
    this.#registry.registerMetric(kind === 'gauge' ? gauge(settings, read) : counter(settings, read));
  }
}

interface MetricSettings {
  readonly name: string;
  readonly help: string;
  readonly labelNames: string[];
  /** None: the registry is told afterwards. */
  readonly registers: [];
}

function gauge(settings: MetricSettings, read: Metric['read']): Gauge {
  return new Gauge({
    ...settings,
    async collect() {
      const samples = await read();
      this.reset();
      for (const { labels, value } of samples) this.set({ ...labels }, value);
    },
  });
}

function counter(settings: MetricSettings, read: Metric['read']): Counter {
  return new Counter({
    ...settings,
    async collect() {
      const samples = await read();
      this.reset();
      for (const { labels, value } of samples) this.inc({ ...labels }, value);
    },
  });
}

function snakeCase(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function words(key: string): string {
  const text = snakeCase(key).replaceAll('_', ' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}
