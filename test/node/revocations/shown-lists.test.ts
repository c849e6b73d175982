// A node that nobody admits any more: it learns why from the relay that refuses it, and knows it after a restart.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { multiaddr } from '@multiformats/multiaddr';
import { NodeCharter } from '../../../node/charter.ts';
import { ShownLists } from '../../../node/revocations/shown-lists.ts';
import { RelayCharter } from '../../../relay/charter.ts';
import { encodeChain } from '../../../src/pki/chain.ts';
import { systemClock } from '../../../src/realm/clock.ts';
import { silentLog } from '../../../src/realm/log.ts';
import { parseRealmName } from '../../../src/realm/names.ts';
import { type Database, openDatabase } from '../../../src/store/database.ts';
import { key } from '../../../src/store/keys.ts';
import { startHost, until } from '../../overlay/hosts.ts';
import { Realms } from '../../overlay/realms.ts';
import { temporaryFolder } from '../../temporary-folder.ts';

const LIMIT = { timeout: 30_000 };
const KYIV = parseRealmName('kyiv.acme.ua');
const ACME = parseRealmName('acme.ua');
const realms = new Realms('ua');

async function fresh(t: TestContext): Promise<{ database: Database; reopen: () => Promise<Database> }> {
  const folder = await temporaryFolder(t);
  let database = await openDatabase(folder);
  t.after(() => database.close());
  const reopen = async (): Promise<Database> => {
    await database.close();
    database = await openDatabase(folder);
    return database;
  };
  return { database, reopen };
}

/** Of a node whose chains say nothing of revocations. */
async function charterOf(database: Database): Promise<NodeCharter> {
  const rootFingerprint = await realms.rootFingerprint();
  const charter = new NodeCharter({ rootFingerprint, log: silentLog, shown: new ShownLists(database) });
  const { chain } = await realms.identity(ACME, 'node');
  const acme = { realm: ACME, tier: 'enterprise', issuer: parseRealmName('ua'), relays: [] } as const;
  await charter.follow({
    watch: async () => () => {},
    realms: () => [{ ...acme, chain: encodeChain(chain.slice(1)) }],
    onRealm: () => () => {},
  });
  return charter;
}

test('a node that its own relay refuses learns of the revocation above it, and remembers it', LIMIT, async (t) => {
  const { database, reopen } = await fresh(t);
  const identity = await realms.identity(KYIV, 'relay');
  const { rootFingerprint } = identity;
  const file = { read: async () => undefined, write: async () => {} };
  const told = new RelayCharter({ file, realm: KYIV, clock: systemClock, rootFingerprint, log: silentLog });
  await told.take({ kind: 'crls', items: [await realms.revocation('ua', 'acme.ua')] });
  const relay = await startHost(t, identity, { charter: told });
  const charter = await charterOf(database);
  let changes = 0;
  charter.onChange(() => changes++);
  const node = await startHost(t, await realms.identity(KYIV, 'node'), { charter });
  assert.equal(charter.isRealmRevoked(KYIV), false);
  await assert.rejects(node.host.libp2p.dial(multiaddr(relay.address)));
  await until(() => changes > 0);
  assert.equal(charter.isRealmRevoked(KYIV), true);
  assert.equal(charter.crls().length, 1);
  await assert.rejects(node.host.libp2p.dial(multiaddr(relay.address)));
  assert.equal((await charterOf(await reopen())).isRealmRevoked(KYIV), true);
});

test('of each authority the newest list is kept, of no more than eight, and damage is told', LIMIT, async (t) => {
  const { database } = await fresh(t);
  const lists = new ShownLists(database);
  await Promise.all([...Array(10).keys(), 9].map((count) => lists.put(`key ${count}`, Uint8Array.of(count))));
  assert.deepEqual(
    (await lists.all()).map(([first]) => first),
    [2, 3, 4, 5, 6, 7, 8, 9],
  );
  await lists.put('key 3', Uint8Array.of(33));
  assert.deepEqual((await new ShownLists(database).all()).at(-1), Uint8Array.of(33));
  assert.equal((await lists.all()).length, 8);
  await database.commit([{ type: 'put', key: key('shown-lists'), value: Uint8Array.of(0x81, 0x01) }]);
  await assert.rejects(lists.all(), { code: 'store-damaged' });
});
