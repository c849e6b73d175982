// The node of a realm: the server of its LAN. `canopy start` runs it; `node node/main.ts --dir DIR` does the same by hand.
import { openDurableClock } from '../src/settings/durable-clock.ts';
import { runProgram } from '../src/settings/program.ts';
import { RunningNode } from './running-node.ts';

await runProgram('node', async ({ directory, settings, realm, log }) => {
  const time = await openDurableClock(directory, 'node', log);
  await time.start();
  const running = new RunningNode({ directory, settings, realm, log, clock: time.clock });
  const { peerId, url } = await running.start();
  const stop = async (): Promise<void> => {
    await running.stop();
    await time.stop();
  };
  return { ready: { realm: realm.realm, lan: url(), peerId }, stop };
});
