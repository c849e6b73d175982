// A program of a realm that does what its data directory says: `fail` does not start, `dir-in-use` fails with that error,
// `crash` ends a moment after it is ready; else it runs until it is stopped.
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const dir = process.argv[3] ?? '';
const wish = readFileSync(join(dir, 'wish'), 'utf8').trim();
appendFileSync(join(dir, 'starts'), `${process.pid}\n`);
process.on('SIGTERM', () => process.exit(0));
process.on('disconnect', () => process.exit(0));

if (wish === 'fail') process.exit(7);
if (wish === 'dir-in-use') {
  const error = { kind: 'ConflictError', code: 'dir-in-use', message: 'in use', hint: 'Stop it.' };
  process.send?.({ ready: false, error }, () => process.exit(1));
} else {
  process.send?.({ ready: true, number: 42 });
  if (wish === 'crash') setTimeout(() => process.exit(9), 50);
  setInterval(() => {}, 1000);
}
