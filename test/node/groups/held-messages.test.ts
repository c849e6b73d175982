// Messages to groups that came before the commit that explains them, and a node that dies in between.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { heldWrite } from '../../../node/groups/group-store.ts';
import { MAX_BYTES_OF_REALM } from '../../../node/groups/held-messages.ts';
import { encodeEnvelope } from '../../../src/crypto/envelope.ts';
import { newSigningKey } from '../../../src/crypto/identity.ts';
import { sealMessage } from '../../../src/crypto/sealed-message.ts';
import { systemRandom } from '../../../src/realm/random.ts';
import { openDatabase } from '../../../src/store/database.ts';
import { temporaryFolder } from '../../temporary-folder.ts';
import { HandClock } from '../hand-clock.ts';
import {
  type Branch,
  CLERK,
  COOK,
  DEVICE,
  ENGINEER,
  KYIV,
  LVIV,
  messageId,
  startBranch,
  until,
} from '../simulated-branch.ts';
import { SimulatedNetwork } from '../simulated-network.ts';
import { author, CONVERSATION, change, GROUP, never, world } from './group-world.ts';

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

/** Of the engineer in lviv, sealed in that epoch. */
async function sealedIn(epoch: number) {
  const context = { conversation: CONVERSATION, message: messageId(epoch), sender: ENGINEER, device: DEVICE };
  const keys = { group: GROUP, epoch, seq: 1, contentKey: new Uint8Array(32), signature: newSigningKey(systemRandom) };
  const body = await sealMessage(new Uint8Array(4), context, keys);
  const terms = { recipients: [], origin: LVIV, incarnation: 1, expires: 0, blobs: [], body } as const;
  const how = { priority: 'text', durable: true, kind: 'message', stamp: { ms: Date.now(), counter: 0 } } as const;
  const who = {
    version: 1,
    id: messageId(epoch),
    conversation: CONVERSATION,
    sender: ENGINEER,
    device: DEVICE,
  } as const;
  return {
    encoded: encodeEnvelope({ ...who, ...terms, ...how }),
    origin: LVIV,
    path: 'relayed',
    pathRef: new Uint8Array(),
  } as const;
}

const hearers = ({ announced }: Branch) =>
  announced.flatMap(({ user, event }) => (event.kind === 'message' ? [user] : [])).toSorted();

test('a message of a later epoch waits for its roster, so that whoever was added hears it', LIMIT, async (t) => {
  const { at } = await world(t, [KYIV]);
  const kyiv = at(KYIV);
  await kyiv.groups.propose(author(CLERK, KYIV), change({ epoch: 0, home: KYIV, members: BOTH }), never);
  const kinds = await kyiv.conversations.ingest([await sealedIn(2), await sealedIn(1)], () => []);
  assert.deepEqual(
    kinds.map(({ kind }) => kind),
    ['accepted', 'accepted'],
  );
  assert.deepEqual(hearers(kyiv), [CLERK], 'the one of the present epoch is heard');
  const more = [...BOTH, [COOK, 'member'] as const];
  await kyiv.groups.propose(author(CLERK, KYIV), change({ epoch: 1, home: KYIV, members: more }), never);
  await until(() => hearers(kyiv).length === 3);
  assert.deepEqual(hearers(kyiv), [CLERK, CLERK, COOK]);
  assert.deepEqual(await kyiv.rosters.store.held(10), []);
});

test('where the commit of an epoch never comes, those on the roster hear what was written in it', LIMIT, async (t) => {
  const clock = new HandClock(Date.now());
  const { at } = await world(t, [KYIV], { clock });
  const kyiv = at(KYIV);
  await kyiv.groups.propose(author(CLERK, KYIV), change({ epoch: 0, home: KYIV, members: BOTH }), never);
  await kyiv.conversations.ingest([await sealedIn(9)], () => []);
  assert.deepEqual(hearers(kyiv), []);
  clock.advance(3600_000);
  await until(() => hearers(kyiv).length === 1);
  assert.deepEqual(hearers(kyiv), [CLERK]);
  assert.deepEqual(await kyiv.rosters.store.held(10), []);
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
