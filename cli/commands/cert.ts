// canopy cert show, list, renew, retire, revoke, sign, lists.
import type { Command } from 'commander';
import { listCommand } from '../cert/list.ts';
import { listsCommand } from '../cert/lists.ts';
import { renewCommand } from '../cert/renew.ts';
import { retireCommand } from '../cert/retire.ts';
import { revokeCommand } from '../cert/revoke.ts';
import { showCommand } from '../cert/show.ts';
import { signCommand } from '../cert/sign.ts';
import type { Cli } from '../cli.ts';
import { makeCommand } from '../command.ts';

export function certCommand(cli: Cli): Command {
  return makeCommand(cli, {
    name: 'cert',
    summary: 'Certificates: what there is, when it ends, renewing and revoking',
    examples: [
      'canopy cert list --dir /srv/acme                        all that this realm knows of, with days left',
      'canopy cert revoke lviv.acme.ua --role relay --dry-run  what would be cut',
      'canopy cert show --lan-authority --dir /srv/kyiv > lan.pem',
    ],
  })
    .addCommand(showCommand(cli))
    .addCommand(listCommand(cli))
    .addCommand(renewCommand(cli))
    .addCommand(retireCommand(cli))
    .addCommand(revokeCommand(cli))
    .addCommand(signCommand(cli))
    .addCommand(listsCommand(cli));
}
