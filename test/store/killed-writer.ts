// A program that commits five values of 10 KB, which together cross a block of LevelDB's log, and kills itself with -9.
import { openDatabase } from '../../src/store/database.ts';
import { key } from '../../src/store/keys.ts';

const database = await openDatabase(process.argv[2] ?? '');
for (let n = 0; n < 5; n++) {
  const value = new TextEncoder().encode(`marker-${n}${'x'.repeat(10_000)}`);
  await database.commit([{ type: 'put', key: key('m', n), value }]);
}
process.kill(process.pid, 'SIGKILL');
