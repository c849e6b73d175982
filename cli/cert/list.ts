// canopy cert list: every certificate that the node knows of, with what becomes of it.

import type { Command } from 'commander';
import { CertClient, type CertificateRow } from '../../node/admin/cert-api.ts';
import { type Cli, printJson, printLines } from '../cli.ts';
import { act, dirOption, jsonOption, makeCommand } from '../command.ts';
import { openAdmin } from '../open-admin.ts';
import { tableLines } from '../table.ts';
import { asDay, asTime } from '../times.ts';

interface ListOptions {
  readonly dir: string;
  readonly json: boolean;
}

const DAY = 24 * 60 * 60 * 1000;

export function listCommand(cli: Cli): Command {
  return makeCommand(cli, {
    name: 'list',
    summary: 'Tell all certificates, the days they have left and when they renew themselves',
    details: 'Own ones first, from the root down; then those of the realms that are known here. The server must run.',
    examples: ['canopy cert list --dir /srv/acme', 'canopy cert list --json --dir /srv/acme'],
  })
    .addOption(dirOption(cli))
    .addOption(jsonOption())
    .action(act('the certificates are not known', (options: ListOptions) => list(cli, options)));
}

async function list(cli: Cli, { dir, json }: ListOptions): Promise<void> {
  printCertificates(cli, await new CertClient(await openAdmin(dir)).list(), json);
}

export function printCertificates(cli: Cli, rows: readonly CertificateRow[], json: boolean): void {
  if (json) printJson(cli, { certificates: rows.map(asJson) });
  else printLines(cli, certificateTable(rows, Date.now()));
}

function asJson({ notBefore, notAfter, renewsAt, ...row }: CertificateRow): object {
  const renews = renewsAt === undefined ? {} : { renewsAt: asTime(renewsAt) };
  return { ...row, notBefore: asTime(notBefore), notAfter: asTime(notAfter), ...renews };
}

export function certificateTable(rows: readonly CertificateRow[], now: number): string[] {
  const lines = rows.map((row) => [
    row.realm,
    row.kind,
    row.state,
    daysLeft(row.notAfter, now),
    renewal(row),
    row.serial,
    row.lastError ?? '',
  ]);
  return tableLines(['REALM', 'CERTIFICATE', 'STATE', 'DAYS LEFT', 'RENEWS', 'SERIAL', ''], lines);
}

function daysLeft(notAfter: number, now: number): string {
  return notAfter <= now ? '0' : (Math.floor((notAfter - now) / DAY) || '<1').toString();
}

function renewal({ kind, state, renewsAt }: CertificateRow): string {
  if (state === 'revoked') return 'never';
  if (renewsAt === undefined) return kind === 'root' ? 'never' : 'by hand';
  return asDay(renewsAt);
}
