// The forms of the ledger: round trips, truncations, and a fixed vector that later versions must still read.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { CHAINS, decodeEntry, decodeSigned, encodeEntry, joinSigned } from '../../../src/protocols/ledger/entry.ts';
import { decodeFrame, encodeFrame, type LedgerFrame } from '../../../src/protocols/ledger/frames.ts';
import {
  decodeRealmCertified,
  decodeUserEntry,
  encodeRealmCertified,
  encodeUserEntry,
  USER_KINDS,
  USER_STATUSES,
} from '../../../src/protocols/ledger/kinds.ts';
import {
  decodeRequest as decodeIds,
  decodeReply,
  encodeRequest as encodeIds,
  encodeReply,
} from '../../../src/protocols/profile/frames.ts';
import { decodeProfile, encodeProfile } from '../../../src/protocols/profile/record.ts';
import { parseUserId } from '../../../src/realm/ids.ts';
import { TIERS } from '../../../src/realm/names.ts';
import { MAX_PHOTO, parsePhoto } from '../../../src/realm/photo.ts';
import { parseLogin } from '../../../src/realm/user-address.ts';
import { kyiv, lviv } from './ledger-realm.ts';

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const plain = { noNullPrototype: true } as const;
const userId = fc.uuid().map(parseUserId);

const entry = fc.record(
  {
    realm: fc.constantFrom(kyiv, lviv),
    chain: fc.constantFrom(...CHAINS),
    incarnation: fc.nat(),
    n: fc.nat(),
    previous: bytes(32),
    time: fc.maxSafeNat(),
    kind: fc.stringMatching(/^[a-z-]{1,40}$/),
    payload: fc.uint8Array({ maxLength: 200 }),
    keyId: bytes(16),
  },
  plain,
);

test('an entry reads back, alone and signed', () => {
  fc.assert(
    fc.property(entry, bytes(64), (value, signature) => {
      const encoded = encodeEntry(value);
      assert.deepEqual(decodeEntry(encoded), value);
      assert.deepEqual(decodeSigned(joinSigned(value, encoded, signature).bytes).entry, value);
    }),
  );
});

test('an entry of version 1 is read as ever', () => {
  const value = {
    realm: kyiv,
    chain: 'directory',
    incarnation: 1,
    n: 2,
    previous: new Uint8Array(32),
    time: 1_800_000_000_000,
    kind: 'user-added',
    payload: Uint8Array.of(1, 2, 3),
    keyId: new Uint8Array(16).fill(7),
  } as const;
  const vector =
    '8a016c6b7969762e61636d652e7561696469726563746f72790102582000000000000000000000000000000000000000000000000000000000000000001b000001a3185c50006a757365722d6164646564430102035007070707070707070707070707070707';
  assert.equal(Buffer.from(encodeEntry(value)).toString('hex'), vector);
  assert.deepEqual(decodeEntry(new Uint8Array(Buffer.from(vector, 'hex'))), value);
});

const user = fc.record(
  {
    id: userId,
    kind: fc.constantFrom(...USER_KINDS),
    status: fc.constantFrom(...USER_STATUSES),
    loginHash: bytes(32),
    profileHash: bytes(32),
  },
  plain,
);
const realm = fc.record(
  {
    realm: fc.constantFrom(kyiv, lviv),
    tier: fc.constantFrom(...TIERS),
    chain: fc.uint8Array({ maxLength: 300 }),
    relays: fc.array(
      fc.webUrl().map((url) => url.slice(0, 200)),
      { maxLength: 3 },
    ),
  },
  plain,
);
/** Names that are accepted, of all the texts there are. */
function isName(text: string): boolean {
  return text.length > 0 && text.isWellFormed() && !/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u.test(text);
}

/** The head of a WebP of 144 points a side. */
const WEBP = [...Buffer.from('UklGRgAAAABXRUJQVlA4WAoAAAAAAAAAjwAAjwAA', 'base64')];

const profile = fc.record(
  {
    id: userId,
    login: fc.stringMatching(/^[a-z0-9._-]{1,64}$/).map(parseLogin),
    name: fc
      .string({ unit: 'grapheme', maxLength: 30 })
      .map((name) => name.slice(0, 100).toWellFormed())
      .filter(isName),
    salt: bytes(16),
  },
  plain,
);

const photo = fc.uint8Array({ maxLength: 60 }).map((rest) => new Uint8Array([...WEBP, ...rest]));

/** As accepted for names, and bounded like them. */
const department = fc
  .string({ unit: 'grapheme', maxLength: 30 })
  .map((text) => text.slice(0, 100).toWellFormed())
  .filter(isName);

test('payloads and profile records read back', () => {
  fc.assert(fc.property(user, (value) => assert.deepEqual(decodeUserEntry(encodeUserEntry(value)), value)));
  fc.assert(fc.property(realm, (value) => assert.deepEqual(decodeRealmCertified(encodeRealmCertified(value)), value)));
  fc.assert(fc.property(profile, (value) => assert.deepEqual(decodeProfile(encodeProfile(value)), value)));
  const shown = fc.tuple(profile, photo, department).map(([record, picture, works]) => ({
    ...record,
    photo: picture,
    department: works,
  }));
  fc.assert(fc.property(shown, (value) => assert.deepEqual(decodeProfile(encodeProfile(value)), value)));
});

