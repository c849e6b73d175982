// canopy incarnation show, confirm: whether this server may write, and the operator's word that it may.

import { type Command, Option } from 'commander';
import { type IncarnationRow, LedgerClient } from '../../node/admin/ledger-api.ts';
import { type Cli, printJson, printLines } from '../cli.ts';
import { act, dirOption, jsonOption, makeCommand } from '../command.ts';
import { confirmed } from '../confirm.ts';
import { openAdmin } from '../open-admin.ts';

interface Options {
  readonly dir: string;
  readonly json: boolean;
}

export function incarnationCommand(cli: Cli): Command {
  return makeCommand(cli, {
    name: 'incarnation',
    summary: 'Whether this server may number what it writes',
    details:
      'A server that was restored from a copy asks other realms what it wrote before, and writes nothing until one has ' +
      'answered. When nobody can, the operator may say that the copy is the newest there is.',
    examples: ['canopy incarnation show --dir /srv/kyiv', 'canopy incarnation confirm --dir /srv/kyiv'],
  })
    .addCommand(showCommand(cli))
    .addCommand(confirmCommand(cli));
}

function showCommand(cli: Cli): Command {
  return makeCommand(cli, {
    name: 'show',
    summary: 'Tell the incarnation, who was asked, and whether anything is withheld',
    examples: ['canopy incarnation show --json --dir /srv/kyiv'],
  })
    .addOption(dirOption(cli))
    .addOption(jsonOption())
    .action(
      act('the incarnation is not known', async ({ dir, json }: Options) =>
        print(cli, await (await clientOf(dir)).incarnation(), json),
      ),
    );
}

function confirmCommand(cli: Cli): Command {
  return makeCommand(cli, {
    name: 'confirm',
    summary: 'Let a restored server write without a witness',
    details:
      'Numbers that the lost server gave out after the copy was made will be given out again: whoever has seen them will ' +
      'take this realm for one that signs two histories. Where that is proven already, the realm above is asked for a new ' +
      'incarnation, with which others follow this realm again. The act is audited.',
    examples: ['canopy incarnation confirm --yes --dir /srv/kyiv'],
  })
    .addOption(new Option('--yes', 'do not ask').default(false))
    .addOption(dirOption(cli))
    .addOption(jsonOption())
    .action(
      act('nothing was confirmed', async ({ dir, json, yes }: Options & { yes: boolean }) => {
        const client = await clientOf(dir);
        await confirmed(cli, 'Is this copy the newest state of this realm that exists?', yes);
        print(cli, await client.confirmIncarnation(), json);
      }),
    );
}

const clientOf = async (dir: string): Promise<LedgerClient> => new LedgerClient(await openAdmin(dir));

function print(cli: Cli, row: IncarnationRow, json: boolean): void {
  if (json) return printJson(cli, { ...row, mayWrite: row.withheld === undefined });
  printLines(cli, [
    `incarnation  ${row.incarnation}`,
    `writes       ${row.withheld === undefined ? 'yes' : `no (${row.withheld})`}`,
    `witnesses    ${row.witnesses.length > 0 ? row.witnesses.join(', ') : 'none has answered'}`,
  ]);
}
