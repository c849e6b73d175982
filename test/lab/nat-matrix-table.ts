// The measured NAT matrix as the table of docs/measured/nat-matrix.md.
import { type MatrixRow, median } from './nat-matrix.ts';

export function matrixLines(rows: readonly MatrixRow[]): string[] {
  const direct = rows.flatMap((row) => row.direct ?? []);
  return [
    '| first | second | path | first message both ways, ms | direct, ms |',
    '|---|---|---|---|---|',
    ...rows.map(
      (row) =>
        `| ${row.first} | ${row.second} | ${pathOf(row)} | ${row.delivered < row.runs ? `${row.delivered} of ${row.runs} delivered` : row.firstMessage} | ${row.direct ?? ''} |`,
    ),
    `| **median** | | | **${median(rows.map((row) => row.firstMessage))}** | **${median(direct)}** |`,
  ];
}

/** @param rows of all 36 pairs */
export function matrixPage(rows: readonly MatrixRow[]): string {
  const good = rows.filter((row) => row.delivered === row.runs && row.path === row.expected).length;
  const runs = rows[0]?.runs ?? 0;
  return `# NAT matrix

Two split branches behind routers of each pair of the eight kinds that the laboratory builds (\`test/lab/nat.ts\`), below a public enterprise and a public region; on each LAN a person with the client library. For each try both relays and both
nodes start from cold behind fresh routers. Counted from the moment that both servers are ready: until both people were shown the other's first message, and until a stream between the two nodes takes a direct path.

${good} of ${rows.length} pairs delivered both ways and are direct wherever the experiments found a direct way. ${runs === 1 ? 'One try' : `Medians of ${runs} tries`} for each pair on two shared cores, ${new Date().toISOString().slice(0, 10)}, by \`npm run test:long\` or \`npm run lab:matrix\`. Times are of that machine; the paths are the result. A relayed pair
was watched until both relays had tried every way to a direct path and waited for the next round.

${matrixLines(rows).join('\n')}
`;
}

function pathOf({ path, expected }: MatrixRow): string {
  return path === expected ? path : `${path}, not ${expected}`;
}
