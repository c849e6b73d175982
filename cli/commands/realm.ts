// canopy realm: a branch was seized and is cut off everywhere, or is gone for good and another keeps the order of its groups.
import { type Command, Option } from 'commander';
import type { Radius } from '../../node/admin/cert-api.ts';
import { RetirementClient } from '../../node/admin/retirement-api.ts';
import type { RealmName } from '../../src/realm/names.ts';
import { openDataDirectory } from '../../src/settings/data-directory.ts';
import { readRealmFile } from '../../src/settings/realm-file.ts';
import { type RevokeOptions, revokeTarget } from '../cert/revoking.ts';
import { type Cli, printJson, printLines } from '../cli.ts';
import { act, dirOption, jsonOption, makeCommand } from '../command.ts';
import { confirmed } from '../confirm.ts';
import { openAdmin } from '../open-admin.ts';
import { childName } from './invite.ts';

export function realmCommand(cli: Cli): Command {
  return makeCommand(cli, {
    name: 'realm',
    summary: 'Realms below this one',
    examples: [
      'canopy realm revoke lviv --dry-run --dir /srv/acme',
      'canopy realm revoke lviv --yes --dir /srv/acme',
      'canopy realm retire lviv --to kyiv --dir /srv/acme',
    ],
  })
    .addCommand(revokeCommand(cli))
    .addCommand(retireCommand(cli));
}

interface RetireOptions {
  readonly dir: string;
  readonly to: string | undefined;
  readonly dryRun: boolean;
  readonly yes: boolean;
  readonly json: boolean;
}

function retireCommand(cli: Cli): Command {
  return makeCommand(cli, {
    name: 'retire',
    summary: 'Have another realm keep the order of the groups of one that is gone for good',
    details:
      'Groups change their members and keys at the realm where they were made. When that realm will never come back, its ' +
      'successor takes over: it asks the realms with members what they have and goes on from the newest of it. What the retired ' +
      'realm accepted and nobody in reach has seen is void; devices that followed it join their groups anew by themselves. ' +
      'Messages never needed that realm. It cannot be undone, but the successor can be retired in turn.',
    examples: [
      'canopy realm retire lviv --dry-run --dir /srv/acme      what would be declared',
      'canopy realm retire lviv --to kyiv --dir /srv/acme      a branch, for groups of a branch',
    ],
  })
    .argument('<name>', 'the realm, whole or only the first label')
    .addOption(new Option('--to <realm>', 'the successor, whole or only the first label; default: this realm'))
    .addOption(new Option('--dry-run', 'only tell what would be declared').default(false))
    .addOption(new Option('--yes', 'do not ask').default(false))
    .addOption(dirOption(cli))
    .addOption(jsonOption())
    .action(act('the realm was not retired', (name: string, options: RetireOptions) => retire(cli, name, options)));
}

async function retire(cli: Cli, name: string, { dir, to, dryRun, yes, json }: RetireOptions): Promise<void> {
  const own = await readRealmFile(await openDataDirectory(dir));
  const wish = { realm: childName(name, own.realm), successor: successorName(to, own.realm) };
  const client = new RetirementClient(await openAdmin(dir));
  await client.retire({ ...wish, dryRun: true });
  const text = `${wish.successor} keeps the order of the groups of ${wish.realm} from now on`;
  if (!dryRun) {
    await confirmed(cli, `Declare ${wish.realm} gone for good? It cannot be undone.`, yes);
    await client.retire({ ...wish, dryRun });
  }
  if (json) printJson(cli, { ...wish, dryRun });
  else printLines(cli, [dryRun ? `Would declare: ${text}` : text]);
}

function successorName(to: string | undefined, own: RealmName): RealmName {
  return to === undefined || to === own ? own : childName(to, own);
}

function revokeCommand(cli: Cli): Command {
  return makeCommand(cli, {
    name: 'revoke',
    summary: 'Cut off a realm that was seized, with everything below it',
    details:
      'Revokes its authority and all that this realm has issued to it. Everybody refuses it within seconds, open connections ' +
      'end, messages to it are kept and not sent. It cannot be undone: the realm comes back by a new invitation, with new keys.',
    examples: [
      'canopy realm revoke lviv --dry-run --dir /srv/acme      what would be cut',
      'canopy realm revoke lviv --reason "server stolen" --dir /srv/acme',
    ],
  })
    .argument('<name>', 'the realm, whole or only the first label')
    .addOption(new Option('--reason <text>', 'for the audit log').default('seized'))
    .addOption(new Option('--dry-run', 'only tell what would be cut').default(false))
    .addOption(new Option('--yes', 'do not ask').default(false))
    .addOption(dirOption(cli))
    .addOption(jsonOption())
    .action(act('the realm was not revoked', (name: string, options: RevokeOptions) => revoke(cli, name, options)));
}

async function revoke(cli: Cli, name: string, options: RevokeOptions): Promise<void> {
  const own = await readRealmFile(await openDataDirectory(options.dir));
  const realm = childName(name, own.realm);
  await revokeTarget(cli, { kind: 'realm', realm }, options, (radius) => stepsFor(realm, radius, options));
}

/** What no certificate does. */
function stepsFor(realm: RealmName, { realms }: Radius, { dir, dryRun }: RevokeOptions): string[] {
  if (dryRun) return [];
  const label = realm.split('.')[0] ?? realm;
  return [
    `See that it is cut off: canopy status --dir ${dir} shows ${realms.join(', ')} as revoked and unreachable.`,
    `Tell colleagues: whatever ${realm} knew (address book, messages of its users, its users' password records) may be read.`,
    'Have its users change passwords that they use elsewhere; their accounts there are lost until the realm is made anew.',
    `Take its LAN authority out of the browsers that trusted it (lan.pem of ${realm}), and its DNS names out of your zones.`,
    `When there is a new server: canopy invite branch ${label} --dir ${dir}; it joins under the same name with new keys; what was kept for it is sent then.`,
  ];
}
