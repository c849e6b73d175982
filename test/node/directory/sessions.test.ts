// Sessions: found from memory, ended for good, over in time.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { DeviceStore, MAX_SEEN } from '../../../node/directory/device-store.ts';
import { MAX_SESSIONS, openSessions } from '../../../node/directory/session-store.ts';
import { parseDeviceId, parseUserId } from '../../../src/realm/ids.ts';
import { silentLog } from '../../../src/realm/log.ts';
import { createDatabase } from '../../../src/store/database.ts';
import { under } from '../../../src/store/keys.ts';
import { ForgetfulDisk } from '../../store/forgetful-disk.ts';

const LIMIT = { timeout: 30_000 };
const DAY = 24 * 60 * 60 * 1000;
const user = parseUserId(randomUUID());
const device = () => ({ id: parseDeviceId(randomUUID()), name: 'browser' });

async function opened(disk = new ForgetfulDisk(), start = 1_800_000_000_000) {
  const time = { now: start };
  const database = await createDatabase(disk.openEngine());
  const sessions = await openSessions({ database, clock: { now: () => time.now }, log: silentLog });
  return { database, sessions, time };
}

test('a token finds its session, also after a power cut, and lies in the store only as a hash', LIMIT, async () => {
  const disk = new ForgetfulDisk();
  const { database, sessions } = await opened(disk);
  const { token, session } = await sessions.create(user, device());
  assert.deepEqual(sessions.find(token), session);
  assert.equal(sessions.find(`${token.slice(1)}A`), undefined);
  for await (const [key, value] of database.iterate(under())) {
    const row = Buffer.concat([key, value]);
    assert.ok(!row.includes(token) && !row.includes(Buffer.from(token, 'base64url')));
  }
  disk.powerCut();
  assert.deepEqual((await opened(disk)).sessions.find(token), session);
});

test('an ended session stays ended after a power cut', LIMIT, async () => {
  const disk = new ForgetfulDisk();
  const { sessions } = await opened(disk);
  const { token, session } = await sessions.create(user, device());
  await sessions.end(session.id, 'logout');
  await sessions.end(session.id, 'logout');
  assert.equal(sessions.find(token), undefined);
  disk.powerCut();
  assert.equal((await opened(disk)).sessions.find(token), undefined);
});

test('a revoked session is over at once even while the disk is full', LIMIT, async () => {
  const disk = new ForgetfulDisk();
  const { sessions } = await opened(disk);
  const { token, session } = await sessions.create(user, device());
  const ended: string[] = [];
  sessions.onEnd(({ id }) => ended.push(id));
  disk.full = true;
  await assert.rejects(sessions.end(session.id, 'revoked'), { code: 'disk-full' });
  assert.equal(sessions.find(token), undefined);
  assert.deepEqual(ended, [session.id]);
});

test('a session ends 14 days after it was last seen and 90 days after the login', LIMIT, async () => {
  const { sessions, time } = await opened();
  const idle = await sessions.create(user, device());
  const busy = await sessions.create(user, device());
  for (let day = 1; day <= 90; day++) {
    time.now += DAY;
    assert.equal(sessions.find(busy.token) !== undefined, true, `day ${day}`);
    if (day === 14) assert.equal(sessions.list(user).length, 2);
    if (day === 15) assert.equal(sessions.find(idle.token), undefined);
  }
  time.now += DAY;
  assert.equal(sessions.find(busy.token), undefined);
});

test('that a session was seen survives a restart', LIMIT, async () => {
  const disk = new ForgetfulDisk();
  const { database, sessions, time } = await opened(disk);
  const { token } = await sessions.create(user, device());
  time.now += 10 * DAY;
  sessions.find(token);
  await database.close();
  const later = await opened(disk, time.now + 10 * DAY);
  assert.ok(later.sessions.find(token));
});

