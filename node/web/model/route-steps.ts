// The path of a message as people read it: who, through which programs, how the two relays were joined.
import type { Message, Route, WayLeg, WayStep } from '../../../src/client/client.ts';
import type { Wording } from './wording.ts';

export interface RouteStep {
  readonly kind: 'person' | 'node' | 'relay';
  readonly label: string;
  /** Which process of which host: for those who want to know. */
  readonly detail?: string;
}

export function pathText(words: Wording, route: Route): string {
  switch (route.kind) {
    case 'local':
      return words.t('route.inside', { realm: route.hops[0]?.realm ?? '' });
    case 'direct-tcp':
      return words.t('route.directTcp');
    case 'direct-webrtc':
      return words.t('route.directWebrtc');
    case 'relayed':
      return route.via === undefined ? words.t('route.relayedUnknown') : words.t('route.relayed', { via: route.via });
    case 'custody':
      return route.via === undefined ? words.t('route.custodyUnknown') : words.t('route.custody', { via: route.via });
  }
}

/** From the sender to the recipient; `from` and `to` are their names. */
export function routeSteps(words: Wording, route: Route, from: string, to: string): readonly RouteStep[] {
  const hops = route.hops.map(
    (hop): RouteStep => ({
      kind: hop.role,
      label: `${words.t(hop.role === 'node' ? 'route.node' : 'route.relay')} ${hop.realm}`,
      detail: `${hop.pid} · …${hop.peerId.slice(-8)}`,
    }),
  );
  return [{ kind: 'person', label: from }, ...hops, { kind: 'person', label: to }];
}

/** One step of the way in words, with its time. */
export interface TimedStep {
  readonly at: string;
  readonly text: string;
}

const STEP_TEXTS = {
  accepted: 'route.accepted',
  held: 'route.held',
  passed: 'route.passed',
  arrived: 'route.arrived',
  delivered: 'route.delivered',
  read: 'route.read',
  failed: 'route.failedStep',
} as const satisfies Record<WayStep['kind'], string>;

export function timedSteps(words: Wording, leg: WayLeg, now: number): readonly TimedStep[] {
  return leg.steps.map(({ kind, realm, at }) => ({
    at: words.moment(at, now),
    text: words.t(STEP_TEXTS[kind], { realm }),
  }));
}

/** Where it waits and why; undefined while nothing is in its way. */
export function stuckText(words: Wording, { stuck, realm: destination }: WayLeg, now: number): string | undefined {
  if (!stuck) return undefined;
  const { realm, next = destination, code, since } = stuck;
  const why = words.t(reasonOf(code), { next, code });
  return since === undefined
    ? words.t('route.stuck', { realm, why })
    : words.t('route.stuckSince', { realm, time: words.moment(since, now), why });
}

/** Codes of what cannot be reached, as against what was reached and said no. */
const AWAY = new Set([
  'no-path',
  'realm-unreachable',
  'timeout',
  'node-away',
  'stream-failed',
  'ack-missing',
  'unreachable',
]);

function reasonOf(code: string) {
  if (code === 'frozen') return 'route.whyFrozen';
  if (code.endsWith('-full')) return 'route.whyFull';
  return AWAY.has(code) ? 'route.whyAway' : 'route.whyRefused';
}

/** Milliseconds after which a message that arrives is told to be late. */
const LATE = 10 * 60_000;

/** When a message of somebody else arrived, if that was long after it was sent. */
export function lateArrival(message: Pick<Message, 'mine' | 'stamp' | 'arrivedAt'>): number | undefined {
  const { mine, stamp, arrivedAt } = message;
  if (mine || !stamp || arrivedAt === undefined || arrivedAt - stamp.ms < LATE) return undefined;
  return arrivedAt;
}
