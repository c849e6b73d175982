// An origin that lies, replays, sends poison or speaks out of turn: its own trouble, named, counted and audited.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { encode } from 'cborg';
import { type Envelope, encodeEnvelope, envelopeDigest } from '../../../src/crypto/envelope.ts';
import type { Stream } from '../../../src/overlay/seam.ts';
import { signWithLeaf } from '../../../src/pki/keys.ts';
import { digestOf, encodeBatchHeader, signedBytes } from '../../../src/protocols/deliver/batch.ts';
import { decodeDeliverFrame, encodeDeliverFrame, type Hello } from '../../../src/protocols/deliver/frames.ts';
import { DELIVER_PROTOCOL, MAX_DELIVER_FRAME } from '../../../src/protocols/deliver/index.ts';
import { codeOf } from '../../../src/realm/errors.ts';
import { houseUserId, mayBeOf, namesHouse } from '../../../src/realm/house-id.ts';
import { directConversationId, parseUserId, type UserId } from '../../../src/realm/ids.ts';
import { parseRealmName, type RealmName } from '../../../src/realm/names.ts';
import { createDatabase } from '../../../src/store/database.ts';
import { ForgetfulDisk } from '../../store/forgetful-disk.ts';
import {
  CLERK,
  certifiedAs,
  DEVICE,
  directory,
  ENGINEER,
  KYIV,
  keyOf,
  LVIV,
  message,
  messageId,
  receivedBy,
  startBranch,
} from '../simulated-branch.ts';
import { SimulatedNetwork } from '../simulated-network.ts';

const LIMIT = { timeout: 20_000 };
const ODESA = parseRealmName('odesa.acme.ua');
const POISONER = parseUserId('10000000-0000-4000-8000-00000000dead');

const HELLO: Hello = {
  kind: 'hello',
  versions: [1],
  origin: KYIV,
  incarnation: 1,
  destination: LVIV,
  chain: new TextEncoder().encode(KYIV),
  certificate: certifiedAs(KYIV, 5000),
};

/** The engineer's branch, and a stream to it by somebody who holds Kyiv's key and says what he likes. */
async function attack(t: TestContext, hello: Partial<Hello> = {}, from: RealmName = KYIV) {
  const network = new SimulatedNetwork();
  const database = await createDatabase(new ForgetfulDisk().openEngine());
  const known = directory();
  const findById = (id: UserId) => {
    if (id === POISONER) throw new TypeError('a fault of ours that this envelope meets');
    return known.findById(id);
  };
  const mayHave = (home: RealmName, id: UserId) => {
    const user = findById(id);
    return user ? user.home === home : !namesHouse(id) || mayBeOf(id, home, () => true);
  };
  const lviv = await startBranch({ realm: LVIV, database, network, directory: { findById, mayHave } });
  t.after(() => lviv.stop());
  const signal = AbortSignal.timeout(10_000);
  const node = network.node(from);
  const open = async (now: Partial<Hello> = hello): Promise<Stream> => {
    const stream = await node.open(LVIV, DELIVER_PROTOCOL, { signal, maxFrame: MAX_DELIVER_FRAME });
    await stream.write(encodeDeliverFrame({ ...HELLO, ...now }));
    return stream;
  };
  return { lviv, open, stream: await open() };
}

/** The next frame, or the code with which the stream broke. */
async function answer(stream: Stream) {
  try {
    const frame = await stream.read(AbortSignal.timeout(5000));
    return frame && decodeDeliverFrame(frame);
  } catch (error) {
    return { kind: 'broken', code: codeOf(error) } as const;
  }
}

function envelope(n: number, changes: Partial<Envelope> = {}): Uint8Array {
  const { id, conversation, recipients, expires, body } = message(n);
  const addresses = { version: 1, id, conversation, sender: CLERK, device: DEVICE, recipients, origin: KYIV } as const;
  const terms = {
    incarnation: 1,
    stamp: { ms: Date.now(), counter: 0 },
    expires,
    priority: 'text',
    durable: true,
    kind: 'message',
    blobs: [],
  } as const;
  return encodeEnvelope({ ...addresses, ...terms, body, ...changes }).bytes;
}

function batch(
  first: number,
  envelopes: readonly Uint8Array[],
  changes: { signer?: RealmName; destination?: RealmName } = {},
) {
  const header = encodeBatchHeader({
    origin: KYIV,
    incarnation: 1,
    first,
    last: first + envelopes.length - 1,
    destination: changes.destination ?? LVIV,
    expiry: 0,
    numbers: envelopes.map((_, i) => first + i),
    digest: digestOf(envelopes.map(envelopeDigest)),
  });
  const signature = signWithLeaf(keyOf(changes.signer ?? KYIV), signedBytes(header));
  return encodeDeliverFrame({ kind: 'batch', header, signature, envelopes });
}

