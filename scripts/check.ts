// `npm run check`: everything that reads the code without running the product. Runs all checks, then fails if one did.
import { spawnSync } from 'node:child_process';

const CHECKS: readonly (readonly [name: string, command: string, ...args: string[]])[] = [
  ['types', 'tsc', '-p', '.'],
  ['types of the web client', 'tsc', '-p', 'node/web'],
  ['lint', 'oxlint', '--quiet', '.'],
  ['format', 'biome', 'check', '--error-on-warnings', '.'],
  ['imports', 'node', '--test', '--test-reporter=dot', 'test/import-rules.test.ts'],
  ['unused code', 'knip'],
  ['lockfile', 'node', 'scripts/complete-lockfile.js', '--check'],
  ['clean install', 'npm', 'ci', '--dry-run', '--loglevel=error'],
];

let failed = 0;
for (const [name, command, ...args] of CHECKS) {
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${status === 0 ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)`);
  if (status !== 0) {
    failed += 1;
    console.log(`${stdout}${stderr}`.trimEnd());
  }
}
process.exitCode = failed === 0 ? 0 : 1;
