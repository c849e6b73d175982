// What a relay keeps of its charter: what its node tells over the real protocol, checked again, and on disk.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { openRelayCharter } from '../../relay/charter-file.ts';
import { createRelay } from '../../relay/create-relay.ts';
import { EMPTY_CHARTER } from '../../src/overlay/charter.ts';
import type { CharterSource } from '../../src/overlay/charter-feed/feeder.ts';
import {
  decodeCharterAnswer,
  decodeCharterFrame,
  encodeCharterAnswer,
  encodeCharterFrame,
} from '../../src/overlay/charter-feed/index.ts';
import { createNodeOverlay } from '../../src/overlay/node-overlay.ts';
import { checkAuthorities } from '../../src/pki/authority-path.ts';
import { createCrl } from '../../src/pki/crl.ts';
import { keyName, localSigner } from '../../src/pki/keys.ts';
import { encodeSignedCrl } from '../../src/pki/revocations.ts';
import { systemClock } from '../../src/realm/clock.ts';
import { codeOf } from '../../src/realm/errors.ts';
import { silentLog } from '../../src/realm/log.ts';
import { parseRealmName } from '../../src/realm/names.ts';
import { createDataDirectory } from '../../src/settings/data-directory.ts';
import { makePrivateFolder } from '../../src/settings/private-file.ts';
import { until } from '../overlay/hosts.ts';
import { Realms } from '../overlay/realms.ts';
import { createFamily, type Family } from '../pki/family.ts';

const TIMEOUT = { timeout: 30_000 };
const KYIV = parseRealmName('kyiv.acme.ua');

async function list(family: Family, serials: readonly string[], number = 1): Promise<Uint8Array> {
  const [own] = checkAuthorities(family.branch);
  assert.ok(own);
  const now = Date.now();
  const crl = { number, thisUpdate: now, nextUpdate: now, revoked: serials.map((serial) => ({ serial, at: now })) };
  return encodeSignedCrl({ crl: await createCrl(crl, own, localSigner(family.keys.branch)), chain: family.branch });
}

async function temporary(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'canopy-charter-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const directory = await createDataDirectory(folder);
  await makePrivateFolder(directory.relay.folder);
  return directory;
}

const components = (rootFingerprint: string) => ({ realm: KYIV, rootFingerprint, clock: systemClock, log: silentLog });

test('a relay remembers across a restart what was revoked, in a file that only its owner reads', TIMEOUT, async (t) => {
  const family = await createFamily(Date.now());
  const directory = await temporary(t);
  const first = await openRelayCharter(directory, components(family.rootFingerprint));
  let changes = 0;
  first.onChange(() => changes++);
  await Promise.all([
    first.take({ kind: 'crls', items: [await list(family, ['4a01'])] }),
    first.take({ kind: 'crls', items: [await list(family, ['4a01', '4a02'], 2)] }),
  ]);
  assert.equal(changes, 2);
  assert.equal((await stat(directory.relay.charter)).mode & 0o777, 0o600);
  const second = await openRelayCharter(directory, components(family.rootFingerprint));
  assert.deepEqual(
    ['4a01', '4a02', '4a03'].map((serial) => second.isRevoked(serial, keyName(family.keys.branch.spki))),
    [true, true, false],
  );
});

test('lists of another root and garbage are passed over and hide no good one', TIMEOUT, async (t) => {
  const [family, stranger] = [await createFamily(Date.now()), await createFamily(Date.now())];
  const charter = await openRelayCharter(await temporary(t), components(family.rootFingerprint));
  const items = [Uint8Array.of(1, 2, 3), await list(stranger, ['4a09']), await list(family, ['4a01'])];
  await charter.take({ kind: 'crls', items });
  assert.equal(charter.isRevoked('4a09', keyName(stranger.keys.branch.spki)), false);
  assert.equal(charter.isRevoked('4a01', keyName(family.keys.branch.spki)), true);
});

test('a damaged file keeps the relay from starting with nobody revoked', TIMEOUT, async (t) => {
  const family = await createFamily(Date.now());
  const directory = await temporary(t);
  const charter = await openRelayCharter(directory, components(family.rootFingerprint));
  await charter.take({ kind: 'crls', items: [await list(family, ['4a01'])] });
  const whole = await readFile(directory.relay.charter);
  for (const bytes of [whole.subarray(0, 40), Buffer.from('nonsense'), Buffer.alloc(0)]) {
    await writeFile(directory.relay.charter, bytes);
    await assert.rejects(openRelayCharter(directory, components(family.rootFingerprint)), { code: 'charter-damaged' });
  }
});

test('a node tells its relay everything at first and then what changes', TIMEOUT, async (t) => {
  const realms = new Realms('ua');
  const family = await createFamily(Date.now());
  const charter = await openRelayCharter(await temporary(t), components(family.rootFingerprint));
  const settings = {
    listen: [{ host: '127.0.0.1', port: 0 }],
    announce: [],
    stun: [],
    punch: ['tcp'],
  } as const;
  const shared = { clock: systemClock, log: silentLog, audit: () => {} };
  const relay = await createRelay({
    ...shared,
    identity: await realms.identity(KYIV, 'relay'),
    settings,
    ancestors: [],
    charter,
  });
  await relay.start();
  t.after(() => relay.stop());
  const lists = [await list(family, ['4a01'])];
  const listeners = new Set<() => void>();
  const charterSource: CharterSource = {
    crls: () => lists,
    agreements: () => [],
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const identity = await realms.identity(KYIV, 'node');
  const node = await createNodeOverlay({
    ...shared,
    identity,
    relays: relay.addresses,
    charter: EMPTY_CHARTER,
    charterSource,
  });
  await node.start();
  t.after(() => node.stop());
  await until(() => charter.isRevoked('4a01', keyName(family.keys.branch.spki)));
  lists.push(await list(family, ['4a01', '4a02'], 2));
  for (const listener of listeners) listener();
  await until(() => charter.isRevoked('4a02', keyName(family.keys.branch.spki)));
});

test('frames of the charter are read back, refused truncated, and bounded', () => {
  const kind = fc.constantFrom('crls', 'trusts', 'more-trusts');
  const frame = fc.record(
    { kind, items: fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 20 }) },
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(frame, (value) => {
      const bytes = encodeCharterFrame(value);
      assert.deepEqual(decodeCharterFrame(bytes), value);
      for (let length = 0; length < bytes.length; length++) {
        assert.throws(() => decodeCharterFrame(bytes.subarray(0, length)), { code: 'bad-frame' });
      }
    }),
    { numRuns: 50 },
  );
  assert.throws(() =>
    decodeCharterFrame(
      encodeCharterFrame({ kind: 'crls', items: Array.from({ length: 257 }, () => new Uint8Array()) }),
    ),
  );
  assert.deepEqual(
    Buffer.from(encodeCharterFrame({ kind: 'crls', items: [Uint8Array.of(7)] })).toString('hex'),
    '83016463726c73814107',
  );
  assert.equal(decodeCharterAnswer(encodeCharterAnswer()), undefined);
  assert.equal(decodeCharterAnswer(encodeCharterAnswer('disk-full')), 'disk-full');
  assert.throws(
    () => decodeCharterAnswer(Uint8Array.of(0x80)),
    (error) => codeOf(error) === 'bad-frame',
  );
});
