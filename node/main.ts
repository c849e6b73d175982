// The node of a realm: the server of its LAN. `canopy start` runs it; `node node/main.ts --dir DIR` does the same by hand.
import { systemClock } from '../src/realm/clock.ts';
import { runProgram } from '../src/settings/program.ts';
import { openNode } from './open-node.ts';

await runProgram('node', async ({ directory, settings, realm, log }) => {
  const { node, peerId, url } = await openNode({ directory, settings, realm, log, clock: systemClock });
  await node.start();
  return { ready: { realm: realm.realm, lan: url(), peerId }, stop: () => node.stop() };
});
