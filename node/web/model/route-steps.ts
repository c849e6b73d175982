// The path of a message as people read it: who, through which programs, how the two relays were joined.
import type { Route } from '../../../src/client/client.ts';
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
