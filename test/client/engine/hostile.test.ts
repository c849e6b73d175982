// The engine of a client against fellow users and servers who keep no rule.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { REMOVED_DEVICE } from '../../../src/client/account/account.ts';
import type { DeviceChecks } from '../../../src/client/engine/device-checks.ts';
import { EpochBook } from '../../../src/client/engine/epoch-book.ts';
import { makeKeyRequest } from '../../../src/client/engine/key-requests.ts';
import { encodeMail } from '../../../src/client/engine/mail.ts';
import { MessageKeys } from '../../../src/client/engine/message-keys.ts';
import { encodeContent, type MadeContent } from '../../../src/crypto/content.ts';
import { issueDeviceCertificate } from '../../../src/crypto/device-certificate.ts';
import { signDeviceRemoval } from '../../../src/crypto/device-removal.ts';
import { generateHpkeKey } from '../../../src/crypto/hpke.ts';
import type { MlsGroup } from '../../../src/crypto/mls/mls-group.ts';
import type { OwnDevice } from '../../../src/crypto/mls/parts.ts';
import { encodeRoster } from '../../../src/crypto/roster.ts';
import { sealMessage } from '../../../src/crypto/sealed-message.ts';
import { encodeEntries } from '../../../src/crypto/vault/records.ts';
import { UnreachableError } from '../../../src/realm/errors.ts';
import { idText, parseMessageId } from '../../../src/realm/ids.ts';
import { systemRandom } from '../../../src/realm/random.ts';
import { CONVERSATION, GROUP, People, rosterOf } from '../../crypto/mls/people.ts';
import { hpkeOf, kitchen, mailroomOf, readable } from './kitchen.ts';
import { accountOf, Home, type Station, stationOf, VaultOfTests } from './realm-of-tests.ts';

const LIMIT = { timeout: 60_000 };

async function lasting(checks: DeviceChecks, device: OwnDevice) {
  await checks.learn([device.certificate]);
  return checks.remembered(device.certificate);
}

test(
  'of a device the newest certificate of the pinned identity is remembered, and nobody else writes there',
  LIMIT,
  async () => {
    const { people, cook, mallory, atCook, clerks } = await kitchen();
    const { bytes: _, ...claims } = atCook.certificate;
    const renewed = issueDeviceCertificate(cook.identity, { ...claims, sequence: 2 });
    assert.equal(renewed.bytes.length, atCook.certificate.bytes.length);
    const later = await lasting(clerks.checks, { ...atCook, certificate: renewed });
    assert.deepEqual(later?.bytes, renewed.bytes);
    assert.deepEqual((await lasting(clerks.checks, atCook))?.bytes, renewed.bytes);
    // Under the same device id, of a user of their own; and of the same user, by an identity of their own.
    const theirs = people.device(mallory, { device: claims.device, sequence: 9_000 });
    await clerks.checks.learn([theirs.certificate]);
    const forged = issueDeviceCertificate(mallory.identity, { ...claims, sequence: 9_000 });
    await clerks.checks.learn([forged]);
    assert.deepEqual(clerks.checks.remembered(renewed)?.bytes, renewed.bytes);
  },
);

test('a device that was away follows the joining of one that expired or was removed since', LIMIT, async () => {
  const { people, home, cook, clerks, cooks } = await kitchen();
  const now = Date.now();
  const second = people.device(cook, { notAfter: now + 1_000 });
  const seconds = await stationOf(people, home, second);
  await seconds.keeper.follow(CONVERSATION);
  const third = await stationOf(people, home, people.device(cook));
  await third.keeper.follow(CONVERSATION);
  people.removed.add(third.me.device);
  people.clock.now = () => now + 10 * 3_600_000;
  const group = await clerks.keeper.follow(CONVERSATION);
  assert.equal(group?.epoch, 4);
  const doubtful = (await group.doubtful()).map(({ certificate, why }) => [certificate.device, why]);
  assert.deepEqual(doubtful, [
    [second.certificate.device, 'expired'],
    [third.me.device, 'removed'],
  ]);
  const ready = await clerks.keeper.ready(CONVERSATION, { roster: () => assert.fail() }, async (one) => one);
  assert.deepEqual(
    ready
      .members()
      .map(({ device }) => device)
      .sort(),
    [clerks.me.device, cooks.me.device].sort(),
  );
});

