// canopy files usage, verify, gc: the encrypted files that this realm holds for its people.

import { type Command, Option } from 'commander';
import { FileClient, type FilesSwept, type FilesUsage } from '../../node/admin/file-api.ts';
import { byteSize } from '../byte-size.ts';
import { type Cli, printJson, printLines } from '../cli.ts';
import { act, dirOption, jsonOption, makeCommand } from '../command.ts';
import { confirmed } from '../confirm.ts';
import { FindingsPresent } from '../exit-codes.ts';
import { openAdmin } from '../open-admin.ts';
import { tableLines } from '../table.ts';

interface Options {
  readonly dir: string;
  readonly json: boolean;
}

interface ActOptions extends Options {
  readonly dryRun: boolean;
}

const DAY = 24 * 60 * 60 * 1000;

export function filesCommand(cli: Cli): Command {
  return makeCommand(cli, {
    name: 'files',
    summary: 'The encrypted files that this realm holds',
    details:
      'Nobody but the members of a conversation can open a file; a server sees its size, who sent it and where.\n' +
      'Limits are policies: canopy policy set file-size|file-quota|file-store|file-retention.',
    examples: ['canopy files usage --dir /srv/kyiv', 'canopy files gc --dry-run --dir /srv/kyiv'],
  })
    .addCommand(usageCommand(cli))
    .addCommand(verifyCommand(cli))
    .addCommand(collectCommand(cli));
}

function usageCommand(cli: Cli): Command {
  return makeCommand(cli, {
    name: 'usage',
    summary: 'Tell how much lies here, and whose uploads it is',
    examples: ['canopy files usage --dir /srv/kyiv', 'canopy files usage --json --dir /srv/kyiv'],
  })
    .addOption(dirOption(cli))
    .addOption(jsonOption())
    .action(act('the files are not known', (options: Options) => usage(cli, options)));
}

function verifyCommand(cli: Cli): Command {
  return makeCommand(cli, {
    name: 'verify',
    summary: 'Read every stored byte and compare it with its hash',
    details:
      'What is damaged is fetched again from another realm that has it. Ends with 7 when something was damaged.\n' +
      'With --dry-run nothing is fetched.',
    examples: ['canopy files verify --dir /srv/kyiv', 'canopy files verify --dry-run --json --dir /srv/kyiv'],
  })
    .addOption(dryRunOption())
    .addOption(dirOption(cli))
    .addOption(jsonOption())
    .action(act('the files were not verified', (options: ActOptions) => verify(cli, options)));
}

function collectCommand(cli: Cli): Command {
  return makeCommand(cli, {
    name: 'gc',
    summary: 'Take away files that nobody refers to, or that are older than the policy keeps them',
    details: 'The node does it by itself once an hour. With --dry-run it tells what would go.',
    examples: ['canopy files gc --dry-run --dir /srv/kyiv', 'canopy files gc --yes --dir /srv/kyiv'],
  })
    .addOption(dryRunOption())
    .addOption(new Option('--yes', 'do not ask').default(false))
    .addOption(dirOption(cli))
    .addOption(jsonOption())
    .action(act('nothing was taken away', (options: ActOptions & { yes: boolean }) => collect(cli, options)));
}

function dryRunOption(): Option {
  return new Option('--dry-run', 'change nothing').default(false);
}

async function usage(cli: Cli, options: Options): Promise<void> {
  const found = await (await clientOf(options)).usage();
  if (options.json) return printJson(cli, { files: found });
  const { all, users } = found;
  printLines(cli, [
    `${all.blobs} files, ${byteSize(all.bytes)}; ${all.uploads} uploads under way, ${byteSize(all.announced)} announced`,
    limitsLine(found),
    ...(users.length === 0 ? [] : tableLines(['USER', 'FILES', 'SIZE', 'UPLOADS'], users.map(rowOf))),
  ]);
}

function rowOf({ user, blobs, bytes, uploads }: FilesUsage['users'][number]): string[] {
  return [user, String(blobs), byteSize(bytes), String(uploads)];
}

function limitsLine({ limits: { fileSize, userQuota, store, retention } }: FilesUsage): string {
  const kept = retention === null ? 'while a message refers to them' : `${retention / DAY} days`;
  const room = store === null ? 'the disk' : byteSize(store);
  return `limits: ${byteSize(fileSize)} a file, ${byteSize(userQuota)} a user, ${room} in all; kept ${kept}`;
}

async function verify(cli: Cli, options: ActOptions): Promise<void> {
  const verdict = await (await clientOf(options)).verify(options.dryRun);
  if (options.json) printJson(cli, { files: verdict });
  else {
    const rows = verdict.damaged.map(({ id, chunks, mended }) => [id, String(chunks), mended ? 'mended' : 'damaged']);
    printLines(cli, [
      `${verdict.blobs} files, ${byteSize(verdict.bytes)}: ${rows.length === 0 ? 'all whole' : `${rows.length} damaged`}`,
      ...(rows.length === 0 ? [] : tableLines(['FILE', 'CHUNKS', 'STATE'], rows)),
    ]);
  }
  if (verdict.damaged.length > 0) throw new FindingsPresent();
}

async function collect(cli: Cli, options: ActOptions & { yes: boolean }): Promise<void> {
  const client = await clientOf(options);
  if (!options.dryRun && !options.yes) {
    const planned = await client.collect(true);
    await confirmed(cli, `Take away ${sweptLine(planned)}?`, false);
  }
  const swept = await client.collect(options.dryRun);
  if (options.json) printJson(cli, { dryRun: options.dryRun, files: swept });
  else printLines(cli, [`${options.dryRun ? 'would go' : 'gone'}: ${sweptLine(swept)}`]);
}

function sweptLine({ unreferenced, expired, uploads, partial, bytes }: FilesSwept): string {
  const whole = `${unreferenced} files that nobody refers to, ${expired} past their time (${byteSize(bytes)})`;
  return `${whole}, ${uploads} uploads and ${partial} transfers that were given up`;
}

async function clientOf({ dir }: Options): Promise<FileClient> {
  return new FileClient(await openAdmin(dir));
}
