// Messages to groups that came before the commit that explains them, and a node that dies in between.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { heldWrite } from '../../../node/groups/group-store.ts';
import { encodeEnvelope } from '../../../src/crypto/envelope.ts';
import { openDatabase } from '../../../src/store/database.ts';
import { temporaryFolder } from '../../temporary-folder.ts';
import { CLERK, DEVICE, ENGINEER, KYIV, LVIV, messageId, startBranch, until } from '../simulated-branch.ts';
import { SimulatedNetwork } from '../simulated-network.ts';
import { author, CONVERSATION, change, never } from './group-world.ts';

const LIMIT = { timeout: 30_000 };
const BOTH = [
  [CLERK, 'owner'],
  [ENGINEER, 'member'],
] as const;

test('a message that waited for its commit comes in after a power cut between the two', LIMIT, async (t) => {
  const database = await openDatabase(await temporaryFolder(t));
  const open = () => startBranch({ realm: KYIV, database, network: new SimulatedNetwork() });
  const before = await open();
  await before.groups.propose(author(CLERK, KYIV), change({ epoch: 0, home: KYIV, members: BOTH }), never);
  await before.stop();
  const addresses = {
    version: 1,
    id: messageId(1),
    conversation: CONVERSATION,
    sender: ENGINEER,
    device: DEVICE,
  } as const;
  const from = {
    recipients: [],
    origin: LVIV,
    incarnation: 1,
    stamp: { ms: Date.now(), counter: 0 },
    expires: 0,
  } as const;
  const rest = { priority: 'text', durable: true, kind: 'message', blobs: [], body: new Uint8Array(4) } as const;
  const { bytes } = encodeEnvelope({ ...addresses, ...from, ...rest });
  const held = { origin: LVIV, at: Date.now(), path: 'relayed', pathRef: new Uint8Array(), bytes } as const;
  await database.commit([heldWrite(CONVERSATION, ENGINEER, messageId(1), held)]);
  const after = await open();
  t.after(() => after.stop().then(() => database.close()));
  await until(() => after.announced.some(({ user, event }) => user === CLERK && event.kind === 'message'));
  assert.deepEqual(await after.rosters.store.held(10), []);
});
