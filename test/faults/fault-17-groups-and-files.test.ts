// Fault case 17, files and groups, in short; fault-17-groups-and-files.long.ts has more of both.
import { describeKilledChanges } from './killed-changes.ts';

const MIB = 1024 * 1024;
describeKilledChanges({ file: 12 * MIB, parts: [0.3, 0.7], changes: 5, kills: 2 });
