// canopy policy: rules that a realm sets for itself and for everyone below it.

import { type Command, Option } from 'commander';
import { PolicyClient, type PolicyRow } from '../../node/admin/policy-api.ts';
import { POLICY_NAMES } from '../../src/protocols/policy/index.ts';
import { InputError } from '../../src/realm/errors.ts';
import { type Cli, printJson, printLines } from '../cli.ts';
import { act, dirOption, jsonOption, makeCommand } from '../command.ts';
import { openAdmin } from '../open-admin.ts';
import { tableLines } from '../table.ts';
import { asTime } from '../times.ts';

interface Options {
  readonly dir: string;
  readonly json: boolean;
}

/** What these do not name is allowed while nothing is set. */
const PATTERNS: ReadonlySet<string> = new Set(['destinations', 'findable']);
const NAMES =
  'destinations: realms that may be written to.  findable: realms whose people may look up ours.\n' +
  'Each value is * (all), a realm (kyiv.beta.ua), or a realm with all below it (*.beta.ua).\n' +
  'file-size, file-quota (of a user), file-store (of a realm), message-size: one size each, 500M or 8G.\n' +
  'file-retention, message-retention: days, 365d.  hidden: any of delivered, read, presence.\n' +
  'Of limits the least of all realms above counts.';

export function policyCommand(cli: Cli): Command {
  return makeCommand(cli, {
    name: 'policy',
    summary: 'Rules of this realm and of those above it',
    details: `A realm's rules hold for all realms below it too; what any of them forbids is forbidden.\n${NAMES}`,
    examples: [
      'canopy policy list --dir /srv/kyiv',
      "canopy policy set destinations '*.acme.ua' odesa.beta.ua --dir /srv/acme",
    ],
  })
    .addCommand(listCommand(cli))
    .addCommand(getCommand(cli))
    .addCommand(setCommand(cli));
}

function listCommand(cli: Cli): Command {
  return makeCommand(cli, {
    name: 'list',
    summary: 'Tell all policies, and which realm set them',
    examples: ['canopy policy list --dir /srv/kyiv', 'canopy policy list --json --dir /srv/kyiv'],
  })
    .addOption(dirOption(cli))
    .addOption(jsonOption())
    .action(act('the policies are not known', (options: Options) => list(cli, options)));
}

function getCommand(cli: Cli): Command {
  return makeCommand(cli, {
    name: 'get',
    summary: 'Tell one policy',
    examples: ['canopy policy get destinations --dir /srv/kyiv'],
  })
    .argument('<name>', POLICY_NAMES.join(', '))
    .addOption(dirOption(cli))
    .addOption(jsonOption())
    .action(act('the policy is not known', (name: string, options: Options) => get(cli, name, options)));
}

function setCommand(cli: Cli): Command {
  return makeCommand(cli, {
    name: 'set',
    summary: "Set a policy of this realm's; it holds for all realms below it too",
    details: `${NAMES}\nWith --none this realm has no such rule any more.`,
    examples: [
      "canopy policy set destinations '*.acme.ua' odesa.beta.ua --dir /srv/acme",
      'canopy policy set destinations --none --dir /srv/acme',
    ],
  })
    .argument('<name>', POLICY_NAMES.join(', '))
    .argument('[values...]', 'realms, a size, a number of days, or words')
    .addOption(new Option('--none', 'no such rule any more').default(false))
    .addOption(dirOption(cli))
    .addOption(jsonOption())
    .action(
      act('the policy was not set', (name: string, values: string[], options: Options & { none: boolean }) =>
        set(cli, name, values, options),
      ),
    );
}

async function list(cli: Cli, options: Options): Promise<void> {
  const policies = await (await clientOf(options)).list();
  if (options.json) printJson(cli, { policies: policies.map(asJson) });
  else printLines(cli, tableLines(['POLICY', 'SET BY', 'VALUES'], policies.flatMap(rowsOf)));
}

async function get(cli: Cli, name: string, options: Options): Promise<void> {
  const policies = await (await clientOf(options)).list();
  const policy = policies.find((one) => one.name === name);
  if (!policy) {
    throw new InputError(
      'policy-unknown',
      `"${name}" is no policy; expected ${policies.map((one) => one.name).join(', ')}`,
    );
  }
  show(cli, policy, options);
}

async function set(
  cli: Cli,
  name: string,
  values: readonly string[],
  options: Options & { none: boolean },
): Promise<void> {
  if ((values.length === 0) !== options.none) {
    throw new InputError('bad-policy', 'give values, or --none to have no such rule', {
      hint: 'Run: canopy policy set --help',
    });
  }
  show(cli, await (await clientOf(options)).set(name, values), options);
}

function show(cli: Cli, policy: PolicyRow, { json }: Options): void {
  if (json) printJson(cli, { policy: asJson(policy) });
  else printLines(cli, tableLines(['POLICY', 'SET BY', 'VALUES'], rowsOf(policy)));
}

function rowsOf({ name, rules }: PolicyRow): string[][] {
  if (rules.length === 0) return [[name, '-', PATTERNS.has(name) ? 'not set: all' : 'not set']];
  return rules.map(({ realm, values }) => [name, realm, values.join(' ')]);
}

function asJson({ name, rules }: PolicyRow): object {
  return { name, rules: rules.map((rule) => ({ ...rule, since: asTime(rule.since) })) };
}

async function clientOf({ dir }: Options): Promise<PolicyClient> {
  return new PolicyClient(await openAdmin(dir));
}
