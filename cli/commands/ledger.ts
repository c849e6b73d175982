// canopy ledger verify, tail: the signed chains that this realm holds.

import { type Command, Option } from 'commander';
import { type ChainRow, type EntryRow, LedgerClient, MAX_TAIL } from '../../node/admin/ledger-api.ts';
import { sleep, systemClock } from '../../src/realm/clock.ts';
import { InputError } from '../../src/realm/errors.ts';
import { parseRealmName } from '../../src/realm/names.ts';
import { type Cli, printJson, printLines } from '../cli.ts';
import { act, dirOption, jsonOption, makeCommand } from '../command.ts';
import { FindingsPresent } from '../exit-codes.ts';
import { openAdmin } from '../open-admin.ts';
import { tableLines } from '../table.ts';
import { asTime } from '../times.ts';

interface Options {
  readonly dir: string;
  readonly json: boolean;
}

interface TailOptions extends Options {
  readonly realm?: string;
  readonly chain?: 'network' | 'directory';
  readonly number: string;
  readonly follow: boolean;
}

/** Milliseconds between two looks of `--follow`. */
const INTERVAL = 1000;

export function ledgerCommand(cli: Cli): Command {
  return makeCommand(cli, {
    name: 'ledger',
    summary: 'The signed chains that this realm holds',
    details: 'Two chains for each realm: network (realms, revocations, trusts) and directory (users, without names).',
    examples: ['canopy ledger verify --dir /srv/kyiv', 'canopy ledger tail --follow --dir /srv/kyiv'],
  })
    .addCommand(verifyCommand(cli))
    .addCommand(tailCommand(cli));
}

function verifyCommand(cli: Cli): Command {
  return makeCommand(cli, {
    name: 'verify',
    summary: 'Check every entry on disk, and what others have countersigned',
    details:
      'Own and followed chains from the first entry on: hashes, keys, signatures, snapshots. For each chain, who has ' +
      'countersigned which number. Ends with 7 when something does not stand, or a realm has signed two histories.',
    examples: ['canopy ledger verify --dir /srv/kyiv', 'canopy ledger verify --json --dir /srv/kyiv'],
  })
    .addOption(dirOption(cli))
    .addOption(jsonOption())
    .action(act('the ledger was not verified', (options: Options) => verify(cli, options)));
}

function tailCommand(cli: Cli): Command {
  return makeCommand(cli, {
    name: 'tail',
    summary: 'Show the newest entries',
    details: 'With --json one document; with --follow as well, one document for each entry.',
    examples: [
      'canopy ledger tail --dir /srv/kyiv',
      'canopy ledger tail --realm lviv.acme.ua --chain directory -n 50 --dir /srv/kyiv',
      'canopy ledger tail --follow --json --dir /srv/kyiv',
    ],
  })
    .addOption(new Option('--realm <realm>', 'the chains of this realm only'))
    .addOption(new Option('--chain <chain>', 'this chain only').choices(['network', 'directory']))
    .addOption(new Option('-n, --number <count>', 'how many').default('20'))
    .addOption(new Option('-f, --follow', 'go on with what comes').default(false))
    .addOption(dirOption(cli))
    .addOption(jsonOption())
    .action(act('the ledger is not shown', (options: TailOptions) => tail(cli, options)));
}

async function verify(cli: Cli, { dir, json }: Options): Promise<void> {
  const client = new LedgerClient(await openAdmin(dir));
  const { realm, chains } = await client.verify();
  if (json) printJson(cli, { realm, chains: chains.map(chainJson) });
  else printLines(cli, chains.flatMap(chainLines));
  if (chains.some(isWrong)) throw new FindingsPresent();
}

function isWrong({ whole, fraud, witnesses }: ChainRow): boolean {
  return (
    !whole || (fraud !== undefined && fraud.over === undefined) || witnesses.some(({ says }) => says === 'contradicts')
  );
}

