// canopy cert lists: the revocation lists in force, for openssl and for other programs.

import type { Command } from 'commander';
import { CertClient } from '../../node/admin/cert-api.ts';
import { writePem } from '../../src/pki/pem.ts';
import { type Cli, printJson } from '../cli.ts';
import { act, dirOption, jsonOption, makeCommand } from '../command.ts';
import { openAdmin } from '../open-admin.ts';

interface ListsOptions {
  readonly dir: string;
  readonly json: boolean;
}

export function listsCommand(cli: Cli): Command {
  return makeCommand(cli, {
    name: 'lists',
    summary: 'Print the revocation lists in force, as PEM',
    details:
      'The newest list of each authority that has revoked something, as the ledger brought it. The server must run.',
    examples: [
      'canopy cert lists --dir /srv/acme > lists.pem',
      'canopy cert lists --dir /srv/acme | openssl crl -noout -text',
    ],
  })
    .addOption(dirOption(cli))
    .addOption(jsonOption())
    .action(act('the revocation lists are not known', (options: ListsOptions) => printLists(cli, options)));
}

async function printLists(cli: Cli, { dir, json }: ListsOptions): Promise<void> {
  const lists = await new CertClient(await openAdmin(dir)).lists();
  if (json) printJson(cli, { lists: lists.map((der) => Buffer.from(der).toString('base64')) });
  else cli.stdout.write(writePem('X509 CRL', lists));
}
