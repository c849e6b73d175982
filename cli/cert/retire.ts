// canopy cert retire: ends the overlap after the authority got another key.
import { type Command, Option } from 'commander';
import { CertClient } from '../../node/admin/cert-api.ts';
import type { Cli } from '../cli.ts';
import { act, dirOption, jsonOption, makeCommand } from '../command.ts';
import { openAdmin } from '../open-admin.ts';
import { type RevokeOptions, revokeAfterPlan } from './revoking.ts';

export function retireCommand(cli: Cli): Command {
  return makeCommand(cli, {
    name: 'retire',
    summary: "Retire the authority's old key, after it got another one",
    details:
      'The old key signs its last list, which revokes all that it has certified and that still counts, and is destroyed. ' +
      'What has moved to the new key stays; --dry-run names what has not. It retires by itself when it ends, or when the ' +
      'realm above revokes it. It cannot be undone.',
    examples: ['canopy cert retire --dry-run --dir /srv/acme', 'canopy cert retire --yes --dir /srv/acme'],
  })
    .addOption(new Option('--reason <text>', 'for the audit log').default('retired'))
    .addOption(new Option('--dry-run', 'only tell what would be cut').default(false))
    .addOption(new Option('--yes', 'do not ask').default(false))
    .addOption(dirOption(cli))
    .addOption(jsonOption())
    .action(act('nothing was retired', (options: RevokeOptions) => retire(cli, options)));
}

async function retire(cli: Cli, options: RevokeOptions): Promise<void> {
  const client = new CertClient(await openAdmin(options.dir));
  const steps = { plan: () => client.planRetirement(), revoke: () => client.retire(options.reason) };
  await revokeAfterPlan(cli, steps, options);
}
