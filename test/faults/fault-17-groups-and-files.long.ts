// Fault case 17 at length: a file of 512 MiB over twelve deaths of its node, and fifty changes of a group over fifteen.
import { describeKilledChanges } from './killed-changes.ts';

const MIB = 1024 * 1024;
const parts = Array.from({ length: 12 }, (_, n) => (n + 0.5) / 13);
describeKilledChanges({ file: 512 * MIB, parts, changes: 50, kills: 15 });
