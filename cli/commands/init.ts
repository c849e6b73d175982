// canopy init region: the first realm of a hierarchy.
import { type Command, Option } from 'commander';
import { parseRealmName } from '../../src/realm/names.ts';
import { type Cli, printJson, printLines } from '../cli.ts';
import { act, dirOption, jsonOption, makeCommand } from '../command.ts';
import { addHostOptions, givenSettings, type HostOptions } from '../host-options.ts';
import { initRegion } from '../setup/init-region.ts';

interface InitOptions extends HostOptions {
  readonly dir: string;
  readonly json: boolean;
  readonly dryRun: boolean;
}

export function initCommand(cli: Cli): Command {
  const region = makeCommand(cli, {
    name: 'region',
    summary: 'Make a region with its root',
    details:
      'Makes the root, the authority of the region, the certificates of its node and relay, and those of its LAN.\n' +
      "The folder root/ holds the root's key: move it to a medium that lies in a safe; the running region does not need it.",
    examples: [
      'canopy init region ua --dir /srv/ua --announce relay.example:4443',
      'canopy init region ua --dir /srv/ua --lan 10.0.0.5:8443 --wan 0.0.0.0:4443 --wan 0.0.0.0:443 --announce 198.51.100.7:4443',
    ],
  })
    .argument('<name>', "the region's name, for example ua")
    .addOption(dirOption(cli))
    .addOption(new Option('--dry-run', 'tell what would be made, and make nothing').default(false))
    .addOption(jsonOption())
    .action(act('the region was not made', (name: string, options: InitOptions) => init(cli, name, options)));
  return makeCommand(cli, {
    name: 'init',
    summary: 'Make the first realm',
    examples: ['canopy init region ua --dir /srv/ua --announce relay.example:4443'],
  }).addCommand(addHostOptions(region));
}

async function init(cli: Cli, name: string, options: InitOptions): Promise<void> {
  const realm = parseRealmName(name);
  const made = await initRegion({ realm, dir: options.dir, given: givenSettings(options), dryRun: options.dryRun });
  if (options.json) {
    printJson(cli, { ...made, realm, tier: 'region', dryRun: options.dryRun });
    return;
  }
  printLines(cli, [
    `${options.dryRun ? 'would make' : 'made'} the region ${realm} in ${made.dir}`,
    ...(made.rootFingerprint ? [`  root     SHA-256 ${made.rootFingerprint}`] : []),
    `  offline  take ${made.rootFolder} to a safe place, off this host`,
    `  next     canopy start --dir ${made.dir}`,
  ]);
}
