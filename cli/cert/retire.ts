// canopy cert retire: ends the overlap after the authority got another key.
import { type Command, Option } from 'commander';
import { CertClient } from '../../node/admin/cert-api.ts';
import { readPem } from '../../src/pki/pem.ts';
import { InputError } from '../../src/realm/errors.ts';
import type { Cli } from '../cli.ts';
import { act, dirOption, jsonOption, makeCommand } from '../command.ts';
import { confirmed } from '../confirm.ts';
import { readGivenText } from '../given-file.ts';
import { openAdmin } from '../open-admin.ts';
import { printCertificates } from './list.ts';
import { type RevokeOptions, revokeAfterPlan } from './revoking.ts';

interface RetireOptions extends RevokeOptions {
  readonly list?: string;
}

export function retireCommand(cli: Cli): Command {
  return makeCommand(cli, {
    name: 'retire',
    summary: "Retire the authority's old key, after it got another one",
    details:
      'The old key signs its last list, which revokes all that it has certified and that still counts, and is destroyed. ' +
      'What has moved to the new key stays; --dry-run names what has not. It retires by itself when it ends, or when the ' +
      'realm above revokes it. It cannot be undone.\n' +
      'On a region, --list takes the list of its offline root that revokes the old key ("canopy cert sign --revoke").',
    examples: [
      'canopy cert retire --dry-run --dir /srv/acme',
      'canopy cert retire --yes --dir /srv/acme',
      'canopy cert retire --list root.crl --yes --dir /srv/ua',
    ],
  })
    .option('--list <file>', "the offline root's list that revokes the old key, PEM")
    .addOption(new Option('--reason <text>', 'for the audit log').default('retired'))
    .addOption(new Option('--dry-run', 'only tell what would be cut').default(false))
    .addOption(new Option('--yes', 'do not ask').default(false))
    .addOption(dirOption(cli))
    .addOption(jsonOption())
    .action(act('nothing was retired', (options: RetireOptions) => retire(cli, options)));
}

async function retire(cli: Cli, options: RetireOptions): Promise<void> {
  const client = new CertClient(await openAdmin(options.dir));
  if (options.list !== undefined) return takeList(cli, client, options.list, options);
  const steps = { plan: () => client.planRetirement(), revoke: () => client.retire(options.reason) };
  await revokeAfterPlan(cli, steps, options);
}

async function takeList(
  cli: Cli,
  client: CertClient,
  file: string,
  { yes, json, dryRun }: RetireOptions,
): Promise<void> {
  if (dryRun) throw new InputError('usage', '--list and --dry-run do not go together');
  const [list] = readPem('X509 CRL', await readGivenText(file));
  if (!list) throw new InputError('bad-pem', `${file} holds no revocation list`);
  await confirmed(cli, 'Take this list? What stayed under the old key is cut, and it cannot be undone.', yes);
  printCertificates(cli, await client.takeRootList(list), json);
}
