// Where a policy keeps messages for a time only, they and the keys that opened them go; nothing goes on one word of a server.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeCacheSecret } from '../../../src/client/cache/cache-secret.ts';
import { MemoryEngine } from '../../../src/client/cache/memory-engine.ts';
import { SealedCache } from '../../../src/client/cache/sealed-cache.ts';
import { EPOCH_KEY, EPOCH_ROSTER, EpochBook } from '../../../src/client/engine/epoch-book.ts';
import { oldKeys, Retention } from '../../../src/client/personal/retention.ts';
import { SearchIndex } from '../../../src/client/search/search-index.ts';
import { Holding } from '../../../src/client/sync/holding.ts';
import type { OpenedEvent } from '../../../src/client/timeline/events.ts';
import { encodeRoster } from '../../../src/crypto/roster.ts';
import { parseGroupId, parseUserId } from '../../../src/realm/ids.ts';
import { parseRealmName } from '../../../src/realm/names.ts';
import { systemRandom } from '../../../src/realm/random.ts';
import { HandClock } from '../../node/hand-clock.ts';
import { begin, newDevice, openService, openVault, USER } from '../../node/vault/vault-world.ts';
import { CHAT, said } from '../cache/cache-conformance.ts';

const LIMIT = { timeout: 30_000 };
const DAY = 24 * 3_600_000;
const KYIV = parseRealmName('kyiv.acme.ua');
const GROUP = parseGroupId('00000000-0000-4000-8000-00000000000a');
const NOW = Date.UTC(2026, 5, 1);

async function device() {
  const clock = new HandClock(NOW);
  const cache = await SealedCache.open({
    engine: new MemoryEngine(),
    secret: await makeCacheSecret(new Uint8Array(32)),
  });
  const holding = new Holding({ cache, index: await SearchIndex.open(cache), clock, onTrouble: () => {} });
  await holding.open();
  const world = await openService();
  const own = await newDevice('1');
  await begin(world, [own]);
  const vault = await openVault(world, own);
  const told: { retention: number | undefined; realm: typeof KYIV } = { retention: 30 * DAY, realm: KYIV };
  const server = async () => {
    const { retention, realm } = told;
    return { realm, limits: { message: 1, file: 1, hidden: [], ...(retention !== undefined && { retention }) } };
  };
  const retention = new Retention({ vault, holding, cache, server, home: KYIV, clock });
  const events = async (): Promise<readonly OpenedEvent[]> => (await cache.page(CHAT, { limit: 100 })).events;
  return { clock, holding, vault, told, retention, events, world };
}

function at(n: number, ms: number): OpenedEvent {
  return { ...said(n), stamp: { ms, counter: n }, arrivedAt: ms };
}

const roster = (n: number) =>
  encodeRoster({
    kind: 'group',
    home: KYIV,
    term: 0,
    members: [{ user: parseUserId(`00000000-0000-4000-8000-0000000000${10 + n}`), role: 'owner' }],
  });

test('a key goes when the epoch after it is old, the newest of a group stays', LIMIT, () => {
  const entry = (group: string, epoch: number, time: number) => ({ key: `c/${group}/${epoch}`, time });
  const entries = [entry('a', 9, 100), entry('a', 10, 200), entry('a', 11, 300), entry('b', 1, 5)];
  assert.deepEqual(oldKeys(entries, 250), ['c/a/9']);
  assert.deepEqual(oldKeys(entries, 301), ['c/a/9', 'c/a/10']);
  assert.deepEqual(oldKeys(entries, 100), []);
});

test('after a day of the same word messages go that are older, and keys that open nothing else', LIMIT, async () => {
  const { clock, holding, vault, retention, events, world } = await device();
  const old = at(1, NOW - 40 * DAY);
  await holding.hold(CHAT, {
    events: [old, at(2, NOW - 3 * DAY), { ...old, id: said(3).id, content: { kind: 'profile', name: 'a', sentAt: 1 } }],
  });
  const epochs = new EpochBook(vault);
  const key = systemRandom(32);
  for (const epoch of [1, 2, 3])
    await epochs.put({ conversation: CHAT, group: GROUP, epoch }, { key, roster: roster(epoch) });
  await retention.look();
  clock.advance(DAY / 2);
  await retention.look();
  assert.equal((await events()).length, 3, 'not yet');
  clock.advance(DAY);
  await retention.look();
  assert.deepEqual((await events()).map(({ content }) => content?.kind).sort(), ['profile', 'text']);
  assert.equal(vault.list(EPOCH_KEY).length, 3, 'these came into the vault today');
  const before = Buffer.from((await world.service.state(USER)).head).toString('hex');
  await retention.erase(Date.now() + 8 * DAY);
  assert.deepEqual(
    vault.list(EPOCH_KEY).map((entry) => entry.key),
    [`${CHAT}/${GROUP}/3`],
  );
  assert.equal(vault.list(EPOCH_ROSTER).length, 1);
  assert.notEqual(Buffer.from((await world.service.state(USER)).head).toString('hex'), before);
  retention.close();
});

test('another realm than home, a word that changes, and less than a day erase nothing', LIMIT, async () => {
  const { clock, holding, vault, told, retention, events } = await device();
  await new EpochBook(vault).put(
    { conversation: CHAT, group: GROUP, epoch: 1 },
    { key: systemRandom(32), roster: roster(1) },
  );
  await holding.hold(CHAT, { events: [at(1, NOW - 400 * DAY)] });
  const hear = async (retentionOf: number | undefined, realm = KYIV): Promise<void> => {
    told.retention = retentionOf;
    told.realm = realm;
    await retention.look();
    clock.advance(DAY / 2 + 1);
  };
  for (let n = 0; n < 4; n++) await hear(DAY, parseRealmName('lviv.acme.ua'));
  for (let n = 0; n < 4; n++) await hear(1);
  for (let n = 0; n < 6; n++) await hear((30 + n) * DAY);
  for (let n = 0; n < 3; n++) {
    await hear(30 * DAY);
    await hear(undefined);
  }
  assert.equal((await events()).length, 1);
  for (let n = 0; n < 4; n++) await hear(30 * DAY);
  assert.equal((await events()).length, 0);
  retention.close();
});
