// `npm run lab:matrix`: which path two branches get behind each pair of routers, and how soon. Enters the laboratory, where
// this very file then measures. Progress goes to stderr; the table, or with --json one document, to stdout.
//
//   npm run lab:matrix -- --json
//   npm run lab:matrix -- --only port-restricted,symmetric --runs 3
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { enterCommand, whyNoLaboratory } from '../test/lab/enter.ts';
import { NAT_TYPES, type NatType } from '../test/lab/nat.ts';
import { measureMatrix, median } from '../test/lab/nat-matrix.ts';
import { matrixLines } from '../test/lab/nat-matrix-table.ts';

const INSIDE = '--inside';
const SCHEMA_VERSION = 1;
const FAILED = 1;
const USAGE = 2;

process.exitCode = process.argv.includes(INSIDE) ? await measure() : enter();

function enter(): number {
  const whyNot = whyNoLaboratory();
  if (whyNot !== undefined) {
    console.error(`The laboratory can't run here: ${whyNot}`);
    return FAILED;
  }
  const [command = '', ...args] = enterCommand([process.execPath, ...process.argv.slice(1), INSIDE]);
  const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` };
  return spawnSync(command, args, { env, stdio: 'inherit' }).status ?? FAILED;
}

async function measure(): Promise<number> {
  const { values } = parseArgs({
    options: {
      inside: { type: 'boolean' },
      json: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
      runs: { type: 'string', default: '1' },
    },
  });
  const names = values.only.split(',').filter(Boolean);
  const only = names.filter((name): name is NatType => NAT_TYPES.some((known) => known === name));
  const runs = Number(values.runs);
  if (only.length < names.length || !Number.isInteger(runs) || runs < 1) {
    console.error(`--only takes names of ${NAT_TYPES.join(', ')}; --runs a number from 1`);
    return USAGE;
  }
  const rows = await measureMatrix({ only, runs, tell: (line) => console.error(line) });
  const direct = rows.flatMap((row) => row.direct ?? []);
  const medians = { firstMessage: median(rows.map((row) => row.firstMessage)), direct: median(direct) };
  if (values.json) console.log(JSON.stringify({ schemaVersion: SCHEMA_VERSION, runs, medians, pairs: rows }, null, 2));
  else console.log(matrixLines(rows).join('\n'));
  return rows.every((row) => row.delivered === row.runs && row.path === row.expected) ? 0 : FAILED;
}
