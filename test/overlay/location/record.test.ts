// Records of where a realm is: which are believed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generateKeyPair } from '@libp2p/crypto/keys';
import { peerIdFromPrivateKey } from '@libp2p/peer-id';
import { decode, encode } from 'cborg';
import * as fc from 'fast-check';
import {
  decodePayload,
  encodePayload,
  isNewer,
  MAX_LIFETIME,
  openRecord,
  type RealmRecord,
  signRecord,
} from '../../../src/overlay/location/record.ts';
import { RecordStore } from '../../../src/overlay/location/record-store.ts';
import type { Clock } from '../../../src/realm/clock.ts';
import { parseRealmName } from '../../../src/realm/names.ts';
import { checkTestChain, testChain } from '../links/relay-host.ts';

/** Objects as literals make them. */
const PLAIN = { noNullPrototype: true } as const;

const NOW = 1_800_000_000_000;
const key = await generateKeyPair('Ed25519');
const seed = key.raw.subarray(0, 32);
const peerId = peerIdFromPrivateKey(key).toString();
const kyiv = parseRealmName('kyiv.ua');
const record: RealmRecord = {
  realm: kyiv,
  relays: [{ peerId, addrs: ['/ip4/60.0.2.1/tcp/4443', '/ip6/2001:db8::1/tcp/443'] }],
  incarnation: 7,
  sequence: 3,
  expires: NOW + 600_000,
};
const sign = (of: RealmRecord, realm = 'kyiv.ua') => signRecord(of, { privateKey: seed, chain: testChain(realm, key) });
const open = (bytes: Uint8Array) => openRecord(bytes, checkTestChain, NOW);

test('a record opens to what was signed', async () => {
  const bytes = await sign(record);
  assert.deepEqual(await open(bytes), { ...record, signer: peerId, bytes });
});

test('a record signed by the relay of another realm is refused', async () => {
  await assert.rejects(open(await sign(record, 'lviv.ua')), { code: 'record-wrong-signer' });
});

test('a record signed by a node is refused', async () => {
  const bytes = await sign(record);
  const check: typeof checkTestChain = async (chain) => ({ ...(await checkTestChain(chain)), role: 'node' });
  await assert.rejects(openRecord(bytes, check, NOW), { code: 'record-wrong-signer' });
});

test('a record that names other relays than its signer is refused', async () => {
  const other = peerIdFromPrivateKey(await generateKeyPair('Ed25519')).toString();
  await assert.rejects(open(await sign({ ...record, relays: [{ peerId: other, addrs: [] }] })), {
    code: 'record-wrong-signer',
  });
});

test('a record whose addresses were changed under the signature is refused', async () => {
  const parts: unknown = decode(await sign(record));
  assert.ok(Array.isArray(parts));
  const forged = encodePayload({ ...record, relays: [{ peerId, addrs: ['/ip4/6.6.6.6/tcp/1'] }] });
  await assert.rejects(open(encode([parts[0], forged, parts[2], parts[3]])), { code: 'record-forged' });
});

test('a record signed with another key than its certificate names is refused', async () => {
  const thief = await generateKeyPair('Ed25519');
  const bytes = await signRecord(record, { privateKey: thief.raw.subarray(0, 32), chain: testChain('kyiv.ua', key) });
  await assert.rejects(open(bytes), { code: 'record-forged' });
});

test('an expired record is refused, and one that would live for days', async () => {
  await assert.rejects(open(await sign({ ...record, expires: NOW - 700_000 })), { code: 'record-expired' });
  await assert.rejects(open(await sign({ ...record, expires: NOW + 2 * MAX_LIFETIME })), { code: 'record-too-long' });
});

test('every truncation of a record is refused', async () => {
  const bytes = await sign(record);
  for (let end = 0; end < bytes.length; end++) {
    await assert.rejects(open(bytes.subarray(0, end)), { code: 'record-malformed' });
  }
});

const realms = fc.constantFrom('ua', 'kyiv.ua', 'a-1.acme.ua').map(parseRealmName);
const addresses = fc
  .tuple(fc.ipV4(), fc.integer({ min: 1, max: 65_535 }))
  .map(([ip, port]) => `/ip4/${ip}/tcp/${port}`);
const relays = fc.record(
  {
    peerId: fc.constantFrom(peerId, '12D3KooWabc'),
    addrs: fc.array(addresses, { maxLength: 8 }),
  },
  PLAIN,
);
const records: fc.Arbitrary<RealmRecord> = fc.record(
  {
    realm: realms,
    relays: fc.array(relays, { minLength: 1, maxLength: 4 }),
    incarnation: fc.maxSafeNat(),
    sequence: fc.maxSafeNat(),
    expires: fc.maxSafeNat(),
  },
  PLAIN,
);

test('any record decodes to what was encoded', () => {
  fc.assert(fc.property(records, (any) => assert.deepEqual(decodePayload(encodePayload(any)), any)));
});

test('no bytes whatever make the decoder throw anything but record-malformed', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      assert.throws(() => decodePayload(bytes), { code: 'record-malformed' });
    }),
  );
});

test('the store keeps the newest record of each relay and forgets it with time', async () => {
  let now = 0;
  const clock: Clock = { now: () => NOW, monotonic: () => now, after: () => ({ cancel() {} }) };
  const store = new RecordStore(clock);
  const [older, newer] = [await open(await sign(record)), await open(await sign({ ...record, sequence: 4 }))];
  assert.ok(isNewer(newer, older) && !isNewer(older, newer) && !isNewer(older, older));
  store.put(newer);
  store.put(older);
  assert.deepEqual(store.get(kyiv), [newer]);
  now = 21 * 60_000;
  assert.deepEqual(store.get(kyiv), []);
});