test('an incarnation that nobody has certified is refused before anything is taken', LIMIT, async (t) => {
  for (const certificate of [new Uint8Array(), certifiedAs(ODESA, 5000), certifiedAs(KYIV, 1)]) {
    const { stream } = await attack(t, { incarnation: 2, certificate });
    assert.deepEqual(await answer(stream), { kind: 'refusal', code: 'incarnation-uncertified' });
  }
  const { stream, open } = await attack(t, { certificate: new Uint8Array() });
  assert.equal((await answer(stream))?.kind, 'welcome', 'the first needs none');
  const later = await open({ incarnation: 2, certificate: certifiedAs(KYIV, 3) });
  assert.equal((await answer(later))?.kind, 'welcome');
});

test('nobody speaks for a user of another house, also when nobody here has heard of that user', LIMIT, async (t) => {
  const { lviv, stream } = await attack(t);
  assert.equal((await answer(stream))?.kind, 'welcome');
  const [stranger, ours] = ['beta.ua', 'acme.ua'].map((house) =>
    houseUserId(parseRealmName(house), Uint8Array.of(0, 0, 0, 0, 0, 7)),
  ) as [UserId, UserId];
  const from = (n: number, sender: UserId) =>
    envelope(n, { sender, conversation: directConversationId(sender, ENGINEER) });
  await stream.write(batch(1, [from(1, stranger), from(2, ours)]));
  const ack = await answer(stream);
  assert.deepEqual(ack?.kind === 'ack' && ack.setAside, [{ n: 1, code: 'foreign-sender' }]);
  assert.deepEqual(receivedBy(lviv, ENGINEER), [messageId(2)]);
});

test(
  'a message "from" a user of another realm is set aside, named, audited, and the next one arrives',
  LIMIT,
  async (t) => {
    const { lviv, stream } = await attack(t);
    assert.equal((await answer(stream))?.kind, 'welcome');
    await stream.write(batch(1, [envelope(1, { sender: ENGINEER }), envelope(2, { origin: ODESA }), envelope(3)]));
    const ack = await answer(stream);
    assert.deepEqual(ack?.kind === 'ack' && ack.setAside, [
      { n: 1, code: 'foreign-sender' },
      { n: 2, code: 'foreign-origin' },
    ]);
    assert.deepEqual(receivedBy(lviv, ENGINEER), [messageId(3)]);
    assert.equal(lviv.delivery.counters().foreign, 2);
    assert.deepEqual(
      lviv.audited.map(({ code, actor, fields }) => [code, actor, fields?.['why']]),
      [
        ['envelope-set-aside', KYIV, 'foreign-sender'],
        ['envelope-set-aside', KYIV, 'foreign-origin'],
      ],
    );
  },
);

test('poison of any kind is set aside with its number, and the watermark moves on', LIMIT, async (t) => {
  const { lviv, stream } = await attack(t);
  await answer(stream);
  const newer = encode([encode([2, 'a later version']), new Uint8Array()]);
  const garbage = Uint8Array.of(0xff, 0x00);
  const altered = Uint8Array.from(envelope(1));
  altered[altered.length - 1] = 0;
  const throws = envelope(2, { sender: POISONER });
  await stream.write(batch(1, [newer, garbage, altered, throws, envelope(5)]));
  const ack = await answer(stream);
  assert.ok(ack?.kind === 'ack');
  assert.deepEqual(ack.setAside.map(({ n, code }) => [n, code]).sort(), [
    [1, 'envelope-version'],
    [2, 'frame-malformed'],
    [3, 'body-altered'],
    [4, 'internal'],
  ]);
  assert.equal(ack.marks.watermark, 5);
  assert.deepEqual(receivedBy(lviv, ENGINEER), [messageId(5)]);
  const kept = await lviv.delivery.setAside(KYIV, 10);
  assert.deepEqual(kept.find(({ n }) => n === 2)?.bytes, garbage);
});

test(
  'what is replayed, on the same stream, on another or under a new number, is counted and shown once',
  LIMIT,
  async (t) => {
    const { lviv, stream, open } = await attack(t);
    await answer(stream);
    const frame = batch(1, [envelope(1), envelope(2)]);
    for (let i = 0; i < 5; i++) {
      await stream.write(frame);
      assert.equal((await answer(stream))?.kind, 'ack');
    }
    const second = await open();
    const welcome = await answer(second);
    assert.equal(welcome?.kind === 'welcome' && welcome.marks.get(1)?.watermark, 2);
    await second.write(frame);
    await answer(second);
    await second.write(batch(3, [envelope(1), envelope(2)]));
    await answer(second);
    assert.deepEqual(receivedBy(lviv, ENGINEER), [messageId(1), messageId(2)]);
    assert.equal(lviv.delivery.counters().duplicates, 12);
  },
);

