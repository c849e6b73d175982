// canopy user photo, department: what colleagues see of a user beside the name.
import { type Command, Option } from 'commander';
import { UserClient } from '../../node/admin/user-api.ts';
import { MAX_DEPARTMENT, parseDepartment } from '../../src/protocols/profile/record.ts';
import { InputError } from '../../src/realm/errors.ts';
import { MAX_PHOTO, MAX_SIDE, parsePhoto } from '../../src/realm/photo.ts';
import { parseLogin } from '../../src/realm/user-address.ts';
import { type Cli, printJson, printLines } from '../cli.ts';
import { act, dirOption, jsonOption, makeCommand } from '../command.ts';
import { readGivenFile } from '../given-file.ts';
import { openAdmin } from '../open-admin.ts';

interface Options {
  readonly dir: string;
  readonly json: boolean;
  readonly remove: boolean;
}

export function userProfileCommands(cli: Cli): Command[] {
  return [photoCommand(cli), departmentCommand(cli)];
}

function photoCommand(cli: Cli): Command {
  return makeCommand(cli, {
    name: 'photo',
    summary: "Set a user's photo, or remove it",
    details:
      `A WebP, JPEG or PNG of at most ${MAX_PHOTO / 1024} KiB and ${MAX_SIDE} points a side, best a square of 144; it goes as it is, with what the file ` +
      'says of camera and place. Users can choose one themselves, in the settings of their page, which draws it anew.',
    examples: [
      'canopy user photo clerk clerk.webp --dir /srv/kyiv',
      'canopy user photo clerk --remove --json --dir /srv/kyiv',
    ],
  })
    .argument('<login>', 'a login of this realm')
    .argument('[file]', 'the picture')
    .addOption(new Option('--remove', 'erase the photo').default(false))
    .addOption(dirOption(cli))
    .addOption(jsonOption())
    .action(
      act('user photo was not done', (login: string, file: string | undefined, options: Options) =>
        setPhoto(cli, parseLogin(login), file, options),
      ),
    );
}

async function setPhoto(
  cli: Cli,
  login: string,
  file: string | undefined,
  { dir, json, remove }: Options,
): Promise<void> {
  if ((file === undefined) !== remove)
    throw new InputError('usage', 'name a picture, or say --remove', { hint: 'Run: canopy user photo --help' });
  const photo = file === undefined ? undefined : parsePhoto(await readGivenFile(file));
  const address = await new UserClient(await openAdmin(dir)).setPhoto(login, photo);
  if (json) return printJson(cli, { address, bytes: photo?.length ?? 0 });
  printLines(cli, [photo ? `${address} has a photo of ${photo.length} bytes` : `${address} has no photo`]);
}

function departmentCommand(cli: Cli): Command {
  return makeCommand(cli, {
    name: 'department',
    summary: 'Say where a user works, or take that back',
    details: `At most ${MAX_DEPARTMENT} characters, which colleagues see beside the name. Users cannot change it themselves.`,
    examples: [
      'canopy user department clerk Accounts --dir /srv/kyiv',
      'canopy user department clerk --remove --json --dir /srv/kyiv',
    ],
  })
    .argument('<login>', 'a login of this realm')
    .argument('[department]', 'where the user works')
    .addOption(new Option('--remove', 'erase the department').default(false))
    .addOption(dirOption(cli))
    .addOption(jsonOption())
    .action(
      act('user department was not done', (login: string, department: string | undefined, options: Options) =>
        setDepartment(cli, parseLogin(login), department, options),
      ),
    );
}

async function setDepartment(
  cli: Cli,
  login: string,
  given: string | undefined,
  { dir, json, remove }: Options,
): Promise<void> {
  if ((given === undefined) !== remove)
    throw new InputError('usage', 'name a department, or say --remove', { hint: 'Run: canopy user department --help' });
  const wanted = given === undefined ? undefined : parseDepartment(given.trim());
  const { address, department } = await new UserClient(await openAdmin(dir)).setDepartment(login, wanted);
  if (json) return printJson(cli, { address, department: department ?? null });
  printLines(cli, [department === undefined ? `${address} has no department` : `${address} works in ${department}`]);
}
