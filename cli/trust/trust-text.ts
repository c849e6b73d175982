// How trusts are told on a screen and as JSON.

import type { TrustRow } from '../../node/admin/trust-api.ts';
import { tableLines } from '../table.ts';
import { asDay, asTime } from '../times.ts';

const ARROWS = { both: '<->', outward: '-->', inward: '<--' } as const;
const SHORT_ID = 8;

export function trustTable(trusts: readonly TrustRow[]): string[] {
  const rows = trusts.map((trust) => [
    trust.id.slice(0, SHORT_ID),
    `${ARROWS[trust.direction]} ${trust.realm}`,
    trust.untold ? `${trust.state}, not told yet` : trust.state,
    asDay(trust.until),
    whoOf(trust.ours),
    whoOf(trust.theirs),
  ]);
  return tableLines(['ID', 'REALM', 'STATE', 'UNTIL', 'OUR PEOPLE', 'THEIRS'], rows);
}

export function describeTrust(trust: TrustRow): string[] {
  const { realm, direction, ours, theirs, presence, removedBy } = trust;
  const ways = {
    both: `both sides may write`,
    outward: `this realm may write to ${realm}, not the other way`,
    inward: `${realm} may write to this realm, not the other way`,
  };
  return [
    `  who may write:   ${ways[direction]}`,
    `  our people:      ${whoOf(ours)}`,
    `  their people:    ${whoOf(theirs)}`,
    `  who is online:   ${presence ? 'seen by both sides' : 'not shown'}`,
    `  until:           ${asTime(trust.until)}`,
    ...(removedBy ? [`  removed by:      ${removedBy}`] : []),
  ];
}

/** Times as RFC 3339. */
export function trustJson({ from, until, removedAt, ...trust }: TrustRow): object {
  return {
    ...trust,
    from: asTime(from),
    until: asTime(until),
    ...(removedAt === undefined ? {} : { removedAt: asTime(removedAt) }),
  };
}

const whoOf = (people: readonly string[]): string => (people.length === 0 ? 'everybody' : people.join(', '));