const anybody = { roster: () => assert.fail('there is a group') };
const epochOf = async (group: { readonly epoch: number }) => group.epoch;

test(
  'a server that goes back to before a removal gets nothing written, and no device of the user joins there',
  LIMIT,
  async () => {
    const { people, home, clerk, cook, atClerk, clerkVault, clerks, roster } = await kitchen();
    const kept = home.groups.get(CONVERSATION) ?? assert.fail();
    const before = { ...kept, offers: [...kept.offers], by: [...kept.by] };
    const stale = await stationOf(people, home, people.device(clerk), clerkVault);
    await stale.keeper.follow(CONVERSATION);
    const joined = { ...kept, offers: [...kept.offers], by: [...kept.by] };
    await clerks.keeper.change(CONVERSATION, async () => {
      return { roster: { ...roster, members: roster.members.filter(({ user }) => user !== cook.user) } };
    });
    home.groups.set(CONVERSATION, joined);
    await assert.rejects(stale.keeper.ready(CONVERSATION, anybody, epochOf), { code: 'group-behind' });
    home.groups.set(CONVERSATION, before);
    const fresh = await stationOf(people, home, people.device(clerk), clerkVault);
    await assert.rejects(fresh.keeper.ready(CONVERSATION, anybody, epochOf), { code: 'group-behind' });
    assert.equal(before.offers.length, 2);
    assert.ok(atClerk);
  },
);

test('who made a commit, and since when its keys count, is not the word of a server', LIMIT, async () => {
  const { home, clerk, clerks, cooks, mallory } = await kitchen();
  await cooks.keeper.change(CONVERSATION, async () => ({}));
  const kept = home.groups.get(CONVERSATION) ?? assert.fail();
  for (const [at, by] of kept.by.entries()) kept.by[at] = { ...by, user: mallory.user, at: Date.now() + 10 ** 12 };
  await clerks.keeper.follow(CONVERSATION);
  const last = clerks.news.at(-1);
  assert.equal(last?.by, cooks.me.user);
  assert.ok(last && last.at <= Date.now());
  assert.notEqual(last.by, clerk.user);
});

test('a key package that does not fit keeps nobody else out', LIMIT, async () => {
  const [people, home] = [new People(), new Home()];
  const [clerk, cook, drawer] = [people.person(), people.person(), people.person()];
  const clerks = await stationOf(people, home, people.device(clerk));
  const cooks = await stationOf(people, home, people.device(cook));
  const olds = await stationOf(people, home, people.device(drawer));
  const now = people.clock.now();
  people.clock.now = () => now - 91 * 24 * 3_600_000;
  await olds.own.replenish();
  people.clock.now = () => now;
  await cooks.own.replenish();
  home.packages.get(cook.user)?.push({ device: olds.me.device, bytes: Uint8Array.of(1, 2, 3) });
  const all = rosterOf([
    [clerk, 'owner'],
    [cook, 'member'],
    [drawer, 'member'],
  ]);
  const group = await clerks.keeper.create(CONVERSATION, all);
  assert.deepEqual(new Set(group.members().map(({ user }) => user)), new Set([clerk.user, cook.user]));
});

test('an epoch of a thousand members fits into the vault, and its roster lies there once', LIMIT, async () => {
  const people = new People();
  const [vault, name] = [new VaultOfTests(), { conversation: CONVERSATION, group: GROUP, epoch: 1 }];
  const members = Array.from({ length: 1000 }, (_, at) => [people.person(), at === 0 ? 'owner' : 'member'] as const);
  const roster = encodeRoster(rosterOf(members));
  const book = new EpochBook(vault);
  await book.put(name, { key: new Uint8Array(32).fill(1), roster });
  const size = vault.entries.size;
  await book.put({ ...name, epoch: 2 }, { key: new Uint8Array(32).fill(2), roster });
  assert.equal(vault.entries.size, size + 1);
  assert.deepEqual(book.get(name)?.roster, roster);
  for (const [key, value] of vault.entries)
    encodeEntries([{ kind: 'epoch-key', key: key.slice(0, 150), value, time: 0 }]);
  const newest = [...book.newest(CONVERSATION)].map(([group, { epoch, roster: now }]) => [group, epoch, now.kind]);
  assert.deepEqual(newest, [[GROUP, 2, 'group']]);
});

