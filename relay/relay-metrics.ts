// What a relay tells Prometheus: the same figures that its control socket shows, and the security events by their reason.

import type { Metric, Sample } from '../src/metrics/metrics.ts';
import type { OverlayAudit } from '../src/overlay/audit.ts';
import type { PlacesReport } from '../src/overlay/shares/fair-places.ts';
import { RELEASE } from '../src/settings/release.ts';
import type { RelayStatus } from './relay.ts';

/** Reasons are words of ours and few; should they ever not be, the rest is counted together. */
const MAX_REASONS = 256;

/** Counts security events on their way to the log. */
export class EventCount {
  readonly #counts = new Map<string, Sample & { value: number }>();

  /** An audit that counts, and hands on. */
  counting(audit: OverlayAudit): OverlayAudit {
    return (event) => {
      const { code, reason, suppressed = 0 } = event;
      const name = `${code} ${reason}`;
      const known = this.#counts.get(name);
      if (known) known.value += 1 + suppressed;
      else if (this.#counts.size < MAX_REASONS) {
        this.#counts.set(name, { labels: { code, reason }, value: 1 + suppressed });
      }
      audit(event);
    };
  }

  samples(): readonly Sample[] {
    return [...this.#counts.values()];
  }
}

export function relayMetrics(status: () => RelayStatus, events: EventCount): readonly Metric[] {
  return [
    {
      name: 'build_info',
      help: 'Always 1; the release is a label.',
      kind: 'gauge',
      labels: ['version'],
      read: () => [{ labels: { version: RELEASE }, value: 1 }],
    },
    ...figures(status),
    ...shares(status),
    {
      name: 'relay_links',
      help: 'Links to the relays of other realms by the kind of their path.',
      kind: 'gauge',
      labels: ['kind'],
      read: () => linksByKind(status()),
    },
    {
      name: 'security_events_total',
      help: 'Security events by their code and reason.',
      kind: 'counter',
      labels: ['code', 'reason'],
      read: () => events.samples(),
    },
  ];
}

function figures(status: () => RelayStatus): Metric[] {
  const figure = (name: string, help: string, read: (from: RelayStatus) => number): Metric => ({
    name,
    help,
    kind: name.endsWith('_total') ? 'counter' : 'gauge',
    read: () => [{ value: read(status()) }],
  });
  return [
    figure('relay_node_connected', '1 while the node of this realm is connected.', ({ node }) => (node ? 1 : 0)),
    figure('relay_forwarded_streams', 'Streams between nodes that pass now.', ({ forwarded }) => forwarded),
    figure('relay_refused_streams_total', 'Streams between nodes that were refused.', ({ refused }) => refused),
    figure('relay_pipes', 'TCP connections for bulk that are joined here now.', ({ pipes }) => pipes),
    figure('relay_circuits', 'Circuits of other relays that pass now.', ({ circuits }) => circuits),
  ];
}

function shares(status: () => RelayStatus): Metric[] {
  const places = (name: string, help: string, of: (report: PlacesReport) => number): Metric => ({
    name,
    help,
    kind: name.endsWith('_total') ? 'counter' : 'gauge',
    labels: ['what'],
    read: () => Object.entries(status().places).map(([what, report]) => ({ labels: { what }, value: of(report) })),
  });
  return [
    places('relay_places', 'Places of the relay that are taken now, by what they are for.', ({ taken }) => taken),
    places('relay_places_most', 'Places of the relay that there are.', ({ most }) => most),
    places('relay_places_refused_total', 'Who found no place.', ({ refused }) => refused),
    places('relay_places_ended_total', 'Who left a place to a realm whose side had fewer.', ({ ended }) => ended),
    {
      name: 'relay_too_often_total',
      help: 'Requests that came faster than they are taken.',
      kind: 'counter',
      labels: ['what'],
      read: () => Object.entries(status().tooOften).map(([what, value]) => ({ labels: { what }, value })),
    },
  ];
}

function linksByKind({ links }: RelayStatus): Sample[] {
  const kinds = Map.groupBy(links, ({ kind }) => kind);
  return [...kinds].map(([kind, of]) => ({ labels: { kind }, value: of.length }));
}
