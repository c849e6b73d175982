// What the node shows to Prometheus and to whoever asks whether it is ready.
import { Metrics } from '../src/metrics/metrics.ts';
import { MetricsServer } from '../src/metrics/metrics-server.ts';
import type { Ground } from './ground.ts';
import type { HealthCheck } from './lan/components.ts';
import { type NodeMetricsParts, nodeMetrics } from './metrics/node-metrics.ts';

export type ShownParts = Omit<NodeMetricsParts, 'identity' | 'clock' | 'events'>;

/** A part that counts (`counters` only grow) or holds something (`gauges`). */
export interface CountedPart {
  counters?(): Readonly<Record<string, number>>;
  gauges?(): Readonly<Record<string, number>>;
}

export function openMetrics(
  ground: Ground,
  parts: ShownParts,
  checks: () => Promise<readonly HealthCheck[]>,
  counted: Readonly<Record<string, CountedPart>>,
): MetricsServer {
  const { realm, identity, clock, audit, settings, log } = ground;
  const metrics = new Metrics({ realm: realm.realm, tier: identity.tier });
  metrics.add(nodeMetrics({ ...parts, identity, clock, events: () => audit.counts }));
  for (const [name, part] of Object.entries(counted)) {
    metrics.addCounters(name, () => part.counters?.() ?? {});
    metrics.addGauges(name, () => part.gauges?.() ?? {});
  }
  return new MetricsServer({ listen: settings.metrics.node, metrics, checks, log });
}
