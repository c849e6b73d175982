// canopy chat: a terminal client for operators, scripts and tests.
import type { Command } from 'commander';
import { type Client, createClient, english, sentenceOf } from '../../src/client/client.ts';
import { codeOf, InputError, RefusedError } from '../../src/realm/errors.ts';
import { formatUserAddress, parseUserAddress } from '../../src/realm/user-address.ts';
import { humanChat } from '../chat/human-chat.ts';
import { jsonChat } from '../chat/json-chat.ts';
import { chatFolder, openKeptDevice } from '../chat/kept-device.ts';
import { checkServer, nodePlatform } from '../chat/node-platform.ts';
import type { Cli } from '../cli.ts';
import { act, jsonOption, makeCommand } from '../command.ts';
import { readGivenText } from '../given-file.ts';
import { askPassword, askTwice, readSecretFile } from '../secret-input.ts';

interface ChatOptions {
  readonly server: string;
  readonly user: string;
  readonly ca?: string;
  readonly passwordFile?: string;
  readonly root?: string;
  readonly json: boolean;
}

export function chatCommand(cli: Cli): Command {
  return makeCommand(cli, {
    name: 'chat',
    summary: 'Write and read messages in the terminal',
    details:
      'The password comes from CANOPY_PASSWORD, --password-file or a prompt; at a first login CANOPY_NEW_PASSWORD becomes the new one.\n' +
      'Keys that are locked on this device are opened by CANOPY_RECOVERY_KEY or a prompt.\n' +
      'When the server shows older keys than this device knows, and no device of yours can give the newer ones back,\n' +
      'CANOPY_ACCEPT_OLDER_KEYS=<recovery key> takes the older ones: keys, settings and drafts since then are lost,\n' +
      'with the messages that only those keys open. Start your other devices first: one that holds the newer ones gives them back.\n' +
      'What this device needs to read what was written to it is kept in CANOPY_CHAT_DIR, by default below ~/.local/state/canopy/chat.\n' +
      'With --json each line in and out is one JSON object; docs/protocols/lan-api.md tells which.',
    examples: [
      'canopy chat --server https://kyiv.acme.ua:8443 --user clerk@kyiv.acme.ua --ca lan-authority.pem',
      'canopy chat --server http://kyiv.localhost:7101 --user clerk@kyiv.acme.ua --json < lines',
    ],
  })
    .requiredOption('--server <url>', "the node's LAN address")
    .requiredOption('--user <user@realm>', 'who you are')
    .option('--ca <file>', "the LAN authority's certificate (canopy cert show --lan-authority --pem)")
    .option('--password-file <file>', 'read the password from this file')
    .option(
      '--root <fingerprint>',
      "SHA-256 of the root's certificate, as `canopy cert show` lists it: no other is believed",
    )
    .addOption(jsonOption())
    .action(act('the chat ended', (options: ChatOptions) => chat(cli, options)));
}

async function chat(cli: Cli, options: ChatOptions): Promise<void> {
  const user = formatUserAddress(parseUserAddress(options.user));
  const ca = options.ca === undefined ? undefined : await readGivenText(options.ca);
  checkServer(options.server);
  const platform = nodePlatform(ca === undefined ? {} : { ca });
  const kept = await openKeptDevice(chatFolder(cli, options.server, user));
  const root = options.root === undefined ? {} : { root: parseFingerprint(options.root) };
  const client = createClient({ server: options.server, ...platform, ...kept, ...root, deviceName: 'terminal' });
  const ended = new AbortController();
  client.on('signed-out', ({ code }) => ended.abort(new RefusedError(code, 'the session ended')));
  client.on('wiped', () => ended.abort(new RefusedError('device-wiped', sentenceOf(english, 'device-wiped'))));
  try {
    const password = await passwordOf(cli, options);
    await login(cli, client, user, password);
    await unlock(cli, client, password);
    const signal = AbortSignal.any([cli.stopSignal(), ended.signal]);
    await (options.json ? jsonChat : humanChat)(cli, client, signal);
    ended.signal.throwIfAborted();
  } finally {
    client.disconnect();
    await platform.close();
    // No session of a run that is over stays behind; without an answer it expires.
    if (client.me) await client.logout({ keepDevice: true }).catch(() => {});
    await platform.close();
  }
}

/** A script that runs a second time gives the same two passwords; by then the new one is the one that fits. */
async function login(cli: Cli, client: Client, user: string, password: string): Promise<void> {
  const newPassword = cli.env['CANOPY_NEW_PASSWORD'] || undefined;
  try {
    await client.login(user, password, newPassword === undefined ? {} : { newPassword });
  } catch (error) {
    const code = codeOf(error);
    if (code === 'wrong-password' && newPassword !== undefined) await client.login(user, newPassword);
    else if (code === 'password-change-required' && cli.interactive) {
      await client.login(user, password, { newPassword: await askTwice('This is a first password. Choose a new one') });
    } else throw error;
  }
}

/** Neither the password nor this device opens the keys; or the password was made by somebody else. */
async function unlock(cli: Cli, client: Client, password: string): Promise<void> {
  if (client.accountState.kind === 'locked') {
    const given = cli.env['CANOPY_RECOVERY_KEY'] || undefined;
    if (given === undefined && !cli.interactive) return;
    await client.recoverAccount(given ?? (await askPassword('Recovery key')));
  }
  const olderBy = cli.env['CANOPY_ACCEPT_OLDER_KEYS'] || undefined;
  if (client.accountState.kind === 'refused' && olderBy !== undefined) await client.acceptOlderVault(olderBy);
  const { accountState: state } = client;
  const newPassword = cli.env['CANOPY_NEW_PASSWORD'] || password;
  if (state.kind === 'open' && state.password && newPassword !== password) {
    await client.changePassword(password, newPassword);
  }
}

function parseFingerprint(text: string): string {
  const root = text.toLowerCase().replaceAll(':', '');
  if (/^[0-9a-f]{64}$/.test(root)) return root;
  throw new InputError('bad-fingerprint', `"${text}" is not a fingerprint; expected 64 hexadecimal digits`);
}

async function passwordOf(cli: Cli, options: ChatOptions): Promise<string> {
  if (options.passwordFile !== undefined) return readSecretFile(options.passwordFile);
  const given = cli.env['CANOPY_PASSWORD'];
  if (given !== undefined && given !== '') return given;
  if (cli.interactive) return askPassword('Password');
  throw new InputError('password-missing', 'no password was given', {
    hint: 'Set CANOPY_PASSWORD, or add --password-file FILE.',
  });
}