test('a profile record has these bytes', () => {
  const value = {
    id: parseUserId('00112233-4455-4677-8899-aabbccddeeff'),
    login: parseLogin('clerk'),
    name: 'Clerk',
    salt: new Uint8Array(16).fill(7),
    department: 'Бухгалтерія',
  };
  const vector =
    '87015000112233445546778899aabbccddeeff65636c65726b65436c65726b5007070707070707070707070707070707f676d091d183d185d0b3d0b0d0bbd182d0b5d180d196d18f';
  assert.equal(Buffer.from(encodeProfile(value)).toString('hex'), vector);
  assert.deepEqual(decodeProfile(new Uint8Array(Buffer.from(vector, 'hex'))), value);
});

test('a profile record that is cut short anywhere is refused, and so is a photo that is too large, too wide or none', () => {
  const [record] = fc.sample(profile, 1);
  assert.ok(record);
  const whole = encodeProfile({ ...record, photo: new Uint8Array(WEBP), department: 'Accounts' });
  for (let length = 0; length < whole.length; length += 1) {
    assert.throws(() => decodeProfile(whole.subarray(0, length)), { name: 'InputError' }, `${length}`);
  }
  const large = new Uint8Array(MAX_PHOTO + 1);
  large.set(WEBP);
  const wide = new Uint8Array(WEBP).fill(0xff, 24, 26);
  for (const wrong of [large, wide, new TextEncoder().encode('<svg xmlns="">'), new Uint8Array()]) {
    assert.throws(() => decodeProfile(encodeProfile({ ...record, photo: wrong })), { name: 'InputError' });
    assert.throws(() => parsePhoto(wrong), { code: 'bad-photo' });
  }
});

test('a name or department of another realm that would mislead, or is too long, is refused', () => {
  const [record] = fc.sample(profile, 1);
  assert.ok(record);
  for (const text of ['', 'a\nb', 'a\u0000b', 'a\u202eb', 'a\u2066b', 'a\u2028b', 'a'.repeat(101)]) {
    assert.throws(() => decodeProfile(encodeProfile({ ...record, name: text })), { name: 'InputError' });
    assert.throws(() => decodeProfile(encodeProfile({ ...record, department: text })), { name: 'InputError' });
  }
});

const tip = fc.record(
  { realm: fc.constantFrom(kyiv, lviv), chain: fc.constantFrom(...CHAINS), n: fc.nat(), hash: bytes(32) },
  plain,
);
const blobs = fc.array(fc.uint8Array({ maxLength: 100 }), { maxLength: 8 });
const frame: fc.Arbitrary<LedgerFrame> = fc.oneof(
  fc.record(
    { kind: fc.constantFrom('follow' as const, 'tips' as const), tips: fc.array(tip, { maxLength: 8 }) },
    plain,
  ),
  fc.record({ kind: fc.constant('snapshot' as const), rows: blobs, ends: fc.boolean() }, plain),
  fc.record({ kind: fc.constant('entries' as const), entries: blobs }, plain),
  fc.record({ kind: fc.constant('heads' as const), statements: blobs }, plain),
  fc.record({ kind: fc.constant('fraud' as const), proof: fc.uint8Array({ maxLength: 100 }) }, plain),
  fc.record({ kind: fc.constant('refused' as const), code: fc.stringMatching(/^[a-z-]{1,40}$/) }, plain),
);

test('frames read back, and no truncation of one does', () => {
  fc.assert(
    fc.property(frame, fc.nat(), (value, cut) => {
      const encoded = encodeFrame(value);
      assert.deepEqual(decodeFrame(encoded), value);
      assert.throws(() => decodeFrame(encoded.slice(0, cut % encoded.length)), { code: 'malformed' });
    }),
  );
  fc.assert(
    fc.property(fc.array(userId, { maxLength: 128 }), (ids) => assert.deepEqual(decodeIds(encodeIds(ids)), ids)),
  );
  const records = [Uint8Array.of(1), undefined, Uint8Array.of(3)];
  assert.deepEqual(decodeReply(encodeReply(records)), records);
});

test('a frame of version 1 is read as ever', () => {
  const value = {
    kind: 'follow',
    tips: [{ realm: kyiv, chain: 'network', n: 7, hash: new Uint8Array(32).fill(9) }],
  } as const;
  const vector =
    '830166666f6c6c6f7781846c6b7969762e61636d652e7561676e6574776f726b0758200909090909090909090909090909090909090909090909090909090909090909';
  assert.equal(Buffer.from(encodeFrame(value)).toString('hex'), vector);
  assert.deepEqual(decodeFrame(new Uint8Array(Buffer.from(vector, 'hex'))), value);
});

test('every truncation of an entry is refused', () => {
  fc.assert(
    fc.property(entry, fc.nat(), (value, cut) => {
      const encoded = encodeEntry(value);
      assert.throws(() => decodeEntry(encoded.slice(0, cut % encoded.length)), { code: 'malformed' });
    }),
  );
});

test('what exceeds a limit is refused', () => {
  const many = Array.from({ length: 65 }, () => Uint8Array.of(1));
  assert.throws(() => decodeFrame(encodeFrame({ kind: 'entries', entries: many })), { code: 'malformed' });
  const ids = Array.from({ length: 129 }, () => parseUserId('00000000-0000-4000-8000-000000000000'));
  assert.throws(() => decodeIds(encodeIds(ids)), { code: 'malformed' });
});
