// A sealed message opens for its members, in its place, to one content.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { issueDeviceCertificate } from '../../src/crypto/device-certificate.ts';
import { newSigningKey, signingKeyOfSeed } from '../../src/crypto/identity.ts';
import {
  messageRoot,
  openMessage,
  openWithRoot,
  readSealedHead,
  type SealingContext,
  sealMessage,
} from '../../src/crypto/sealed-message.ts';
import { decodeStrict, encodeItem } from '../../src/crypto/strict-cbor.ts';
import { PeerError } from '../../src/realm/errors.ts';
import {
  idText,
  parseConversationId,
  parseDeviceId,
  parseGroupId,
  parseMessageId,
  parseUserId,
} from '../../src/realm/ids.ts';
import { systemRandom } from '../../src/realm/random.ts';

const LIMIT = { timeout: 60_000 };
const FIXED = (byte: number) => idText(new Uint8Array(16).fill(byte));

const identity = signingKeyOfSeed(new Uint8Array(32).fill(1));
const signature = signingKeyOfSeed(new Uint8Array(32).fill(2));
const context: SealingContext = {
  conversation: parseConversationId(FIXED(3)),
  message: parseMessageId(FIXED(4)),
  sender: parseUserId(FIXED(5)),
  device: parseDeviceId(FIXED(6)),
};
const certificate = issueDeviceCertificate(identity, {
  user: context.sender,
  device: context.device,
  signatureKey: signature.publicKey,
  hpkeKey: new Uint8Array(32).fill(7),
  sequence: 1,
  notBefore: 0,
  notAfter: 1000,
});
const contentKey = new Uint8Array(32).fill(8);
const keys = { group: parseGroupId(FIXED(9)), epoch: 3, seq: 17, contentKey, signature };
const hello = new TextEncoder().encode('Доброго ранку');
const sealed = await sealMessage(hello, context, keys);

const code = (expected: string) => (error: unknown) => error instanceof PeerError && error.code === expected;
const known = new Set(['body-format', 'frame-malformed', 'signature-wrong', 'commitment-wrong', 'ciphertext-wrong']);
const refused = (error: unknown) => error instanceof PeerError && known.has(error.code);

test('what is sealed opens', LIMIT, async () => {
  const content = fc.uint8Array({ maxLength: 3000 });
  await fc.assert(
    fc.asyncProperty(content, fc.nat(), fc.nat(), async (plaintext, epoch, seq) => {
      const at = { ...context, message: parseMessageId(idText(systemRandom(16))) };
      const body = await sealMessage(plaintext, at, { ...keys, epoch, seq });
      assert.deepEqual(readSealedHead(body), { group: keys.group, epoch, seq });
      assert.deepEqual(await openMessage(body, at, { contentKey, certificate }), plaintext);
    }),
    { numRuns: 50 },
  );
});

test('every truncation is refused', LIMIT, async () => {
  for (let length = 0; length < sealed.length; length += 1) {
    await assert.rejects(openMessage(sealed.subarray(0, length), context, { contentKey, certificate }), refused);
  }
});

test('every altered byte is refused', LIMIT, async () => {
  for (let at = 0; at < sealed.length; at += 1) {
    const altered = sealed.slice();
    altered[at] = (altered[at] ?? 0) ^ 0x01;
    await assert.rejects(openMessage(altered, context, { contentKey, certificate }), refused, `byte ${at}`);
  }
});

test('every altered field is refused, by its signature', LIMIT, async () => {
  const fields = decodeStrict(sealed.subarray(1), sealed.length);
  assert.ok(Array.isArray(fields));
  for (let at = 0; at < fields.length; at += 1) {
    const altered = fields.map((field, i) => (i === at ? other(field) : field));
    const body = new Uint8Array([1, ...encodeItem(altered)]);
    await assert.rejects(
      openMessage(body, context, { contentKey, certificate }),
      code('signature-wrong'),
      `field ${at}`,
    );
  }
});

function other(field: unknown): unknown {
  if (typeof field === 'number') return field + 1;
  assert.ok(field instanceof Uint8Array);
  return field.map((byte, at) => (at === 0 ? byte ^ 0x80 : byte));
}

test('it opens in its conversation and under its id alone', LIMIT, async () => {
  const elsewhere = { ...context, conversation: parseConversationId(FIXED(10)) };
  const again = { ...context, message: parseMessageId(FIXED(11)) };
  for (const at of [elsewhere, again]) {
    await assert.rejects(openMessage(sealed, at, { contentKey, certificate }), code('signature-wrong'));
  }
});

test('it is of its sender and its device alone', LIMIT, async () => {
  const another = { ...context, device: parseDeviceId(FIXED(12)) };
  await assert.rejects(openMessage(sealed, another, { contentKey, certificate }), code('sender-other'));
  const somebody = { ...context, sender: parseUserId(FIXED(13)) };
  await assert.rejects(openMessage(sealed, somebody, { contentKey, certificate }), code('sender-other'));
  const forged = { ...certificate, device: another.device };
  await assert.rejects(openMessage(sealed, another, { contentKey, certificate: forged }), code('signature-wrong'));
});

test('a server that signs with a key of its own is no sender', LIMIT, async () => {
  const body = await sealMessage(hello, context, { ...keys, signature: newSigningKey(systemRandom) });
  await assert.rejects(openMessage(body, context, { contentKey, certificate }), code('signature-wrong'));
});

test('the key of another epoch is told from a message that was altered', LIMIT, async () => {
  const wrong = new Uint8Array(32).fill(14);
  await assert.rejects(openMessage(sealed, context, { contentKey: wrong, certificate }), code('commitment-wrong'));
});

test('one key opens a message: the commitment refuses another that the cipher might accept', LIMIT, async () => {
  const root = messageRoot(context, keys, contentKey);
  assert.deepEqual(await openWithRoot(sealed, context, { root, certificate }), hello);
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 32, maxLength: 32 }), (made) =>
      assert.rejects(openWithRoot(sealed, context, { root: made, certificate }), code('commitment-wrong')),
    ),
    { numRuns: 20 },
  );
});

test('the same message seals to the same bytes, another text under its id has another nonce', LIMIT, async () => {
  assert.deepEqual(await sealMessage(hello, context, keys), sealed);
  const text = await sealMessage(new TextEncoder().encode('Гарного ранку'), context, keys);
  const [one, two] = [sealed, text].map((body) => decodeStrict(body.subarray(1), body.length));
  assert.ok(Array.isArray(one) && Array.isArray(two));
  assert.notDeepEqual(one[3], two[3]);
});

test('the bytes of a sealed message stay as they are', LIMIT, () => {
  assert.equal(Buffer.from(sealed).toString('base64url'), VECTOR);
});

const VECTOR =
  'AYcDUAkJCQkJCQkJCQkJCQkJCQkRTItpHbmJdtN1Xfn74lgp-ERiUKvnk9XiZ8q6W81RZcL2FNoBW2KY5E_-ZM7c9tMAKmBEXuTyaTdYIEXu-aFgM_6Y_fyDcYlDtBZp8tDcF3rpfrMvAy_ASDOTWEAS7HfPdZMBPRxI7tBraT8Y6g5iQqCLIF4vhR6Xz1NUeBXIR8DR23J1ayEVRrFftMXAe4GBbo52d3YpSct3WM4D';