function chainLines(row: ChainRow): string[] {
  const { realm, chain, n, incarnation, from, whole, damage, fraud, rewinds, witnesses } = row;
  const since = from > 1 ? `, from the snapshot ${from} on` : '';
  const state = whole ? 'whole' : `entry ${damage?.n} does not stand (${damage?.code}): ${damage?.why}`;
  const lines = [`${realm} ${chain}: ${n} entries${since}, incarnation ${incarnation}: ${state}`];
  if (fraud !== undefined) lines.push(...fraudLines(realm, fraud));
  for (const { incarnation: to, begins, was } of rewinds)
    lines.push(
      `  incarnation ${to} began at ${begins}: entries up to ${was} that were here gave way to it and are kept aside`,
    );
  for (const { realm: by, n: at, time, says } of witnesses)
    lines.push(`  ${by} has countersigned ${at} at ${asTime(time)}: ${WORDS[says]}`);
  return lines;
}

function fraudLines(realm: string, { n, incarnation, since, over }: NonNullable<ChainRow['fraud']>): string[] {
  const what = `${realm} signed two entries for number ${n} in incarnation ${incarnation}; proof kept since ${asTime(since)}`;
  if (over === 'resumed')
    return [`  was fraud: ${what}. A new incarnation has been certified since; it is followed again`];
  if (over === 'revoked') return [`  was fraud: ${what}. The key that signed is revoked; it is followed again`];
  return [
    `  FRAUD: ${what}. Nothing more is taken of this chain`,
    '    way back: the realm above revokes the stolen certificate (canopy cert revoke); then at the realm itself',
    '    canopy incarnation confirm, which begins a new incarnation that the realm above certifies',
  ];
}

const WORDS = {
  agrees: 'the same entry as here',
  ahead: 'more than is here',
  contradicts: 'ANOTHER ENTRY than here',
} as const;

function chainJson({ time, witnesses, fraud, ...row }: ChainRow): object {
  const at = time > 0 ? { time: asTime(time) } : {};
  const proven = fraud ? { fraud: { ...fraud, since: asTime(fraud.since) } } : {};
  return {
    ...row,
    ...at,
    ...proven,
    witnesses: witnesses.map((witness) => ({ ...witness, time: asTime(witness.time) })),
  };
}

async function tail(cli: Cli, options: TailOptions): Promise<void> {
  const client = new LedgerClient(await openAdmin(options.dir));
  const limit = Number(options.number);
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_TAIL) {
    throw new InputError('bad-number', `"${options.number}" is not a number from 1 to ${MAX_TAIL}`);
  }
  const wanted = {
    ...(options.realm === undefined ? {} : { realm: parseRealmName(options.realm) }),
    ...(options.chain ? { chain: options.chain } : {}),
  };
  const first = await client.tail({ ...wanted, limit });
  show(cli, options, first, true);
  if (!options.follow) return;
  const after = new Map(first.map(({ realm, chain, n }) => [`${realm}/${chain}`, n]));
  for (const { realm, chain, n } of await client.tail({ ...wanted, limit: MAX_TAIL })) {
    after.set(`${realm}/${chain}`, Math.max(n, after.get(`${realm}/${chain}`) ?? 0));
  }
  await followOn(cli, options, (seen) => client.tail({ ...wanted, after: seen, limit: MAX_TAIL }), after);
}

async function followOn(
  cli: Cli,
  options: TailOptions,
  ask: (after: Record<string, number>) => Promise<EntryRow[]>,
  after: Map<string, number>,
): Promise<void> {
  const signal = cli.stopSignal();
  while (!signal.aborted) {
    const rows = await ask(Object.fromEntries(after));
    for (const { realm, chain, n } of rows) after.set(`${realm}/${chain}`, n);
    show(cli, options, rows, false);
    await sleep(systemClock, INTERVAL, signal).catch(() => undefined);
  }
}

function show(cli: Cli, { json, follow }: TailOptions, rows: readonly EntryRow[], heads: boolean): void {
  if (json && !follow) return printJson(cli, { entries: rows.map(entryJson) });
  if (json) return rows.forEach((row) => printJson(cli, { entry: entryJson(row) }));
  const lines = tableLines(
    ['TIME', 'REALM', 'CHAIN', 'N', 'KIND', 'BYTES', 'HASH'],
    rows.map(({ time, realm, chain, n, kind, bytes, hash }) => [
      asTime(time),
      realm,
      chain,
      String(n),
      kind,
      String(bytes),
      hash.slice(0, 12),
    ]),
  );
  printLines(cli, heads ? lines : lines.slice(1));
}

function entryJson({ time, ...row }: EntryRow): object {
  return { ...row, time: asTime(time) };
}
