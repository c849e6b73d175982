// canopy lock and unlock: a branch that is about to be seized lets nobody in any more, and its devices may erase what they hold.
import { type Command, Option } from 'commander';
import { LockClient } from '../../node/admin/lock-api.ts';
import { openDataDirectory } from '../../src/settings/data-directory.ts';
import { readRealmFile } from '../../src/settings/realm-file.ts';
import { type Cli, printJson, printLines } from '../cli.ts';
import { act, dirOption, jsonOption, makeCommand } from '../command.ts';
import { confirmed } from '../confirm.ts';
import { openAdmin } from '../open-admin.ts';
import { asTime } from '../times.ts';

interface UnlockOptions {
  readonly dir: string;
  readonly json: boolean;
}

interface LockOptions extends UnlockOptions {
  readonly wipe: boolean;
  readonly yes: boolean;
}

export function lockCommand(cli: Cli): Command {
  return makeCommand(cli, {
    name: 'lock',
    summary: 'Let nobody in any more, at once: this branch may be about to be seized',
    details:
      'Every session ends and no login is accepted, here, for its people in other branches, and for visitors, until "canopy unlock"; ' +
      'a restart changes nothing. Pages lock and show nothing. Messages for the branch are still taken and kept, sealed. With --wipe ' +
      'each device also erases what it holds, now or when it is next here; that is not undone: what waits there to be sent is lost, ' +
      'the rest comes back from the vault by the password. What lies on this server stays on it: have the branch revoked from above as well (canopy realm revoke).',
    examples: [
      'canopy lock --yes --dir /srv/kyiv           close the branch now',
      'canopy lock --wipe --yes --dir /srv/kyiv    and have devices erase what they hold; also later, on top of a lock',
    ],
  })
    .addOption(new Option('--wipe', 'devices erase what they hold').default(false))
    .addOption(new Option('--yes', 'do not ask').default(false))
    .addOption(dirOption(cli))
    .addOption(jsonOption())
    .action(act('the branch is not known to be locked', (options: LockOptions) => lock(cli, options)));
}

async function lock(cli: Cli, { dir, wipe, yes, json }: LockOptions): Promise<void> {
  const { realm } = await readRealmFile(await openDataDirectory(dir));
  const admin = await openAdmin(dir);
  await confirmed(cli, questionOf(realm, wipe), yes);
  const { since, ...done } = await new LockClient(admin).lock({ wipe });
  if (json) return printJson(cli, { realm, since: asTime(since), ...done });
  printLines(cli, [
    `${realm} is locked since ${asTime(since)}; sessions that ended: ${done.sessions}`,
    ...(done.wipe ? [`devices that erase what they hold, now or when they are next here: ${done.devices}`] : []),
    `When the danger is over: canopy unlock --dir ${dir}`,
    'If the server is lost: canopy realm revoke, run at the realm above.',
  ]);
}

function questionOf(realm: string, wipe: boolean): string {
  const closed = `Lock ${realm}? Every session ends, and nobody can log in.`;
  return wipe ? `${closed} Every device erases what it holds, and that can't be undone.` : closed;
}

export function unlockCommand(cli: Cli): Command {
  return makeCommand(cli, {
    name: 'unlock',
    summary: 'Let people log in again after "canopy lock"',
    details: 'Everybody logs in anew. Devices that were to erase what they hold still do so first.',
    examples: ['canopy unlock --dir /srv/kyiv', 'canopy unlock --json --dir /srv/kyiv'],
  })
    .addOption(dirOption(cli))
    .addOption(jsonOption())
    .action(act('the branch was not unlocked', (options: UnlockOptions) => unlock(cli, options)));
}

async function unlock(cli: Cli, { dir, json }: UnlockOptions): Promise<void> {
  const { realm } = await readRealmFile(await openDataDirectory(dir));
  const { since } = await new LockClient(await openAdmin(dir)).unlock();
  const wasLocked = since !== undefined;
  if (json) return printJson(cli, { realm, wasLocked, ...(wasLocked && { since: asTime(since) }) });
  printLines(cli, [
    wasLocked ? `${realm} is open again; it was locked since ${asTime(since)}` : `${realm} was not locked`,
  ]);
}
