// canopy invite: a one-time token for a new realm below this one.

import { Argument, type Command } from 'commander';
import { AdminClient } from '../../node/admin/api.ts';
import { InputError } from '../../src/realm/errors.ts';
import { isWithin, parentOf, parseRealmName, parseTier, type RealmName } from '../../src/realm/names.ts';
import { openDataDirectory } from '../../src/settings/data-directory.ts';
import { type RealmFile, readRealmFile } from '../../src/settings/realm-file.ts';
import { type Cli, printJson, say } from '../cli.ts';
import { act, dirOption, jsonOption, makeCommand } from '../command.ts';
import { parseDuration } from '../duration.ts';
import { asTime } from '../times.ts';

interface InviteOptions {
  readonly dir: string;
  readonly ttl: string;
  readonly json: boolean;
}

export function inviteCommand(cli: Cli): Command {
  return makeCommand(cli, {
    name: 'invite',
    summary: 'Make a join token for a new realm below this one, or for a further relay of this one',
    details:
      'The token is one line on stdout. It holds a secret: whoever has it can join under that name, once, until it expires.\n' +
      'The server must run.',
    examples: [
      'canopy invite enterprise acme.ua --dir /srv/ua',
      'canopy invite branch lviv --ttl 2h --dir /srv/acme      lviv.acme.ua, since this realm is acme.ua',
      'canopy invite relay --dir /srv/ua                       a second relay for ua, on another host',
    ],
  })
    .addArgument(new Argument('<what>', 'tier of the new realm, or a relay').choices(['enterprise', 'branch', 'relay']))
    .argument('[name]', "the new realm's name, whole or only the first label; a relay has none")
    .option('--ttl <time>', 'how long the token is good for: 30m, 1h, 2d', '1h')
    .addOption(dirOption(cli))
    .addOption(jsonOption())
    .action(
      act('no token was made', (what: string, name: string | undefined, options: InviteOptions) =>
        invite(cli, what, name, options),
      ),
    );
}

async function invite(cli: Cli, what: string, name: string | undefined, options: InviteOptions): Promise<void> {
  const ttl = parseDuration(options.ttl);
  const directory = await openDataDirectory(options.dir);
  const { tier, realm } = invited(what, name, await readRealmFile(directory));
  const { token, expires } = await new AdminClient(directory.socket.node).invite({ tier, realm, ttl });
  const until = asTime(expires);
  if (options.json) {
    printJson(cli, { token, realm, tier, expires: until });
    return;
  }
  const [whom, only] = what === 'relay' ? ['a further relay of', ' --only relay'] : [`the ${tier}`, ''];
  say(cli, `token for ${whom} ${realm}, good until ${until}; on the new host run: canopy join TOKEN${only} --dir DIR`);
  cli.stdout.write(`${token}\n`);
}

/** @throws InputError `bad-child-name` */
function invited(what: string, name: string | undefined, own: RealmFile): Pick<RealmFile, 'realm' | 'tier'> {
  if (what === 'relay') {
    if (name === undefined) return own;
    throw new InputError('bad-child-name', `a further relay of ${own.realm} has no name of its own`, {
      hint: 'Run: canopy invite relay --dir DIR',
    });
  }
  if (name !== undefined) return { tier: parseTier(what), realm: childName(name, own.realm) };
  throw new InputError('bad-child-name', `the new ${what} needs a name`, { hint: `Run: canopy invite ${what} NAME` });
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
