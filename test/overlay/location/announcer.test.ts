// What a relay makes of the answers of those it announces itself to: they are of other enterprises and may lie.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generateKeyPair } from '@libp2p/crypto/keys';
import { peerIdFromPublicKey } from '@libp2p/peer-id';
import { Announcer } from '../../../src/overlay/location/announcer.ts';
import { decodeRequest, encodeReply } from '../../../src/overlay/location/locate/codec.ts';
import { openRecord, type RecordSigner } from '../../../src/overlay/location/record.ts';
import { StunServers } from '../../../src/overlay/stun/servers.ts';
import { systemClock } from '../../../src/realm/clock.ts';
import { silentLog } from '../../../src/realm/log.ts';
import { parseRealmName } from '../../../src/realm/names.ts';

const UA = parseRealmName('ua');
const KYIV = parseRealmName('kyiv.ua');

interface Audience {
  readonly announcer: Announcer;
  readonly records: Uint8Array[];
  moves: number;
}

/** An ancestor's relay that says it sees us at these addresses, one after the other, the last one from then on. */
async function heardBy(
  hosts: readonly string[],
  named: readonly string[] = [],
  reach?: (host: string) => boolean,
): Promise<Audience & { readonly publicKey: Uint8Array; readonly stun: StunServers }> {
  const key = await generateKeyPair('Ed25519');
  const { publicKey } = key;
  const signer: RecordSigner = { privateKey: key.raw.subarray(0, 32), chain: [Uint8Array.of(1)] };
  const records: Uint8Array[] = [];
  const ask = async (request: Uint8Array): Promise<Uint8Array> => {
    const decoded = decodeRequest(request);
    if (decoded.kind === 'announce') records.push(decoded.record);
    const host = hosts[Math.min(records.length, hosts.length) - 1] ?? '';
    return encodeReply({ kind: 'noted', host, stun: named });
  };
  const audience = { moves: 0 };
  const stun = new StunServers();
  const announcer = new Announcer({
    peerId: peerIdFromPublicKey(publicKey).toString(),
    addresses: () => [{ host: '60.0.0.1', port: '443', text: '/ip4/60.0.0.1/tcp/443' }],
    realm: KYIV,
    signer,
    stun,
    audience: () => [{ realm: UA, way: { peerId: 'above', host: '60.0.0.9', ask } }],
    fellows: () => [],
    ...(reach ? { reach } : {}),
    publish: undefined,
    onNoted: () => {},
    onMoved: () => void (audience.moves += 1),
    clock: systemClock,
    log: silentLog,
  });
  return Object.assign(audience, { announcer, records, stun, publicKey: publicKey.raw });
}

test('an ancestor that sees us at what is no address does not make our record worthless', async (t) => {
  for (const lie of ['x', '1.2.3.4/tcp/1', '0.0.0.0', 'ff02::1']) {
    const { announcer, records, publicKey } = await heardBy([lie]);
    t.after(() => announcer.stop());
    await announcer.start();
    for (const record of records) {
      const check = async () => ({ realm: KYIV, role: 'relay' as const, publicKey });
      const { relays } = await openRecord(record, check, Date.now());
      assert.deepEqual(relays[0]?.addrs, ['/ip4/60.0.0.1/tcp/443']);
    }
    assert.equal(records.length, 1);
  }
});

test('an ancestor that sees us elsewhere each time is told once more, not without end', async (t) => {
  const places = Array.from({ length: 50 }, (_, at) => `60.0.1.${at}`);
  const audience = await heardBy(places);
  t.after(() => audience.announcer.stop());
  await audience.announcer.start();
  assert.equal(audience.records.length, 2);
  await audience.announcer.announceAll();
  assert.deepEqual([audience.records.length, audience.moves], [4, 1]);
});

test('an ancestor names STUN servers, and no place of our own host or link', async (t) => {
  const named = ['127.0.0.1:22', '169.254.169.254:80', ':3478', '60.0.0.8:3478'];
  const { announcer, stun } = await heardBy([''], named);
  t.after(() => announcer.stop());
  await announcer.start();
  assert.deepEqual(stun.list(), [
    { host: '60.0.0.9', port: 3_478 },
    { host: '60.0.0.8', port: 3_478 },
  ]);
});

test('of relays that are gone the address at which they saw us is forgotten, and never are there many', async (t) => {
  let now = 0;
  const key = await generateKeyPair('Ed25519');
  const signer: RecordSigner = { privateKey: key.raw.subarray(0, 32), chain: [Uint8Array.of(1)] };
  const records: Uint8Array[] = [];
  const ask = (host: string) => async (request: Uint8Array) => {
    const decoded = decodeRequest(request);
    if (decoded.kind === 'announce') records.push(decoded.record);
    return encodeReply({ kind: 'noted', host, stun: [] });
  };
  const clock = { ...systemClock, monotonic: () => now, after: () => ({ cancel() {} }) };
  const announcer = new Announcer({
    peerId: peerIdFromPublicKey(key.publicKey).toString(),
    addresses: () => [{ host: '60.0.0.1', port: '443', text: '/ip4/60.0.0.1/tcp/443' }],
    realm: KYIV,
    signer,
    stun: new StunServers(),
    audience: () => [],
    fellows: () => [],
    publish: undefined,
    onNoted: () => {},
    onMoved: () => {},
    clock,
    log: silentLog,
  });
  t.after(() => announcer.stop());
  const addresses = async (): Promise<readonly string[]> => {
    const check = async () => ({ realm: KYIV, role: 'relay' as const, publicKey: key.publicKey.raw });
    const { relays } = await openRecord(records.at(-1) ?? new Uint8Array(), check, Date.now());
    return relays[0]?.addrs ?? [];
  };
  await announcer.announceTo(UA, { peerId: 'first', host: '60.0.0.9', ask: ask('61.0.0.1') });
  assert.ok((await addresses()).includes('/ip4/61.0.0.1/tcp/443'));
  now += 21 * 60_000;
  await announcer.announceTo(UA, { peerId: 'second', host: '60.0.0.9', ask: ask('61.0.0.2') });
  assert.deepEqual(await addresses(), ['/ip4/60.0.0.1/tcp/443', '/ip4/61.0.0.2/tcp/443']);
  for (let at = 0; at < 200; at += 1)
    await announcer.announceTo(UA, { peerId: `p${at}`, host: '60.0.0.9', ask: ask(`62.0.${at}.1`) });
  assert.ok(!(await addresses()).includes('/ip4/61.0.0.2/tcp/443'), 'the oldest of too many');
});

test('an ancestor names no STUN server inside a private network that is none of ours', async (t) => {
  const { announcer, stun } = await heardBy(
    ['60.0.0.1'],
    ['10.9.9.9:22', '60.0.0.3:3478'],
    (host) => host === '60.0.0.3',
  );
  t.after(() => announcer.stop());
  await announcer.start();
  assert.deepEqual(stun.list(), [{ host: '60.0.0.3', port: 3478 }]);
});
