// Repairs a damaged database as far as LevelDB can: `node src/store/repair.ts DIRECTORY`, with the server stopped and a copy of the
// directory set aside. What could not be read is gone afterwards, so a backup is the better way when there is one.
import { Level } from 'level';

/** Rebuilds the tables of a closed database from what can be read. */
export async function repairDatabase(directory: string): Promise<void> {
  // The engine of Node has it; the package's types, which also describe browsers, leave it out.
  if (!('repair' in Level) || typeof Level.repair !== 'function') throw new TypeError('This engine has no repair');
  await Level.repair(directory);
}

const [, script, directory] = process.argv;
if (script === import.meta.filename) {
  if (directory === undefined) {
    process.stderr.write('Usage: node src/store/repair.ts DIRECTORY\n');
    process.exitCode = 2;
  } else {
    await repairDatabase(directory);
    process.stdout.write(`Repaired ${directory}; start the server and check what is missing.\n`);
  }
}
