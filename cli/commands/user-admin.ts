// canopy user show, reset, disable, enable, hide, unhide, sessions, sign-out, move: what an administrator does with an account that is there.
import { type Command, Option } from 'commander';
import { UserClient, type UserDetails } from '../../node/admin/user-api.ts';
import { registerPassword } from '../../src/crypto/login.ts';
import { parseUserId } from '../../src/realm/ids.ts';
import { parseRealmName } from '../../src/realm/names.ts';
import { parseLogin } from '../../src/realm/user-address.ts';
import { type Cli, printJson, printLines } from '../cli.ts';
import { act, dirOption, jsonOption, makeCommand } from '../command.ts';
import { confirmed } from '../confirm.ts';
import { openAdmin } from '../open-admin.ts';
import { readNewPassword } from '../secret-input.ts';
import { tableLines } from '../table.ts';
import { userProfileCommands } from './user-profile.ts';

interface Options {
  readonly dir: string;
  readonly json: boolean;
}

interface RiskyOptions extends Options {
  readonly yes: boolean;
  readonly dryRun: boolean;
}

type Run<O> = (login: string, options: O) => Promise<void>;

const dryRunOption = (): Option => new Option('--dry-run', 'only say what would be done').default(false);
const yesOption = (): Option => new Option('--yes', 'do not ask').default(false);

export function userAdminCommands(cli: Cli): Command[] {
  return [
    ofUser<Options>(cli, 'show', 'Tell what is known of a user', (login, options) => showUser(cli, login, options)),
    ofUser<Options>(cli, 'sessions', "Tell a user's devices and which are signed in", (login, options) =>
      showSessions(cli, login, options),
    ),
    resetCommand(cli),
    statusCommand(cli, 'disable', 'disabled', 'Let a user in no more, and end every session'),
    statusCommand(cli, 'enable', 'active', 'Let a disabled user in again'),
    hiddenCommand(cli, 'hide', true, 'Let nobody find a user who shares no conversation with the user'),
    hiddenCommand(cli, 'unhide', false, 'Let everybody find a hidden user again'),
    ...userProfileCommands(cli),
    signOutCommand(cli),
    moveCommand(cli),
  ];
}

function ofUser<O extends Options>(cli: Cli, name: string, summary: string, run: Run<O>, details?: string): Command {
  const examples = [`canopy user ${name} clerk --dir /srv/kyiv`, `canopy user ${name} clerk --json --dir /srv/kyiv`];
  return makeCommand(cli, { name, summary, examples, ...(details !== undefined && { details }) })
    .argument('<login>', 'a login of this realm')
    .addOption(dirOption(cli))
    .addOption(jsonOption())
    .action(act(`user ${name} was not done`, (login: string, options: O) => run(parseLogin(login), options)));
}

function resetCommand(cli: Cli): Command {
  return ofUser<RiskyOptions & { readonly passwordFile?: string }>(
    cli,
    'reset',
    'Give a user a new first password',
    (login, options) => resetUser(cli, login, options),
    'For a forgotten password. It gives back the login and not what the vault holds: that opens on a device which the user ' +
      'has signed in before, or with the recovery key. Without either the user begins anew, and everybody who knows the ' +
      'user is told of another identity.',
  )
    .addOption(new Option('--password-file <file>', 'read the first password from a file'))
    .addOption(dryRunOption())
    .addOption(yesOption());
}

function statusCommand(cli: Cli, name: string, status: 'active' | 'disabled', summary: string): Command {
  return ofUser<RiskyOptions>(cli, name, summary, async (login, { dir, json, yes, dryRun }) => {
    const admin = await openAdmin(dir);
    const users = new UserClient(admin);
    const { address } = await users.show(login);
    if (!dryRun) {
      if (status === 'disabled') await confirmed(cli, `Disable ${address} and end every session?`, yes);
      await users.setStatus(login, status);
    }
    if (json) printJson(cli, { dryRun, address, status });
    else printLines(cli, [`${dryRun ? 'would become' : 'now'} ${status}: ${address}`]);
  })
    .addOption(dryRunOption())
    .addOption(yesOption());
}

function hiddenCommand(cli: Cli, name: string, hidden: boolean, summary: string): Command {
  const details =
    'Whoever looks for a hidden user, here or in another branch, is told that there is none, by the login, by a search or by the id. ' +
    'Those who share a conversation with the user go on as before, and so does whoever the user writes to. A hidden user finds everybody. ' +
    'Administrators see hidden users in `canopy user list`. In other enterprises it may take ten minutes.';
  const run: Run<Options> = async (login, { dir, json }) => {
    const done = await new UserClient(await openAdmin(dir)).setHidden(login, hidden);
    if (json) return printJson(cli, done);
    printLines(cli, [`${done.address} is ${done.hidden ? 'hidden' : 'found by everybody'}`]);
  };
  return ofUser(cli, name, summary, run, details);
}

function signOutCommand(cli: Cli): Command {
  return ofUser<RiskyOptions & { readonly device?: string }>(
    cli,
    'sign-out',
    "End a user's sessions, or one device for good",
    (login, options) => signOut(cli, login, options),
    'With --device that device is told to wipe what it holds, now or when it comes back, and counts for nobody any more. ' +
      'Without it all sessions end, and the same devices may log in again.',
  )
    .addOption(new Option('--device <id>', 'as `canopy user sessions` names it'))
    .addOption(dryRunOption())
    .addOption(yesOption());
}

