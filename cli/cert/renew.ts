// canopy cert renew: at once over the overlay, or by files where no way leads to the realm above or the root is offline.
import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { AdminClient } from '../../node/admin/api.ts';
import { CertClient } from '../../node/admin/cert-api.ts';
import { InputError, LocalError, messageOf } from '../../src/realm/errors.ts';
import { openDataDirectory } from '../../src/settings/data-directory.ts';
import { type Cli, printJson, say } from '../cli.ts';
import { act, dirOption, jsonOption, makeCommand } from '../command.ts';
import { readGivenFile } from '../given-file.ts';
import { printCertificates } from './list.ts';

interface RenewOptions {
  readonly dir: string;
  readonly json: boolean;
  readonly request?: string;
  readonly reply?: string;
}

export function renewCommand(cli: Cli): Command {
  return makeCommand(cli, {
    name: 'renew',
    summary: "Renew this realm's certificates now",
    details:
      'They renew themselves; this is for after a repair. Asks the realm above for the authority, then makes new leaves.\n' +
      'By files: --request writes the authority\'s request, which the realm above answers with "canopy enrol FILE" and the\n' +
      'offline root of a region with "canopy cert sign"; --reply takes the answer. The server must run.',
    examples: [
      'canopy cert renew --dir /srv/kyiv',
      'canopy cert renew --request ua.req --dir /srv/ua     carry it to the root',
      'canopy cert renew --reply ua.reply --dir /srv/ua     and its answer back',
    ],
  })
    .option('--request <file>', "write the authority's renewal request")
    .option('--reply <file>', 'take the answer to it')
    .addOption(dirOption(cli))
    .addOption(jsonOption())
    .action(act('nothing was renewed', (options: RenewOptions) => renew(cli, options)));
}

async function renew(cli: Cli, { dir, json, request, reply }: RenewOptions): Promise<void> {
  const { socket } = await openDataDirectory(dir);
  const client = new CertClient(new AdminClient(socket.node));
  if (request !== undefined && reply !== undefined)
    throw new InputError('usage', 'give --request or --reply, not both');
  if (request !== undefined) return writeRequest(cli, request, await client.request(), json);
  const rows = reply === undefined ? await client.renew() : await client.accept(await readGivenFile(reply));
  printCertificates(cli, rows, json);
}

async function writeRequest(cli: Cli, path: string, bytes: Uint8Array, json: boolean): Promise<void> {
  await writeFile(path, bytes).catch((cause: unknown) => {
    throw new LocalError('cannot-write', `${path} cannot be written: ${messageOf(cause)}`, { cause });
  });
  if (json) printJson(cli, { request: path });
  else
    say(
      cli,
      `wrote ${path}; it is answered by "canopy enrol" above, or "canopy cert sign" at the root, within 10 minutes`,
    );
}