test(
  "an epoch's key that is still on its way to the server holds back the state that comes after it",
  LIMIT,
  async () => {
    const { people, home, clerkVault, clerks, atClerk, cooks } = await kitchen();
    await cooks.keeper.change(CONVERSATION, async () => ({}));
    const away = () => Promise.reject(new UnreachableError('server-unreachable', 'away'));
    const put = clerkVault.putAll.bind(clerkVault);
    // As the vault does: what was put is there at once, and not yet durable.
    clerkVault.putAll = async (all) => {
      await put(all);
      return away();
    };
    clerkVault.flush = away;
    for (let tries = 0; tries < 2; tries++) {
      await assert.rejects(clerks.keeper.follow(CONVERSATION), { code: 'server-unreachable' });
    }
    assert.equal((await clerks.keeper.present(CONVERSATION))?.epoch, 1);
    assert.ok(people && home && atClerk);
  },
);

/** Opens what somebody sealed with the epoch's key, as that station does. */
async function opener(people: People, station: Station, vault: VaultOfTests) {
  const account = accountOf(people, vault);
  const { epochs, gone, keeper, checks } = station;
  const signature = people.device(people.person()).signature;
  const keys = new MessageKeys({ account, epochs, gone, keeper, checks, signature, nextSeq: async () => 0 });
  return async (by: OwnDevice, group: MlsGroup, content: MadeContent) => {
    const { user: sender, device } = by.certificate;
    const context = { conversation: CONVERSATION, message: parseMessageId(idText(systemRandom(16))), sender, device };
    const sealing = { group: group.group, epoch: group.epoch, seq: 0, contentKey: await group.contentKey() };
    const body = await sealMessage(encodeContent(content), context, { ...sealing, signature: by.signature });
    const stamp = { ms: 1, counter: 0 };
    const { event } = await keys.look({
      ...context,
      id: context.message,
      body,
      stamp,
      recipients: [],
      state: 'stored',
      expires: 2,
      path: 'local',
    });
    return event.problem ?? event.content?.kind;
  };
}

test(
  'what a member writes in news, and a device that is no leaf of the epoch, is refused when it is opened',
  LIMIT,
  async () => {
    const { people, clerk, cook, atClerk, atCook, clerks, clerkVault, roster } = await kitchen();
    const open = await opener(people, clerks, clerkVault);
    const text: MadeContent = { kind: 'text', text: 'hello', sentAt: 1 };
    const group = (await clerks.keeper.follow(CONVERSATION)) ?? assert.fail();
    assert.equal(await open(atCook, group, text), 'text');
    const unseen = people.device(cook);
    await clerks.checks.learn([unseen.certificate]);
    assert.equal(await open(unseen, group, text), 'sender-not-member');
    const news = await clerks.keeper.change(CONVERSATION, async () => ({ roster: { ...roster, kind: 'news' } }));
    assert.equal(await open(atCook, news, text), 'not-allowed');
    assert.equal(await open(atClerk, news, text), 'text');
    assert.ok(clerk);
  },
);

test(
  'a device of this user that the user removed gets no keys, though the server says nothing of it',
  LIMIT,
  async () => {
    const { people, clerk, atClerk, clerks, clerkVault, group } = await kitchen();
    hpkeOf.set(atClerk, await generateHpkeKey(false));
    const { asking } = await readable(people, clerk);
    const { user, device, sequence } = asking.certificate;
    const payload = makeKeyRequest(asking, CONVERSATION, group.group, [1]);
    const body = encodeMail({ kind: 'key-request', conversation: CONVERSATION, payload });
    const before = mailroomOf(clerks, atClerk, [{ body }]);
    await before.mailroom.collect();
    assert.equal(before.sent.length, 1);
    await clerkVault.put(REMOVED_DEVICE, device, signDeviceRemoval(clerk.identity, { user, device, sequence }));
    const after = mailroomOf(clerks, atClerk, [{ body }]);
    await after.mailroom.collect();
    assert.deepEqual(after.sent, []);
    assert.deepEqual(after.troubles, ['key-request-refused']);
  },
);
