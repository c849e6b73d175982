// canopy cert renew: at once over the overlay, or by files where no way leads to the realm above or the root is offline.

import { writeFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { CertClient } from '../../node/admin/cert-api.ts';
import { InputError, LocalError, messageOf } from '../../src/realm/errors.ts';
import { ROLES, type Role } from '../../src/realm/names.ts';
import { type Cli, printJson, printLines, say } from '../cli.ts';
import { act, dirOption, jsonOption, makeCommand } from '../command.ts';
import { confirmed } from '../confirm.ts';
import { readGivenFile } from '../given-file.ts';
import { openAdmin } from '../open-admin.ts';
import { printCertificates } from './list.ts';
import { planJson, planLines, replacementPlan } from './replacement-plan.ts';

interface RenewOptions {
  readonly dir: string;
  readonly json: boolean;
  readonly request?: string;
  readonly reply?: string;
  readonly newKey?: Role | 'authority';
  readonly moveNow: boolean;
  readonly dryRun: boolean;
  readonly yes: boolean;
}

export function renewCommand(cli: Cli): Command {
  return makeCommand(cli, {
    name: 'renew',
    summary: "Renew this realm's certificates now",
    details:
      'They renew themselves; this is for after a repair. Asks the realm above for the authority, then makes new leaves.\n' +
      'By files: --request writes the authority\'s request, which the realm above answers with "canopy enrol FILE" and the ' +
      'offline root of a region with "canopy cert sign"; --reply takes the answer. The server must run.\n' +
      'With --new-key authority the authority gets another key: the one before it stays good until it ends or until ' +
      '"canopy cert retire", and what is below moves in its ordinary renewal, with --move-now at once.',
    examples: [
      'canopy cert renew --dir /srv/kyiv',
      'canopy cert renew --new-key relay --dir /srv/kyiv    after its certificate was revoked; then restart it',
      'canopy cert renew --new-key authority --dry-run --dir /srv/acme',
      'canopy cert renew --new-key authority --move-now --dir /srv/acme    somebody may have copied the key',
      'canopy cert renew --request ua.req --dir /srv/ua     carry it to the root; with --new-key authority for another key',
      'canopy cert renew --reply ua.reply --dir /srv/ua     and its answer back',
    ],
  })
    .option('--request <file>', "write the authority's renewal request")
    .option('--reply <file>', 'take the answer to it')
    .addOption(
      new Option('--new-key <whose>', 'a new key for the node or relay of this host, or for the authority').choices([
        ...ROLES,
        'authority',
      ]),
    )
    .addOption(new Option('--move-now', 'after another key: what is below moves at once').default(false))
    .addOption(new Option('--dry-run', "only tell what the authority's other key would mean").default(false))
    .addOption(new Option('--yes', 'do not ask').default(false))
    .addOption(dirOption(cli))
    .addOption(jsonOption())
    .action(act('nothing was renewed', (options: RenewOptions) => renew(cli, options)));
}

async function renew(cli: Cli, options: RenewOptions): Promise<void> {
  checkOptions(options);
  const { dir, json, request, reply, newKey, moveNow } = options;
  const client = new CertClient(await openAdmin(dir));
  if (newKey === 'authority') return replaceAuthority(cli, client, options);
  if (request !== undefined) return writeRequest(cli, request, await client.request(), json);
  if (newKey !== undefined) return replaceKey(cli, client, newKey, json);
  const rows = reply === undefined ? await client.renew() : await client.accept(await readGivenFile(reply), moveNow);
  printCertificates(cli, rows, json);
}

function checkOptions({ request, reply, newKey, moveNow, dryRun }: RenewOptions): void {
  const ways = [request, reply, newKey === 'authority' ? undefined : newKey].filter((one) => one !== undefined);
  if (ways.length > 1 || (newKey !== undefined && reply !== undefined))
    throw new InputError(
      'usage',
      'give one of --request, --reply and --new-key; --request goes with --new-key authority',
    );
  if (dryRun && newKey !== 'authority') throw new InputError('usage', '--dry-run goes with --new-key authority');
  if (moveNow && newKey !== 'authority' && reply === undefined)
    throw new InputError('usage', '--move-now goes with --new-key authority, or with its --reply');
}

async function replaceKey(cli: Cli, client: CertClient, role: Role, json: boolean): Promise<void> {
  printCertificates(cli, await client.replaceKey(role), json);
  say(cli, `the ${role} has a new key from its next start on: restart it now`);
}

/** Shows first what it means; asks, since every realm below will have to move. */
async function replaceAuthority(cli: Cli, client: CertClient, options: RenewOptions): Promise<void> {
  const { json, request, moveNow, dryRun, yes } = options;
  const plan = replacementPlan(await client.list(), moveNow);
  if (dryRun) return json ? printJson(cli, { ...planJson(plan), dryRun }) : printLines(cli, planLines(plan));
  if (!json) for (const line of planLines(plan)) say(cli, line);
  const question = plan.isHurry ? 'Have all below move now?' : "Make another key for this realm's authority?";
  await confirmed(cli, question, yes);
  if (plan.isHurry) return printCertificates(cli, await client.moveNow(), json);
  if (request !== undefined) return writeRequest(cli, request, await client.request(true), json);
  printCertificates(cli, await client.replaceAuthority(moveNow), json);
}

async function writeRequest(cli: Cli, path: string, bytes: Uint8Array, json: boolean): Promise<void> {
  await writeFile(path, bytes).catch((cause: unknown) => {
    throw new LocalError('cannot-write', `${path} cannot be written: ${messageOf(cause)}`, { cause });
  });
  if (json) printJson(cli, { request: path });
  else
    say(cli, `wrote ${path}; it is answered by "canopy enrol" above, or "canopy cert sign" at the root, within 7 days`);
}
