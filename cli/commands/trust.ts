// canopy trust: agreements with realms of other enterprises, so that the two write to each other directly.

import { Argument, type Command, Option } from 'commander';
import { type TrustActRow, TrustClient } from '../../node/admin/trust-api.ts';
import { systemClock } from '../../src/realm/clock.ts';
import { InputError } from '../../src/realm/errors.ts';
import { parseRealmName } from '../../src/realm/names.ts';
import { type Cli, printJson, printLines, say } from '../cli.ts';
import { act, dirOption, jsonOption, makeCommand } from '../command.ts';
import { confirmed } from '../confirm.ts';
import { parseDuration } from '../duration.ts';
import { openAdmin } from '../open-admin.ts';
import { readStdin } from '../secret-input.ts';
import { describeTrust, trustJson, trustTable } from '../trust/trust-text.ts';

const DAY = 24 * 60 * 60 * 1000;
const USUAL_LIFETIME = '365d';

interface Options {
  readonly dir: string;
  readonly json: boolean;
  /** Undefined where a command has no such option. */
  readonly dryRun?: boolean;
  readonly yes: boolean;
}

interface AddOptions extends Options {
  readonly dryRun: boolean;
  readonly direction: 'both' | 'outward' | 'inward';
  readonly from: readonly string[];
  readonly to: readonly string[];
  readonly expires: string;
  readonly presence: boolean;
}

export function trustCommand(cli: Cli): Command {
  return makeCommand(cli, {
    name: 'trust',
    summary: 'Agreements with realms of other enterprises',
    details:
      'Without a trust, mail between branches of different enterprises goes from tier to tier. With one, the two realms keep ' +
      'a link and deliver directly. Both sides sign it, either side ends it.',
    examples: [
      'canopy trust add odesa.beta.ua --dir /srv/kyiv      at one side',
      'canopy trust accept kyiv.acme.ua --dir /srv/odesa   at the other',
      'canopy trust list --dir /srv/kyiv',
      'canopy trust remove odesa.beta.ua --dir /srv/kyiv',
    ],
  })
    .addCommand(addCommand(cli))
    .addCommand(acceptCommand(cli))
    .addCommand(declineCommand(cli))
    .addCommand(listCommand(cli))
    .addCommand(removeCommand(cli));
}

function addCommand(cli: Cli): Command {
  return makeCommand(cli, {
    name: 'add',
    summary: 'Propose a trust to another realm',
    details:
      'The other realm gets the proposal through the tiers. If that is not possible now, it is tried on, and the line that is ' +
      'printed can be handed over and given to "canopy trust accept" there.',
    examples: [
      'canopy trust add odesa.beta.ua --dir /srv/kyiv',
      'canopy trust add odesa.beta.ua --direction outward --from clerk --from head --expires 90d --dir /srv/kyiv',
      'canopy trust add odesa.beta.ua --to sales@odesa.beta.ua --dry-run --dir /srv/kyiv',
    ],
  })
    .argument('<realm>', 'the realm of another enterprise')
    .addOption(
      new Option('--direction <way>', 'who may write, as seen from here')
        .choices(['both', 'outward', 'inward'])
        .default('both'),
    )
    .option('--from <user>', 'only these people of this realm take part (repeatable)', collect, [])
    .option('--to <user>', 'only these people of the other realm take part (repeatable)', collect, [])
    .option('--expires <when>', 'a span (90d) or a day (2027-12-31)', USUAL_LIFETIME)
    .addOption(new Option('--presence', 'let both sides see who is online').default(false))
    .addOption(dryRunOption())
    .addOption(dirOption(cli))
    .addOption(jsonOption())
    .action(act('no trust was proposed', (realm: string, options: AddOptions) => add(cli, realm, options)));
}

function acceptCommand(cli: Cli): Command {
  return withVerb(cli, {
    name: 'accept',
    summary: 'Accept a proposal, or take the answer to one of ours',
    details:
      'WHICH is the other realm, the id of the proposal, the line that the other side has given you, or - for stdin.',
    examples: [
      'canopy trust accept kyiv.acme.ua --dir /srv/odesa',
      'canopy trust accept - --yes --dir /srv/odesa < proposal.txt',
    ],
  })
    .addOption(dryRunOption())
    .addOption(yesOption())
    .action(act('nothing was accepted', (which: string, options: Options) => accept(cli, which, options)));
}

function declineCommand(cli: Cli): Command {
  return withVerb(cli, {
    name: 'decline',
    summary: 'Decline a proposal',
    details: 'WHICH is the other realm or the id of the proposal.',
    examples: ['canopy trust decline kyiv.acme.ua --dir /srv/odesa'],
  }).action(act('nothing was declined', (which: string, options: Options) => decline(cli, which, options)));
}

