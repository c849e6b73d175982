// The forms of a vault: entries, records, heads and wraps come back as they went; what is cut, altered or out of place is refused.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { toString } from 'uint8arrays/to-string';
import { generateHpkeKey } from '../../../src/crypto/hpke.ts';
import { signingKeyOfSeed } from '../../../src/crypto/identity.ts';
import {
  assertNotBefore,
  assertOnLine,
  LINE_START,
  lineAfter,
  readHead,
  signHead,
  stepOf,
  type VaultHead,
  verifyHead,
} from '../../../src/crypto/vault/head.ts';
import { joined, lineOfRows, rowsOf, splitRows, splitSteps } from '../../../src/crypto/vault/line.ts';
import {
  decodeEntries,
  encodeEntries,
  importVaultKey,
  MAX_VALUE,
  openRecord,
  packEntries,
  sealRecord,
  type VaultEntry,
} from '../../../src/crypto/vault/records.ts';
import {
  decodeWraps,
  deviceTarget,
  encodeWraps,
  openWithDevice,
  openWithSecret,
  secretTarget,
  wrapVaultKey,
} from '../../../src/crypto/vault/wraps.ts';
import { parseUserId } from '../../../src/realm/ids.ts';
import { systemRandom } from '../../../src/realm/random.ts';

const LIMIT = { timeout: 30_000 };
const USER = parseUserId('00000000-0000-4000-8000-000000000001');
const OTHER = parseUserId('00000000-0000-4000-8000-000000000002');
const identity = signingKeyOfSeed(new Uint8Array(32).fill(7));
const stranger = signingKeyOfSeed(new Uint8Array(32).fill(8));
const entries: fc.Arbitrary<VaultEntry> = fc.record(
  {
    kind: fc.string({ maxLength: 10 }),
    key: fc.string({ maxLength: 20 }),
    value: fc.option(fc.uint8Array({ maxLength: 200 }), { nil: undefined }),
    time: fc.nat(),
  },
  { noNullPrototype: true },
);
const STEP = 'cb44ed245f8f5b7419d0c3ecdb1e668775c6972568361c05bc82a2b7ed6799fe';
const LINE = '350ff6b4d4c5b4e043142a35942b1251d72789af4cae3bea7dd5ea4a1dcf053a';
const HEAD: VaultHead = {
  user: USER,
  generation: 1,
  counter: 5,
  sequence: 3,
  chain: new Uint8Array(32).fill(1),
  wraps: new Uint8Array(32).fill(2),
  time: 1_900_000_000_000,
  line: new Uint8Array(32).fill(3),
};

test('entries come back as they went, and no truncation is taken for entries', LIMIT, () => {
  fc.assert(
    fc.property(fc.array(entries, { maxLength: 10 }), (some) => {
      const bytes = encodeEntries(some);
      assert.deepEqual(decodeEntries(bytes), some);
      for (let length = 0; length < bytes.length; length++) {
        assert.throws(() => decodeEntries(bytes.subarray(0, length)), { code: 'frame-malformed' });
      }
    }),
    { numRuns: 30 },
  );
});

test('a record opens in its place and nowhere else', LIMIT, async () => {
  const key = await importVaultKey(systemRandom(32));
  const place = { user: USER, generation: 2, sequence: 9 };
  const some = [{ kind: 'draft', key: 'a', value: new Uint8Array([1]), time: 1 }];
  const record = await sealRecord(key, place, some, systemRandom);
  assert.deepEqual(await openRecord(key, place, record), some);
  const places = [
    { ...place, sequence: 10 },
    { ...place, generation: 3 },
    { ...place, user: OTHER },
  ];
  for (const wrong of places) await assert.rejects(openRecord(key, wrong, record), { code: 'vault-record-wrong' });
  for (let at = 0; at < record.length; at += 5) {
    const altered = Uint8Array.from(record, (byte, i) => (i === at ? byte ^ 1 : byte));
    await assert.rejects(openRecord(key, place, altered), { code: 'vault-record-wrong' });
    await assert.rejects(openRecord(key, place, record.subarray(0, at)), { code: 'vault-record-wrong' });
  }
});

test('entries of any size are packed into records that hold them, in order', LIMIT, async () => {
  const key = await importVaultKey(systemRandom(32));
  const many = Array.from({ length: 300 }, (_, n) => ({
    kind: 'epoch-key',
    key: `${n}`,
    value: new Uint8Array((n * 97) % MAX_VALUE),
    time: n,
  }));
  const packs = packEntries(many);
  assert.deepEqual(packs.flat(), many);
  for (const [at, pack] of packs.entries()) {
    const place = { user: USER, generation: 1, sequence: at + 1 };
    assert.deepEqual(await openRecord(key, place, await sealRecord(key, place, pack, systemRandom)), pack);
  }
  const long = [{ kind: 'k', key: 'k', value: new Uint8Array(MAX_VALUE + 1), time: 0 }];
  assert.throws(() => encodeEntries(long), { code: 'vault-entry-too-long' });
});

