// canopy cert revoke: certificates that this realm has issued, by serial or by realm and role.
import { type Command, Option } from 'commander';
import type { Target } from '../../node/admin/cert-api.ts';
import { InputError } from '../../src/realm/errors.ts';
import { parseRealmName, ROLES, type Role } from '../../src/realm/names.ts';
import type { Cli } from '../cli.ts';
import { act, dirOption, jsonOption, makeCommand } from '../command.ts';
import { type RevokeOptions, revokeTarget } from './revoking.ts';

interface CertRevokeOptions extends RevokeOptions {
  readonly serial?: string;
  readonly role?: Role;
  readonly replaced: boolean;
}

export function revokeCommand(cli: Cli): Command {
  return makeCommand(cli, {
    name: 'revoke',
    summary: 'Revoke certificates that this realm has issued',
    details:
      'One by its serial (canopy cert list), or all of a realm: with --role those of its node or relay, without it its ' +
      'authority and so the realm with all below it. What is cut hears of it within seconds, everywhere; it cannot be ' +
      'undone. With --replaced only the keys of its authority that another has taken the place of: what stayed under them. ' +
      'For a branch that was stolen use "canopy realm revoke", which says what else there is to do.',
    examples: [
      'canopy cert revoke kyiv.acme.ua --role relay --dry-run --dir /srv/kyiv',
      'canopy cert revoke --serial 6a01b2c3 --yes --dir /srv/acme',
      'canopy cert revoke acme.ua --replaced --dry-run --dir /srv/ua',
    ],
  })
    .argument('[realm]', 'whose certificates')
    .option('--serial <hex>', 'one certificate')
    .addOption(new Option('--role <role>', 'of its node or of its relay alone').choices(ROLES))
    .addOption(new Option('--replaced', 'authorities of the realm that were replaced, and nothing else').default(false))
    .addOption(new Option('--reason <text>', 'for the audit log').default('not given'))
    .addOption(new Option('--dry-run', 'only tell what would be cut').default(false))
    .addOption(new Option('--yes', 'do not ask').default(false))
    .addOption(dirOption(cli))
    .addOption(jsonOption())
    .action(
      act('nothing was revoked', (realm: string | undefined, options: CertRevokeOptions) =>
        revokeTarget(cli, targetOf(realm, options), options),
      ),
    );
}

function targetOf(realm: string | undefined, { serial, role, replaced }: CertRevokeOptions): Target {
  if ((realm === undefined) === (serial === undefined))
    throw new InputError('usage', 'name a realm or a --serial, and not both');
  if (serial !== undefined && replaced) throw new InputError('usage', '--replaced goes with a realm');
  if (serial !== undefined) return { kind: 'serial', serial: serial.toLowerCase() };
  if (replaced) {
    if (role !== undefined) throw new InputError('usage', 'give one of --role and --replaced');
    return { kind: 'replaced', realm: parseRealmName(realm ?? '') };
  }
  return { kind: 'realm', realm: parseRealmName(realm ?? ''), ...(role ? { role } : {}) };
}