test('batches out of order arrive once, and the gap stays open until it is filled', LIMIT, async (t) => {
  const { lviv, stream } = await attack(t);
  await answer(stream);
  await stream.write(batch(5, [envelope(5)]));
  const early = await answer(stream);
  assert.deepEqual(early?.kind === 'ack' && early.marks, { watermark: 0, ranges: [[5, 5]] });
  await stream.write(batch(1, [envelope(1), envelope(2), envelope(3), envelope(4), envelope(5)]));
  const late = await answer(stream);
  assert.deepEqual(late?.kind === 'ack' && late.marks, { watermark: 5, ranges: [] });
  assert.deepEqual([...receivedBy(lviv, ENGINEER)].sort(), [1, 2, 3, 4, 5].map(messageId));
});

test('the same id with another body is set aside', LIMIT, async (t) => {
  const { stream } = await attack(t);
  await answer(stream);
  await stream.write(batch(1, [envelope(1), envelope(1, { body: Uint8Array.of(1) })]));
  const ack = await answer(stream);
  assert.deepEqual(ack?.kind === 'ack' && ack.setAside, [{ n: 2, code: 'id-conflict' }]);
});

test('nobody writes into the conversation of two others', LIMIT, async (t) => {
  const { stream } = await attack(t);
  await answer(stream);
  const elsewhere = message(1, '', [POISONER, ENGINEER]).conversation;
  await stream.write(batch(1, [envelope(1, { conversation: elsewhere })]));
  const ack = await answer(stream);
  assert.deepEqual(ack?.kind === 'ack' && ack.setAside, [{ n: 1, code: 'conversation-unknown' }]);
});

const refusals: Readonly<Record<string, { hello?: Partial<Hello>; from?: RealmName; code: string }>> = {
  'an origin that is not the peer': { from: ODESA, code: 'origin-foreign' },
  'a certificate of another realm': { hello: { chain: new TextEncoder().encode(ODESA) }, code: 'origin-foreign' },
  'an incarnation far above any that was here': { hello: { incarnation: 1001 }, code: 'incarnation-ahead' },
  'a delivery for another realm': { hello: { destination: ODESA }, code: 'destination-foreign' },
  'versions that we do not speak': { hello: { versions: [2, 3] }, code: 'version-unknown' },
};
for (const [name, { hello, from, code }] of Object.entries(refusals)) {
  test(`${name} is refused by name`, LIMIT, async (t) => {
    const { stream, lviv } = await attack(t, hello, from);
    const refusal = await answer(stream);
    assert.deepEqual(refusal, { kind: 'refusal', code });
    assert.equal(lviv.audited[0]?.fields?.['why'], code);
  });
}

test('a batch signed by another key, for another realm, or altered ends the stream', LIMIT, async (t) => {
  const { open, lviv } = await attack(t);
  const good = batch(1, [envelope(1)]);
  const swapped = decodeDeliverFrame(good);
  assert.ok(swapped.kind === 'batch');
  const frames = {
    'signature-bad': batch(1, [envelope(1)], { signer: ODESA }),
    'destination-foreign': batch(1, [envelope(1)], { destination: ODESA }),
    'digest-wrong': encodeDeliverFrame({ ...swapped, envelopes: [envelope(2)] }),
    'frame-malformed': Uint8Array.of(0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
  };
  for (const [code, frame] of Object.entries(frames)) {
    const stream = await open();
    await answer(stream);
    await stream.write(frame);
    assert.deepEqual(await answer(stream), { kind: 'refusal', code });
  }
  assert.deepEqual(receivedBy(lviv, ENGINEER), []);
});

test('an origin that comes back with an older incarnation is refused', LIMIT, async (t) => {
  const { stream, lviv, open } = await attack(t, { incarnation: 2 });
  await answer(stream);
  const header = { origin: KYIV, incarnation: 2, first: 1, last: 1, destination: LVIV, expiry: 0, numbers: [] };
  const encoded = encodeBatchHeader({ ...header, digest: digestOf([]) });
  const signature = signWithLeaf(keyOf(KYIV), signedBytes(encoded));
  await stream.write(encodeDeliverFrame({ kind: 'batch', header: encoded, signature, envelopes: [] }));
  assert.equal((await answer(stream))?.kind, 'ack');
  const again = await open({ incarnation: 1 });
  assert.deepEqual(await answer(again), { kind: 'refusal', code: 'stale-incarnation' });
  const why = () => lviv.audited.map(({ fields }) => fields?.['why']);
  assert.deepEqual(why(), ['stale-incarnation']);
  const third = await open({ incarnation: 1 });
  assert.deepEqual(await answer(third), { kind: 'refusal', code: 'stale-incarnation' });
  assert.deepEqual(why(), ['stale-incarnation'], 'what is said over and over is recorded once a minute');
});
