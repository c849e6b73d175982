// Messages to groups that came before the commit that explains them, and a node that dies in between.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { heldWrite } from '../../../node/groups/group-store.ts';
import { MAX_BYTES_OF_REALM } from '../../../node/groups/held-messages.ts';
import { encodeEnvelope } from '../../../src/crypto/envelope.ts';
import { openDatabase } from '../../../src/store/database.ts';
import { temporaryFolder } from '../../temporary-folder.ts';
import { CLERK, DEVICE, ENGINEER, KYIV, LVIV, messageId, startBranch, until } from '../simulated-branch.ts';
import { SimulatedNetwork } from '../simulated-network.ts';
import { author, CONVERSATION, change, never, world } from './group-world.ts';

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

test('what waits for commits is bounded in bytes for each realm', LIMIT, async (t) => {
  const { at } = await world(t, [KYIV]);
  const body = new Uint8Array(60 * 1024);
  const terms = {
    recipients: [],
    origin: LVIV,
    incarnation: 1,
    stamp: { ms: Date.now(), counter: 0 },
    expires: 0,
  } as const;
  const rest = { priority: 'text', durable: true, kind: 'message', blobs: [], body } as const;
  const who = { version: 1, conversation: CONVERSATION, sender: ENGINEER, device: DEVICE } as const;
  const most = Math.ceil(MAX_BYTES_OF_REALM / body.length);
  const items = Array.from({ length: most + 1 }, (_, n) => {
    const encoded = encodeEnvelope({ ...who, id: messageId(n), ...terms, ...rest });
    return { encoded, origin: LVIV, path: 'relayed', pathRef: new Uint8Array() } as const;
  });
  const kinds: string[] = [];
  for (const item of items)
    kinds.push(...(await at(KYIV).conversations.ingest([item], () => [])).map(({ kind }) => kind));
  assert.deepEqual([kinds[0], kinds.at(-1)], ['accepted', 'rejected']);
});
