// canopy user add, list, remove; user-admin.ts has what is done with an account that is there. Registration by OPAQUE runs here, on the client's side: no password crosses the control socket.

import { type Command, Option } from 'commander';
import { LedgerClient } from '../../node/admin/ledger-api.ts';
import { InputError } from '../../src/realm/errors.ts';
import { parseLogin } from '../../src/realm/user-address.ts';
import { type Cli, printJson, printLines } from '../cli.ts';
import { act, dirOption, jsonOption, makeCommand } from '../command.ts';
import { confirmed } from '../confirm.ts';
import { openAdmin } from '../open-admin.ts';
import { registerUser } from '../register-user.ts';
import { readNewPassword } from '../secret-input.ts';
import { tableLines } from '../table.ts';
import { userAdminCommands } from './user-admin.ts';

interface ListOptions {
  readonly dir: string;
  readonly all: boolean;
  readonly json: boolean;
}

interface AddOptions {
  readonly dir: string;
  readonly json: boolean;
  readonly name: string;
  readonly department?: string;
  readonly passwordFile?: string;
}

interface RemoveOptions {
  readonly dir: string;
  readonly json: boolean;
  readonly yes: boolean;
  readonly dryRun: boolean;
}

export function userCommand(cli: Cli): Command {
  const command = makeCommand(cli, {
    name: 'user',
    summary: 'Users of this realm',
    examples: ['canopy user add clerk --name "Clerk One" --dir /srv/kyiv', 'canopy user list --dir /srv/kyiv'],
  })
    .addCommand(addCommand(cli))
    .addCommand(listCommand(cli))
    .addCommand(removeCommand(cli));
  for (const one of userAdminCommands(cli)) command.addCommand(one);
  return command;
}

function addCommand(cli: Cli): Command {
  return makeCommand(cli, {
    name: 'add',
    summary: 'Add a user to this realm',
    details: 'The first password comes from stdin or a file; at the first login the user is asked for a new one.',
    examples: [
      'canopy user add clerk --name "Clerk One" --dir /srv/kyiv',
      'canopy user add clerk --name "Clerk One" --department Accounts --password-file first.txt --dir /srv/kyiv',
    ],
  })
    .argument('<login>', 'what the user logs in with: 1 to 64 of a-z 0-9 . _ -')
    .requiredOption('--name <name>', 'the name that colleagues see')
    .addOption(new Option('--department <department>', 'where the user works, as colleagues see it'))
    .addOption(new Option('--password-file <file>', 'read the first password from a file'))
    .addOption(dirOption(cli))
    .addOption(jsonOption())
    .action(act('the user was not added', (login: string, options: AddOptions) => addUser(cli, login, options)));
}

function listCommand(cli: Cli): Command {
  return makeCommand(cli, {
    name: 'list',
    summary: "Tell this realm's users",
    details: 'With --all also those of other realms, as their servers have told this one.',
    examples: ['canopy user list --dir /srv/kyiv', 'canopy user list --all --json --dir /srv/kyiv'],
  })
    .addOption(dirOption(cli))
    .addOption(new Option('--all', 'the users of other realms too').default(false))
    .addOption(jsonOption())
    .action(act('the users are not known', (options: ListOptions) => listUsers(cli, options)));
}

function removeCommand(cli: Cli): Command {
  return makeCommand(cli, {
    name: 'remove',
    summary: 'Remove a user for good',
    details:
      'The login ends, and the record with the name is erased here and at every realm that had it. The signed chain keeps ' +
      'hashes that tell nothing without that record. What the user wrote stays with those who received it.',
    examples: ['canopy user remove clerk --dir /srv/kyiv', 'canopy user remove clerk --yes --json --dir /srv/kyiv'],
  })
    .argument('<login>', 'a login of this realm')
    .addOption(new Option('--dry-run', 'only say what would be removed').default(false))
    .addOption(new Option('--yes', 'do not ask').default(false))
    .addOption(dirOption(cli))
    .addOption(jsonOption())
    .action(
      act('the user was not removed', (login: string, options: RemoveOptions) => removeUser(cli, login, options)),
    );
}

async function removeUser(cli: Cli, text: string, { dir, json, yes, dryRun }: RemoveOptions): Promise<void> {
  const login = parseLogin(text);
  const admin = await openAdmin(dir);
  const user = (await admin.users()).find(({ address }) => address.startsWith(`${login}@`));
  if (!user)
    throw new InputError('unknown-user', `no user "${login}" in this realm`, { hint: 'Run: canopy user list' });
  if (!dryRun) {
    await confirmed(cli, `Remove ${user.address} (${user.name}) for good?`, yes);
    await new LedgerClient(admin).removeUser(login);
  }
  if (json) printJson(cli, { dryRun, user });
  else printLines(cli, [`${dryRun ? 'would remove' : 'removed'} ${user.address} (${user.name})`]);
}

async function addUser(cli: Cli, loginText: string, options: AddOptions): Promise<void> {
  const login = parseLogin(loginText);
  const admin = await openAdmin(options.dir);
  // Asked before the password is: nobody types one in vain.
  await admin.status();
  const password = await readNewPassword(cli, options.passwordFile);
  const { name, department } = options;
  const user = await registerUser(admin, { login, name, department, password });
  if (options.json) printJson(cli, { user });
  else printLines(cli, [`added ${user.address} (${user.name})`]);
}

async function listUsers(cli: Cli, { dir, all, json }: ListOptions): Promise<void> {
  const admin = await openAdmin(dir);
  const users = all ? await admin.directory() : await admin.users();
  if (json) printJson(cli, { users });
  else if (users.length === 0) printLines(cli, ['nobody yet; add one: canopy user add LOGIN --name "First Last"']);
  else {
    const rows = users.map(({ address, name, department = '', kind, status, hidden, alias = '' }) => {
      return [address, name, department, kind, hidden ? `${status}, hidden` : status, alias];
    });
    printLines(cli, tableLines(['USER', 'NAME', 'DEPARTMENT', 'KIND', 'STATUS', 'LOGIN ALONE'], rows));
  }
}