test('a device has one session, a user at most fifty', LIMIT, async () => {
  const { sessions, time } = await opened();
  const mine = device();
  const first = await sessions.create(user, mine);
  const second = await sessions.create(user, mine);
  assert.equal(sessions.find(first.token), undefined);
  assert.ok(sessions.find(second.token));
  for (let i = 0; i < MAX_SESSIONS; i++) {
    time.now += 1000;
    await sessions.create(user, device());
  }
  assert.equal(sessions.list(user).length, MAX_SESSIONS);
  assert.equal(sessions.find(second.token), undefined);
});

test('a rotated token replaces the old one, also after a power cut, and the session goes on', LIMIT, async () => {
  const disk = new ForgetfulDisk();
  const { sessions } = await opened(disk);
  const { token, session } = await sessions.create(user, device());
  const ended: string[] = [];
  sessions.onEnd(({ id }) => ended.push(id));
  const fresh = await sessions.rotate(session);
  assert.notEqual(fresh, token);
  assert.equal(sessions.find(token), undefined);
  assert.equal(sessions.find(fresh)?.id, session.id);
  assert.deepEqual([sessions.list(user).length, ended], [1, []]);
  disk.powerCut();
  const later = await opened(disk);
  assert.equal(later.sessions.find(token), undefined);
  assert.equal(later.sessions.find(fresh)?.id, session.id);
});

test('the old token goes on while a full disk refuses a new one', LIMIT, async () => {
  const disk = new ForgetfulDisk();
  const { sessions } = await opened(disk);
  const { token, session } = await sessions.create(user, device());
  disk.full = true;
  await assert.rejects(sessions.rotate(session), { code: 'disk-full' });
  assert.equal(sessions.find(token)?.id, session.id);
});

test('a session that ends while its token is replaced stays ended', LIMIT, async () => {
  const disk = new ForgetfulDisk();
  const { sessions } = await opened(disk);
  const { session } = await sessions.create(user, device());
  const rotating = sessions.rotate(session);
  await Promise.all([assert.rejects(rotating, { code: 'session-missing' }), sessions.end(session.id, 'revoked')]);
  await assert.rejects(sessions.rotate(session), { code: 'session-missing' });
  disk.powerCut();
  assert.deepEqual((await opened(disk)).sessions.list(user), []);
});

test('a long name of a device is cut', LIMIT, async () => {
  const { sessions } = await opened();
  const { session } = await sessions.create(user, { ...device(), name: '🙂'.repeat(200) });
  assert.ok(session.device.name.length <= 100 && session.device.name.isWellFormed());
});

test(
  'a device keeps its name and when it was last here when its session is over, also after a power cut',
  LIMIT,
  async () => {
    const disk = new ForgetfulDisk();
    const { sessions, time } = await opened(disk);
    const desk = { ...device(), name: 'Firefox at the desk' };
    const { token, session } = await sessions.create(user, desk);
    time.now += DAY;
    sessions.find(token);
    await sessions.end(session.id, 'logout');
    disk.powerCut();
    const store = new DeviceStore((await opened(disk)).database);
    const kept = { name: desk.name, lastSeen: 1_800_000_000_000 + DAY };
    assert.deepEqual([...(await store.seen(user))], [[desk.id, kept]]);
  },
);

test('a device that logs in again is called what it calls itself now', LIMIT, async () => {
  const { database, sessions, time } = await opened();
  const desk = device();
  await sessions.create(user, desk);
  time.now += DAY;
  await sessions.create(user, { ...desk, name: 'newer browser' });
  const kept = { name: 'newer browser', lastSeen: time.now };
  assert.deepEqual((await new DeviceStore(database).seen(user)).get(desk.id), kept);
});

test('of devices that come and go the newest are remembered', LIMIT, async () => {
  const { database, sessions, time } = await opened();
  const first = device();
  await sessions.create(user, first);
  for (let i = 0; i < MAX_SEEN; i++) {
    time.now += 1000;
    await sessions.create(user, device());
  }
  const seen = await new DeviceStore(database).seen(user);
  assert.deepEqual([seen.size, seen.has(first.id)], [MAX_SEEN, false]);
});