function moveCommand(cli: Cli): Command {
  return ofUser<RiskyOptions & { readonly to: string }>(
    cli,
    'move',
    'Hand a user over to another branch of the enterprise',
    (login, options) => moveUser(cli, login, options),
    'The user keeps the id, the identity, the devices and the vault; the address changes, and colleagues see the same person. The ' +
      'password stays behind: the administrator of the other branch gives a first one with `canopy user reset`.',
  )
    .requiredOption('--to <realm>', 'the branch that the user belongs to from now on')
    .addOption(dryRunOption())
    .addOption(yesOption());
}

async function moveUser(
  cli: Cli,
  login: string,
  { dir, json, yes, dryRun, to }: RiskyOptions & { readonly to: string },
): Promise<void> {
  const users = new UserClient(await openAdmin(dir));
  const realm = parseRealmName(to);
  const { address } = await users.show(login);
  if (!dryRun) {
    await confirmed(cli, `Hand ${address} over to ${realm}? Every session ends.`, yes);
    await users.move(login, realm);
  }
  if (json) return printJson(cli, { dryRun, address, to: realm });
  printLines(cli, [
    `${dryRun ? 'would move' : 'moved'} ${address} to ${realm}`,
    `there: canopy user reset ${login}, once the branch has heard of it`,
  ]);
}

async function showUser(cli: Cli, login: string, { dir, json }: Options): Promise<void> {
  const user = await new UserClient(await openAdmin(dir)).show(login);
  if (json) return printJson(cli, { user });
  const { identity } = user;
  printLines(cli, [
    `${user.address}  ${user.name}`,
    `id        ${user.id}`,
    ...(user.department === undefined ? [] : [`works in  ${user.department}`]),
    `status    ${user.status}${user.hidden ? ', hidden' : ''}${user.mustChangePassword ? ', must change the first password' : ''}`,
    `identity  ${identity ? `${identity.key.slice(0, 16)}…, number ${identity.sequence}` : 'none before the first login'}`,
    `vault     ${user.hasVault ? 'yes' : 'no'}`,
    `devices   ${user.devices.length}`,
  ]);
}

async function showSessions(cli: Cli, login: string, { dir, json }: Options): Promise<void> {
  const { address, devices } = await new UserClient(await openAdmin(dir)).show(login);
  if (json) return printJson(cli, { address, devices: devices.map(viewDevice) });
  if (devices.length === 0) return printLines(cli, [`${address} has no devices`]);
  const rows = devices.map((device) => {
    const { id, name, signedIn, lastSeen } = viewDevice(device);
    return [id, name, signedIn ? 'yes' : 'no', lastSeen ?? ''];
  });
  printLines(cli, tableLines(['DEVICE', 'NAME', 'SIGNED IN', 'LAST SEEN'], rows));
}

function viewDevice({ lastSeen, ...device }: UserDetails['devices'][number]) {
  return lastSeen === undefined
    ? { ...device, lastSeen: undefined }
    : { ...device, lastSeen: new Date(lastSeen).toISOString() };
}

async function resetUser(
  cli: Cli,
  login: string,
  { dir, json, yes, dryRun, passwordFile }: RiskyOptions & { readonly passwordFile?: string },
): Promise<void> {
  const admin = await openAdmin(dir);
  const users = new UserClient(admin);
  const { address, hasVault } = await users.show(login);
  if (!dryRun) {
    await confirmed(cli, `Reset the password of ${address}? Every session ends.`, yes);
    const password = await readNewPassword(cli, passwordFile);
    const { realm } = await admin.status();
    let registrationId = '';
    const { record } = await registerPassword(password, realm, async (request) => {
      const started = await users.startReset(login, request);
      registrationId = started.registrationId;
      return { response: started.response, userId: parseUserId(started.userId) };
    });
    await users.finishReset(registrationId, record);
  }
  if (json) return printJson(cli, { dryRun, address, hasVault });
  const vault = hasVault ? '; the vault opens on a known device or with the recovery key' : '';
  printLines(cli, [`${dryRun ? 'would reset' : 'reset'} the password of ${address}${vault}`]);
}

async function signOut(
  cli: Cli,
  login: string,
  { dir, json, yes, dryRun, device }: RiskyOptions & { readonly device?: string },
): Promise<void> {
  const users = new UserClient(await openAdmin(dir));
  const { address, devices } = await users.show(login);
  const meant = devices.filter(({ id, signedIn }) => (device === undefined ? signedIn : id === device));
  if (!dryRun) {
    const what = device === undefined ? 'Sign out' : `Sign out and wipe the device ${device} of`;
    await confirmed(cli, `${what} ${address}?`, yes);
    await users.signOut(login, device);
  }
  if (json) return printJson(cli, { dryRun, address, devices: meant.map(({ id }) => id), wiped: device !== undefined });
  printLines(cli, [`${dryRun ? 'would sign out' : 'signed out'} ${address}: ${meant.length} devices`]);
}
