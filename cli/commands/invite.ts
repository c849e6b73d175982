// canopy invite: a one-time token for a new realm below this one.
import { Argument, type Command } from 'commander';
import { AdminClient } from '../../node/admin/api.ts';
import { InputError } from '../../src/realm/errors.ts';
import { isWithin, parentOf, parseRealmName, parseTier, type RealmName } from '../../src/realm/names.ts';
import { openDataDirectory } from '../../src/settings/data-directory.ts';
import { readRealmFile } from '../../src/settings/realm-file.ts';
import { type Cli, printJson, say } from '../cli.ts';
import { act, dirOption, jsonOption, makeCommand } from '../command.ts';
import { parseDuration } from '../duration.ts';

interface InviteOptions {
  readonly dir: string;
  readonly ttl: string;
  readonly json: boolean;
}

export function inviteCommand(cli: Cli): Command {
  return makeCommand(cli, {
    name: 'invite',
    summary: 'Make a join token for a new realm below this one',
    details:
      'The token is one line on stdout. It holds a secret: whoever has it can join under that name, once, until it expires.\n' +
      'The server must run.',
    examples: [
      'canopy invite enterprise acme.ua --dir /srv/ua',
      'canopy invite branch lviv --ttl 2h --dir /srv/acme      lviv.acme.ua, since this realm is acme.ua',
    ],
  })
    .addArgument(new Argument('<tier>', 'tier of the new realm').choices(['enterprise', 'branch']))
    .argument('<name>', 'its name, whole or only the first label')
    .option('--ttl <time>', 'how long the token is good for: 30m, 1h, 2d', '1h')
    .addOption(dirOption(cli))
    .addOption(jsonOption())
    .action(
      act('no token was made', (tier: string, name: string, options: InviteOptions) =>
        invite(cli, tier, name, options),
      ),
    );
}

async function invite(cli: Cli, tierText: string, name: string, options: InviteOptions): Promise<void> {
  const tier = parseTier(tierText);
  const ttl = parseDuration(options.ttl);
  const directory = await openDataDirectory(options.dir);
  const parent = await readRealmFile(directory);
  const realm = childName(name, parent.realm);
  const { token, expires } = await new AdminClient(directory.socket.node).invite({ tier, realm, ttl });
  const until = new Date(expires).toISOString();
  if (options.json) {
    printJson(cli, { token, realm, tier, expires: until });
    return;
  }
  say(cli, `token for the ${tier} ${realm}, good until ${until}; on the new host run: canopy join TOKEN --dir DIR`);
  cli.stdout.write(`${token}\n`);
}

/** `lviv` and `lviv.acme.ua` both name the branch of acme.ua. @throws InputError */
export function childName(name: string, parent: RealmName): RealmName {
  const given = parseRealmName(name);
  const realm = isWithin(given, parent) && given !== parent ? given : parseRealmName(`${given}.${parent}`);
  if (parentOf(realm) !== parent) {
    throw new InputError('bad-child-name', `"${name}" is not directly below ${parent}`, {
      hint: `Name it alone ("lviv") or whole ("lviv.${parent}").`,
    });
  }
  return realm;
}
