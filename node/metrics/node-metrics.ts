// What a node tells Prometheus: the same figures that `canopy status` shows, and the counters of its parts.

import type { Metric, Sample } from '../../src/metrics/metrics.ts';
import type { PathReport } from '../../src/overlay/seam.ts';
import { parseCertificate } from '../../src/pki/certificate.ts';
import type { Clock } from '../../src/realm/clock.ts';
import { RELEASE } from '../../src/settings/release.ts';
import type { QueueReport } from '../delivery/delivery.ts';
import type { StatusParts } from '../node-status.ts';

export interface NodeMetricsParts
  extends Pick<StatusParts, 'identity' | 'overlay' | 'delivery' | 'accounts' | 'presence' | 'ledger'> {
  readonly clock: Pick<Clock, 'now'>;
  /** Audited events by their code, since the start. */
  readonly events: () => ReadonlyMap<string, number>;
}

const SECOND = 1000;

export function nodeMetrics(parts: NodeMetricsParts): readonly Metric[] {
  return [...ownMetrics(parts), ...pathMetrics(parts), ...queueMetrics(parts)];
}

function ownMetrics({ identity, overlay, accounts, presence, ledger, clock, events }: NodeMetricsParts): Metric[] {
  return [
    gauge('build_info', 'Always 1; the release is a label.', () => [{ labels: { version: RELEASE }, value: 1 }], [
      'version',
    ]),
    gauge('uplink_connected', '1 while the own relay is connected.', () => one(overlay.relay.connected ? 1 : 0)),
    gauge('certificate_remaining_seconds', "Until the node's certificate ends.", () => {
      const [leaf] = identity.chain;
      return one(leaf ? (parseCertificate(leaf).notAfter - clock.now()) / SECOND : 0);
    }),
    gauge('users', 'Accounts of this realm.', () => one(accounts.list().length)),
    gauge('users_online', 'Users of this realm with a live session.', () => one(presence.online)),
    gauge('realms_known', 'Realms that the ledger knows as certified.', () => one(ledger.realms().length)),
    {
      name: 'events_total',
      help: 'Audited events by their code.',
      kind: 'counter',
      labels: ['code'],
      read: () => [...events()].map(([code, value]) => ({ labels: { code }, value })),
    },
  ];
}

function pathMetrics({ overlay }: NodeMetricsParts): Metric[] {
  const each = (read: (report: PathReport) => Sample | undefined) => (): Sample[] =>
    overlay.paths().flatMap((report) => read(report) ?? []);
  return [
    gauge(
      'path_usable',
      '1 when a way leads to the realm now; its kind is a label.',
      each(({ realm, kind }) => ({ labels: { realm, kind }, value: kind === 'unreachable' ? 0 : 1 })),
      ['realm', 'kind'],
    ),
    gauge(
      'path_round_trip_seconds',
      'Of the last echo on the link to the realm.',
      each(({ realm, rtt }) => (rtt === undefined ? undefined : { labels: { realm }, value: rtt / SECOND })),
      ['realm'],
    ),
  ];
}

function queueMetrics({ delivery, clock }: NodeMetricsParts): Metric[] {
  const each = (read: (queue: QueueReport) => number) => async (): Promise<Sample[]> =>
    (await delivery.queues()).map((queue) => ({ labels: { realm: queue.realm }, value: read(queue) }));
  return [
    gauge(
      'outbox_messages',
      'Messages that the realm has not acknowledged.',
      each(({ depth }) => depth),
      ['realm'],
    ),
    gauge(
      'outbox_oldest_seconds',
      'Age of the oldest of them.',
      each(({ oldest }) => (oldest === undefined ? 0 : (clock.now() - oldest) / SECOND)),
      ['realm'],
    ),
  ];
}

function gauge(name: string, help: string, read: Metric['read'], labels: readonly string[] = []): Metric {
  return { name, help, kind: 'gauge', labels, read };
}

function one(value: number): Sample[] {
  return [{ value }];
}
