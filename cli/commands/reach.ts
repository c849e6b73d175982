// canopy reach: who can reach whom, by which certificate and trust.

import type { Command } from 'commander';
import { type ReachRow, TrustClient } from '../../node/admin/trust-api.ts';
import { parseRealmName } from '../../src/realm/names.ts';
import { type Cli, printJson, printLines } from '../cli.ts';
import { act, dirOption, jsonOption, makeCommand } from '../command.ts';
import { openAdmin } from '../open-admin.ts';
import { tableLines } from '../table.ts';
import { asTime } from '../times.ts';

interface ReachOptions {
  readonly dir: string;
  readonly json: boolean;
}

export function reachCommand(cli: Cli): Command {
  return makeCommand(cli, {
    name: 'reach',
    summary: 'Tell who can reach whom, and by what right',
    details:
      'Answered from the signed chains that this realm holds: which way messages take, because of which relation or trust, and ' +
      'until when each realm on the way is certified. One name: from this realm to it. Two: from the first to the second.',
    examples: [
      'canopy reach --dir /srv/kyiv                             to all that are known',
      'canopy reach odesa.beta.ua --dir /srv/kyiv',
      'canopy reach kyiv.acme.ua odesa.beta.ua --json --dir /srv/ua',
    ],
  })
    .argument('[from]', 'the realm that writes, or with one name the realm that is written to')
    .argument('[to]', 'the realm that is written to')
    .addOption(dirOption(cli))
    .addOption(jsonOption())
    .action(
      act(
        'it is not known who reaches whom',
        (first: string | undefined, second: string | undefined, options: ReachOptions) =>
          reach(cli, first, second, options),
      ),
    );
}

async function reach(
  cli: Cli,
  first: string | undefined,
  second: string | undefined,
  options: ReachOptions,
): Promise<void> {
  const client = new TrustClient(await openAdmin(options.dir));
  const from = second === undefined ? undefined : parseRealmName(first ?? '');
  const name = second ?? first;
  const to = name === undefined ? undefined : parseRealmName(name);
  const { realm, pairs } = await client.reach({ ...(from ? { from } : {}), ...(to ? { to } : {}) });
  if (options.json) printJson(cli, { realm, pairs: pairs.map(asJson) });
  else if (to !== undefined) printLines(cli, pairs.flatMap(proof));
  else if (pairs.length === 0) printLines(cli, ['no other realm is known here yet']);
  else
    printLines(
      cli,
      tableLines(
        ['TO', 'WAY', 'BECAUSE'],
        pairs.map((pair) => [pair.to, pair.way, pair.because]),
      ),
    );
}

function proof({ from, to, way, over, because, trust, certified }: ReachRow): string[] {
  const verdict = way === 'none' ? `${from} does not reach ${to}` : `${from} reaches ${to}: ${way}`;
  const until = trust ? `, until ${asTime(trust.until)}` : '';
  const lines = [verdict, `  because:    ${because}${until}`];
  if (over.length > 0) lines.push(`  way:        ${over.join(' > ')}`);
  for (const { realm, issuer, notAfter } of certified) {
    lines.push(`  certified:  ${realm} by ${issuer} until ${asTime(notAfter)}`);
  }
  return lines;
}

function asJson({ trust, certified, ...pair }: ReachRow): object {
  return {
    ...pair,
    ...(trust ? { trust: { ...trust, until: asTime(trust.until) } } : {}),
    certified: certified.map(({ notAfter, ...one }) => ({ ...one, notAfter: asTime(notAfter) })),
  };
}