function removeCommand(cli: Cli): Command {
  return withVerb(cli, {
    name: 'remove',
    summary: 'End a trust, or withdraw a proposal',
    details: 'It ends for both sides at once: open connections are cut, and mail goes from tier to tier again.',
    examples: [
      'canopy trust remove odesa.beta.ua --dry-run --dir /srv/kyiv',
      'canopy trust remove 3f09a1 --yes --dir /srv/kyiv',
    ],
  })
    .addOption(dryRunOption())
    .addOption(yesOption())
    .action(act('no trust was removed', (which: string, options: Options) => remove(cli, which, options)));
}

function listCommand(cli: Cli): Command {
  return makeCommand(cli, {
    name: 'list',
    summary: 'Tell trusts and proposals',
    examples: ['canopy trust list --dir /srv/kyiv', 'canopy trust list --json --dir /srv/kyiv'],
  })
    .addOption(dirOption(cli))
    .addOption(jsonOption())
    .action(act('the trusts are not known', (options: Options) => list(cli, options)));
}

function withVerb(cli: Cli, facts: Parameters<typeof makeCommand>[1]): Command {
  return makeCommand(cli, facts)
    .addArgument(new Argument('<which>', 'realm or id'))
    .addOption(dirOption(cli))
    .addOption(jsonOption());
}

const dryRunOption = (): Option => new Option('--dry-run', 'only tell what would be done').default(false);
const yesOption = (): Option => new Option('--yes', 'do not ask').default(false);
const collect = (value: string, all: readonly string[]): string[] => [...all, value];

async function add(cli: Cli, name: string, options: AddOptions): Promise<void> {
  const { direction, from, to, presence, dryRun } = options;
  const realm = parseRealmName(name);
  const until = parseEnd(options.expires, systemClock.now());
  const client = await clientOf(options);
  const done = await client.add({ realm, direction, until, ours: [...from], theirs: [...to], presence, dryRun });
  tell(cli, done, options, dryRun ? 'would be proposed' : 'proposed');
}

async function accept(cli: Cli, given: string, options: Options): Promise<void> {
  const which = given === '-' ? (await readStdin(cli)).trim() : given;
  const client = await clientOf(options);
  const planned = await client.act('accept', which, true);
  if (options.dryRun) return tell(cli, planned, options, 'would be accepted');
  if (!options.json) for (const line of describeTrust(planned.trust)) say(cli, line);
  // The answer to what was proposed here was confirmed when it was proposed.
  if (!planned.trust.proposedHere) await confirmed(cli, `Accept this trust with ${planned.trust.realm}?`, options.yes);
  tell(cli, await client.act('accept', which, false), options, 'in force');
}

async function decline(cli: Cli, which: string, options: Options): Promise<void> {
  tell(cli, await (await clientOf(options)).act('decline', which, false), options, 'declined');
}

async function remove(cli: Cli, which: string, options: Options): Promise<void> {
  const client = await clientOf(options);
  const planned = await client.act('remove', which, true);
  if (options.dryRun) return tell(cli, planned, options, 'would be removed');
  if (!options.json) for (const line of describeTrust(planned.trust)) say(cli, line);
  await confirmed(cli, `End it? Open connections with ${planned.trust.realm} are cut at once.`, options.yes);
  tell(cli, await client.act('remove', which, false), options, 'removed');
}

async function list(cli: Cli, options: Options): Promise<void> {
  const trusts = await (await clientOf(options)).list();
  if (options.json) printJson(cli, { trusts: trusts.map(trustJson) });
  else if (trusts.length === 0) printLines(cli, ['no trusts; propose one: canopy trust add REALM']);
  else printLines(cli, trustTable(trusts));
}

async function clientOf({ dir }: Options): Promise<TrustClient> {
  return new TrustClient(await openAdmin(dir));
}

function tell(cli: Cli, { trust, untold, line }: TrustActRow, { json, dryRun }: Options, what: string): void {
  if (json) {
    printJson(cli, { dryRun, trust: trustJson(trust), ...(untold ? { untold } : {}), ...(line ? { line } : {}) });
    return;
  }
  printLines(cli, [`trust ${trust.id.slice(0, 8)} with ${trust.realm}: ${what}`, ...describeTrust(trust)]);
  if (untold === undefined) return;
  say(cli, `${trust.realm} does not know yet (${untold}); it is told as soon as it can be reached.`);
  if (!line) return;
  say(cli, 'Or hand this line over; there: canopy trust accept - < FILE');
  cli.stdout.write(`${line}\n`);
}

/** A span from now, or a day that is still whole. @throws InputError `bad-expiry` */
function parseEnd(text: string, now: number): number {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return now + parseDuration(text);
  const day = Date.parse(`${text}T00:00:00Z`);
  if (Number.isNaN(day))
    throw new InputError('bad-expiry', `"${text}" is no day`, { hint: 'Write for example 2027-12-31 or 90d.' });
  return day + DAY;
}
