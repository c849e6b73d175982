// canopy config show: each setting, its value and where it comes from.
import type { Command } from 'commander';
import { openDataDirectory } from '../../src/settings/data-directory.ts';
import { readSettings } from '../../src/settings/settings.ts';
import { type Cli, printJson, printLines } from '../cli.ts';
import { act, dirOption, jsonOption, makeCommand } from '../command.ts';
import { tableLines } from '../table.ts';

interface ShowOptions {
  readonly dir: string;
  readonly json: boolean;
}

export function configCommand(cli: Cli): Command {
  const show = makeCommand(cli, {
    name: 'show',
    summary: 'Tell each setting, its value and its source',
    details: 'An environment variable beats canopy.toml, which beats the default.',
    examples: ['canopy config show --dir /srv/kyiv', 'CANOPY_LOG=debug canopy config show --dir /srv/kyiv --json'],
  })
    .addOption(dirOption(cli))
    .addOption(jsonOption())
    .action(act('the settings cannot be shown', (options: ShowOptions) => showSettings(cli, options)));
  return makeCommand(cli, {
    name: 'config',
    summary: 'Settings of this host',
    examples: ['canopy config show --dir /srv/kyiv'],
  }).addCommand(show);
}

async function showSettings(cli: Cli, { dir, json }: ShowOptions): Promise<void> {
  const directory = await openDataDirectory(dir);
  const { origins } = await readSettings(directory, cli.env);
  if (json) {
    printJson(cli, { file: directory.settings, settings: origins });
    return;
  }
  const rows = origins.map(({ key, value, source }) => [
    key,
    typeof value === 'string' ? value : value.join(', '),
    source,
  ]);
  printLines(cli, tableLines(['SETTING', 'VALUE', 'SOURCE'], rows));
}
