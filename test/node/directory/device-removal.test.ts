// Whoever holds a session alone, a thief perhaps, takes no certified device off and wipes none.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AuditEvent } from '../../../node/audit/audit.ts';
import { DeviceService } from '../../../node/directory/device-service.ts';
import { DeviceStore } from '../../../node/directory/device-store.ts';
import { signDeviceRemoval } from '../../../src/crypto/device-removal.ts';
import { newSigningKey } from '../../../src/crypto/identity.ts';
import { systemClock } from '../../../src/realm/clock.ts';
import { systemRandom } from '../../../src/realm/random.ts';
import { openDatabase } from '../../../src/store/database.ts';
import { temporaryFolder } from '../../temporary-folder.ts';
import { company, settledUser } from '../moving/company.ts';

const LIMIT = { timeout: 60_000 };

test('a device is taken off by its identity or an administrator, by a session alone it is not', LIMIT, async (t) => {
  const { kyiv } = await company(t);
  const { user, session, identity, certificate } = await settledUser(kyiv, 'clerk');
  const database = await openDatabase(await temporaryFolder(t));
  t.after(() => database.close());
  const audited: AuditEvent[] = [];
  const { identities, accounts } = kyiv;
  const devices = new DeviceService({
    store: new DeviceStore(database),
    sessions: accounts.sessions,
    identities,
    audit: {
      record: async (event) => void audited.push(event),
      tail: (limit) => kyiv.audit.tail(limit),
      verify: () => kyiv.audit.verify(),
    },
    clock: systemClock,
  });
  const { device, sequence } = certificate;
  const forged = signDeviceRemoval(newSigningKey(systemRandom), { user: user.id, device, sequence });
  await assert.rejects(devices.remove(user.id, device, undefined, user.id), { code: 'device-removal-unsigned' });
  await assert.rejects(devices.remove(user.id, device, forged, user.id), { code: 'device-removal-forged' });
  assert.equal(accounts.sessions.list(user.id).length, 1, 'nothing has ended');
  assert.deepEqual([devices.isWiped(session.id), audited, identities.keysOf(user.id).devices.length], [false, [], 1]);
  const signed = signDeviceRemoval(identity, { user: user.id, device, sequence });
  await devices.remove(user.id, device, signed, user.id);
  assert.equal(accounts.sessions.list(user.id).length, 0);
  assert.equal(identities.keysOf(user.id).devices.length, 0);
});

test('a device that is signed out is told by its name, until it is taken off for good', LIMIT, async (t) => {
  const { kyiv } = await company(t);
  const { user, session, certificate } = await settledUser(kyiv, 'clerk');
  const { accounts, identities, audit } = kyiv;
  const { sessions } = accounts;
  const devices = new DeviceService({ store: accounts.devices, sessions, identities, audit, clock: systemClock });
  const [signedIn] = await devices.list(user.id);
  await sessions.end(session.id, 'logout');
  const [signedOut] = await devices.list(user.id);
  assert.ok(signedIn && signedOut?.lastSeen !== undefined);
  assert.deepEqual(signedOut, { ...signedIn, signedIn: false, lastSeen: signedOut.lastSeen });
  assert.equal(signedOut.name, session.device.name);
  assert.notEqual(signedOut.name, '');
  await devices.rename(user.id, certificate.device, 'The desk');
  assert.equal((await devices.list(user.id))[0]?.name, 'The desk');
  await devices.remove(user.id, certificate.device, 'administrator', 'operator');
  assert.deepEqual(await devices.list(user.id), []);
  assert.equal((await accounts.devices.seen(user.id)).size, 0);
});
