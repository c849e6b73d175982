// canopy cert renew: at once over the overlay, or by files where no way leads to the realm above or the root is offline.

import { writeFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { CertClient } from '../../node/admin/cert-api.ts';
import { InputError, LocalError, messageOf } from '../../src/realm/errors.ts';
import { ROLES, type Role } from '../../src/realm/names.ts';
import { type Cli, printJson, say } from '../cli.ts';
import { act, dirOption, jsonOption, makeCommand } from '../command.ts';
import { readGivenFile } from '../given-file.ts';
import { openAdmin } from '../open-admin.ts';
import { printCertificates } from './list.ts';

interface RenewOptions {
  readonly dir: string;
  readonly json: boolean;
  readonly request?: string;
  readonly reply?: string;
  readonly newKey?: Role;
}

export function renewCommand(cli: Cli): Command {
  return makeCommand(cli, {
    name: 'renew',
    summary: "Renew this realm's certificates now",
    details:
      'They renew themselves; this is for after a repair. Asks the realm above for the authority, then makes new leaves.\n' +
      'By files: --request writes the authority\'s request, which the realm above answers with "canopy enrol FILE" and the ' +
      'offline root of a region with "canopy cert sign"; --reply takes the answer. The server must run.',
    examples: [
      'canopy cert renew --dir /srv/kyiv',
      'canopy cert renew --new-key relay --dir /srv/kyiv    after its certificate was revoked; then restart it',
      'canopy cert renew --request ua.req --dir /srv/ua     carry it to the root',
      'canopy cert renew --reply ua.reply --dir /srv/ua     and its answer back',
    ],
  })
    .option('--request <file>', "write the authority's renewal request")
    .option('--reply <file>', 'take the answer to it')
    .addOption(
      new Option('--new-key <role>', 'a new key for the node or relay of this host, after a revocation').choices(ROLES),
    )
    .addOption(dirOption(cli))
    .addOption(jsonOption())
    .action(act('nothing was renewed', (options: RenewOptions) => renew(cli, options)));
}

async function renew(cli: Cli, { dir, json, request, reply, newKey }: RenewOptions): Promise<void> {
  const client = new CertClient(await openAdmin(dir));
  const given = [request, reply, newKey].filter((one) => one !== undefined);
  if (given.length > 1) throw new InputError('usage', 'give one of --request, --reply and --new-key');
  if (request !== undefined) return writeRequest(cli, request, await client.request(), json);
  if (newKey !== undefined) return replaceKey(cli, client, newKey, json);
  const rows = reply === undefined ? await client.renew() : await client.accept(await readGivenFile(reply));
  printCertificates(cli, rows, json);
}

async function replaceKey(cli: Cli, client: CertClient, role: Role, json: boolean): Promise<void> {
  printCertificates(cli, await client.replaceKey(role), json);
  say(cli, `the ${role} has a new key from its next start on: restart it now`);
}

async function writeRequest(cli: Cli, path: string, bytes: Uint8Array, json: boolean): Promise<void> {
  await writeFile(path, bytes).catch((cause: unknown) => {
    throw new LocalError('cannot-write', `${path} cannot be written: ${messageOf(cause)}`, { cause });
  });
  if (json) printJson(cli, { request: path });
  else
    say(cli, `wrote ${path}; it is answered by "canopy enrol" above, or "canopy cert sign" at the root, within 7 days`);
}
