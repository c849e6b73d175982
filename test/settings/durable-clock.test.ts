// What a program takes for the earliest possible time at its start.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writeChainPem } from '../../src/pki/chain.ts';
import { systemClock } from '../../src/realm/clock.ts';
import { silentLog } from '../../src/realm/log.ts';
import { dataDirectory } from '../../src/settings/data-directory.ts';
import { openDurableClock } from '../../src/settings/durable-clock.ts';
import { makePrivateFolder, writePrivateFile } from '../../src/settings/private-file.ts';
import { createFamily, NOW } from '../pki/family.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const DAY = 24 * 60 * 60 * 1000;
const YEAR_2100 = Date.UTC(2100, 0, 1);

test('one start in the year 2100 does not hold the program there; the last run of today is a floor', async (t) => {
  const directory = dataDirectory(await temporaryFolder(t));
  await makePrivateFolder(directory.node.folder);
  await writePrivateFile(directory.node.chain, writeChainPem((await createFamily(NOW)).node));
  const hostAt = (time: number) => ({ ...systemClock, now: () => time });
  const started = async (time: number) => {
    const { clock } = await openDurableClock(directory, 'node', silentLog, hostAt(time));
    return clock.now();
  };
  const wrong = await openDurableClock(directory, 'node', silentLog, hostAt(YEAR_2100));
  await wrong.start();
  await wrong.stop();
  assert.equal(await started(NOW + DAY), NOW + DAY);
  const right = await openDurableClock(directory, 'node', silentLog, hostAt(NOW + DAY));
  await right.start();
  await right.stop();
  assert.ok((await started(0)) >= NOW + DAY);
});
