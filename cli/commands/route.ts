// canopy route: where a message is, how it came there, and why it does not go on.

import type { Command } from 'commander';
import { askRoute, type MessageWay, type WayLeg, type WayStep } from '../../node/admin/route-api.ts';
import { type Cli, printJson, printLines } from '../cli.ts';
import { act, dirOption, jsonOption, makeCommand } from '../command.ts';
import { openAdmin } from '../open-admin.ts';
import { tableLines } from '../table.ts';
import { asTime } from '../times.ts';

interface RouteOptions {
  readonly dir: string;
  readonly json: boolean;
}

export function routeCommand(cli: Cli): Command {
  return makeCommand(cli, {
    name: 'route',
    summary: 'Tell the way of a message, step by step, and where it is stuck',
    details:
      "Ask at the node of the sender's branch: it knows most, and asks the realms between. The id is in the client's " +
      'details of a message and in "canopy chat --json". Contents are never shown; that you asked is in the audit log.',
    examples: [
      'canopy route 7f6f1d2e-52a4-4f0e-9d0b-7d3a5b1c9e11 --dir /srv/kyiv',
      'canopy route 7f6f1d2e-52a4-4f0e-9d0b-7d3a5b1c9e11 --json --dir /srv/kyiv',
    ],
  })
    .argument('<id>', 'id of the message')
    .addOption(dirOption(cli))
    .addOption(jsonOption())
    .action(act('the way of the message is not known', (id: string, options: RouteOptions) => route(cli, id, options)));
}

async function route(cli: Cli, id: string, options: RouteOptions): Promise<void> {
  const way = await askRoute(await openAdmin(options.dir), id);
  if (options.json) printJson(cli, timed(way));
  else printLines(cli, routeLines(way));
}

/** Times as RFC 3339. */
function timed({ id, sender, legs }: MessageWay): object {
  return {
    id,
    sender,
    legs: legs.map(({ at, steps, stuck, ...leg }) => ({
      ...leg,
      ...(at !== undefined && { at: asTime(at) }),
      steps: steps.map((step) => ({ ...step, at: asTime(step.at) })),
      ...(stuck && { stuck: { ...stuck, ...(stuck.since !== undefined && { since: asTime(stuck.since) }) } }),
    })),
  };
}

export function routeLines({ id, sender, legs }: MessageWay): string[] {
  return [`message ${id} of ${sender}`, ...legs.flatMap((leg) => ['', ...legLines(leg)])];
}

function legLines(leg: WayLeg): string[] {
  const rows = leg.steps.map((step) => ['  ' + asTime(step.at), step.realm, stepText(step)]);
  const table = tableLines(['  TIME', 'REALM', 'WHAT'], rows);
  return [`to ${leg.realm}  ${stateText(leg)}`, ...table, ...(leg.stuck ? [`  ! ${stuckText(leg.stuck)}`] : [])];
}

const STATES: Readonly<Record<WayLeg['state'], string>> = {
  queued: "waits at the sender's node",
  'in-custody': 'in custody',
  'handed-over': 'arrived',
  failed: 'failed',
};

function stateText({ state, code, path }: WayLeg): string {
  const how = path && path.kind !== 'local' ? `, ${path.kind}${path.via ? ` by ${path.via}` : ''}` : '';
  return `${STATES[state]}${how}${code === undefined ? '' : ` (${code})`}`;
}

function stepText({ kind, user, code }: WayStep): string {
  switch (kind) {
    case 'accepted':
      return 'accepted and on disk';
    case 'held':
      return 'held by this custodian';
    case 'passed':
      return 'the next realm took it';
    case 'arrived':
      return 'arrived at the node';
    case 'delivered':
      return `on a device of ${user}`;
    case 'read':
      return `read by ${user}`;
    case 'failed':
      return `failed for ${user}: ${code ?? 'unknown'}`;
  }
}

const REASONS: Readonly<Record<string, string>> = {
  frozen: 'its certificate is revoked; the queue goes on when it is certified anew',
  'no-path': 'no path leads there',
  'no-way': 'no way leads there: it is below another root',
  'realm-unreachable': 'it cannot be reached',
  'origin-full': 'it holds no more for us: quota of the origin',
  'destination-full': 'it holds no more for that destination: quota',
  'custody-full': 'it holds no more: quota in all',
};

function stuckText({ realm, next, code, since }: NonNullable<WayLeg['stuck']>): string {
  const whom = next === undefined ? '' : ` for ${next}`;
  const why = REASONS[code];
  return `waits at ${realm}${whom}${since === undefined ? '' : ` since ${asTime(since)}`}: ${why ? `${why} (${code})` : code}`;
}
