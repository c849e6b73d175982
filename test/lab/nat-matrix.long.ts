// The whole matrix of eight kinds of router by eight: every pair delivers both ways, and is direct wherever the experiments
// found a direct way. Times are printed and kept in docs/measured/nat-matrix.md, not asserted.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { expectedPath, type MatrixRow, NatMatrix, pairsOf } from './nat-matrix.ts';
import { matrixLines, matrixPage } from './nat-matrix-table.ts';

const PAGE = join(import.meta.dirname, '../../docs/measured/nat-matrix.md');
const RUNS = 1;

const rows: MatrixRow[] = [];
const pairs = pairsOf([]);
let matrix: NatMatrix;

before(async () => void (matrix = await NatMatrix.create()), { timeout: 300_000 });

for (const kinds of pairs) {
  const expected = expectedPath(...kinds);
  test(`${kinds.join(' and ')}: delivered both ways, ${expected}`, { timeout: 150_000 }, async (t) => {
    const row = await matrix.pair(kinds, RUNS, (line) => t.diagnostic(line));
    rows.push(row);
    assert.equal(row.delivered, RUNS, 'a message was not delivered');
    assert.equal(row.path, expected);
  });
}

after(
  async () => {
    await matrix.stop();
    console.log(matrixLines(rows).join('\n'));
    if (rows.length === pairs.length) await writeFile(PAGE, matrixPage(rows));
  },
  { timeout: 60_000 },
);
