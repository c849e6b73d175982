// The web client's files are built when they are missing or stale, in a process of its own so that the builder's memory
// and modules are gone afterwards.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { LocalError } from '../../src/realm/errors.ts';

const SCRIPT = join(import.meta.dirname, '..', '..', 'scripts', 'ensure-web.ts');
const DEADLINE = 120_000;

export function ensureWebClient(signal: AbortSignal): Promise<void> {
  const code = `const { ensureWebBuilt } = await import(${JSON.stringify(SCRIPT)}); await ensureWebBuilt();`;
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      ['--input-type=module', '--eval', code],
      { signal, timeout: DEADLINE },
      (cause, _, stderr) => {
        if (!cause) return resolve();
        reject(
          new LocalError('web-not-built', `the web client could not be built: ${stderr.trim().split('\n')[0] ?? ''}`, {
            cause,
            hint: 'Run: npm ci && npm run build:web',
          }),
        );
      },
    );
  });
}