test('a head is of its owner alone, and every alteration is noticed', LIMIT, () => {
  const bytes = signHead(identity, HEAD);
  assert.deepEqual(verifyHead(bytes, USER, identity.publicKey), HEAD);
  assert.throws(() => verifyHead(bytes, OTHER, identity.publicKey), { code: 'vault-head-forged' });
  assert.throws(() => verifyHead(bytes, USER, stranger.publicKey), { code: 'vault-head-forged' });
  for (let at = 0; at < bytes.length; at++) {
    const altered = Uint8Array.from(bytes, (byte, i) => (i === at ? byte ^ 1 : byte));
    assert.throws(() => verifyHead(altered, USER, identity.publicKey), { name: 'PeerError' });
    assert.throws(() => readHead(bytes.subarray(0, at)), { name: 'PeerError' });
  }
  assert.equal(
    toString(bytes.subarray(0, 40), 'hex'),
    '89025000000000000040008000000000000001010503582001010101010101010101010101010101',
  );
});

test('an older head is a rollback, another one of the same number a fork', () => {
  assertNotBefore(HEAD, HEAD);
  assertNotBefore(HEAD, { ...HEAD, counter: 6, sequence: 4 });
  assertNotBefore(HEAD, { ...HEAD, counter: 6, generation: 2, sequence: 1 });
  for (const older of [{ counter: 4 }, { counter: 6, sequence: 2 }, { counter: 6, generation: 0 }]) {
    assert.throws(() => assertNotBefore(HEAD, { ...HEAD, ...older }), { code: 'vault-rolled-back' });
  }
  assert.throws(() => assertNotBefore(HEAD, { ...HEAD, chain: new Uint8Array(32) }), { code: 'vault-forked' });
});

test('what comes from a head, and what names it as given up, follows it; nothing else does', () => {
  const next = (head: VaultHead, between: Uint8Array[] = [], wraps = 2): VaultHead => {
    const core = { ...head, counter: head.counter + between.length + 1, wraps: new Uint8Array(32).fill(wraps) };
    return { ...core, line: lineAfter(head.line, [...between, stepOf(core)]) };
  };
  const [known, other] = [next(HEAD), next(HEAD, [], 4)];
  const second = next(known);
  const steps = [known, second].map(stepOf);
  assertOnLine(known, second, { line: HEAD.line, steps });
  for (const wrong of [[], steps.slice(1), steps.toReversed(), [...steps, stepOf(second)]]) {
    assert.throws(() => assertOnLine(known, second, { line: HEAD.line, steps: wrong }), { code: 'vault-forked' });
  }
  const branch = next(other);
  const ofBranch = [other, branch].map(stepOf);
  assert.throws(() => assertOnLine(known, branch, { line: HEAD.line, steps: ofBranch }), { code: 'vault-forked' });
  const given = next(branch, [known.line]);
  const line = { line: HEAD.line, steps: [...ofBranch, known.line, stepOf(given)] };
  assertOnLine(known, given, line);
  assertOnLine(branch, given, { line: other.line, steps: [stepOf(branch), known.line, stepOf(given)] });
  assert.throws(() => assertOnLine(second, given, line), { code: 'vault-forked' });
  assert.equal(toString(stepOf(HEAD), 'hex'), STEP);
  assert.equal(toString(lineAfter(LINE_START, [stepOf(HEAD)]), 'hex'), LINE);
});

test('a line comes back from its rows, and no truncation is taken for one', () => {
  const piece = fc.uint8Array({ minLength: 32, maxLength: 32 });
  fc.assert(
    fc.property(piece, fc.array(piece, { minLength: 1, maxLength: 5 }), (line, steps) => {
      const rows = rowsOf({ line, steps });
      assert.deepEqual(lineOfRows(rows), { line, steps });
      const bytes = joined(steps);
      assert.deepEqual(splitSteps(bytes), steps);
      for (let length = 1; length < 32; length++) {
        assert.throws(() => splitSteps(bytes.subarray(0, length)), { code: 'frame-malformed' });
        assert.throws(() => splitRows((rows[0] ?? bytes).subarray(0, length)), { code: 'frame-malformed' });
        assert.throws(() => lineOfRows([bytes.subarray(0, length)]), { code: 'frame-malformed' });
      }
    }),
    { numRuns: 30 },
  );
});

test('wraps give the vault key to their device and to who knows the secret, and name the identity', LIMIT, async () => {
  const vaultKey = systemRandom(32);
  const device = await generateHpkeKey(false);
  const secret = systemRandom(20);
  const target = await secretTarget(USER, 'recovery', secret, identity.publicKey, systemRandom);
  const wraps = [
    await wrapVaultKey(USER, vaultKey, target),
    await wrapVaultKey(USER, vaultKey, deviceTarget(OTHER, device.publicKey)),
  ];
  const bytes = encodeWraps(wraps);
  const [ofDevice, ofSecret] = decodeWraps(bytes);
  assert.ok(ofDevice && ofSecret);
  assert.deepEqual(await openWithDevice(USER, ofDevice, device), vaultKey);
  const opened = await openWithSecret(USER, ofSecret, secret);
  assert.deepEqual(opened.identityKey, identity.publicKey);
  assert.deepEqual(await opened.vaultKey(), vaultKey);
  await assert.rejects(openWithSecret(USER, ofSecret, systemRandom(20)), { code: 'vault-secret-wrong' });
  await assert.rejects(openWithSecret(OTHER, ofSecret, secret), { code: 'vault-secret-wrong' });
  await assert.rejects(openWithDevice(OTHER, ofDevice, device), { code: 'not-sealed-to-this' });
  for (let length = 0; length < bytes.length; length += 3) {
    assert.throws(() => decodeWraps(bytes.subarray(0, length)), { name: 'PeerError' });
  }
  const [first] = wraps;
  assert.ok(first);
  assert.throws(() => decodeWraps(encodeWraps([first, first])), { code: 'frame-malformed' });
});
