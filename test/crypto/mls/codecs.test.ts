// Welcomes, key packages, group infos and stored states come back as they went; whatever is cut short or altered in form is refused.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readCommit } from '../../../src/crypto/mls/commit-reader.ts';
import { decodeShown, encodeShown } from '../../../src/crypto/mls/group-info.ts';
import {
  decodeKeyPackage,
  KEY_PACKAGE_LIFETIME,
  makeKeyPackage,
  readPrivatePart,
} from '../../../src/crypto/mls/key-package.ts';
import { MlsGroup } from '../../../src/crypto/mls/mls-group.ts';
import { decodeState, erase } from '../../../src/crypto/mls/state.ts';
import { encodeWelcome, readWelcome } from '../../../src/crypto/mls/welcome.ts';
import { CanopyError, codeOf } from '../../../src/realm/errors.ts';
import { idText, parseConversationId, parseGroupId } from '../../../src/realm/ids.ts';
import { begin, CONVERSATION, grow, People, rosterOf } from './people.ts';

const LIMIT = { timeout: 60_000 };
const people = new People();
const [ann, ben] = [people.person(), people.person()];
const [atAnn, atBen] = [people.device(ann), people.device(ben)];
const roster = rosterOf([
  [ann, 'owner'],
  [ben, 'member'],
]);
const begun = await begin(people, atAnn, roster);
const { group } = await grow(people, begun, [atBen]);

function assertTruncations(bytes: Uint8Array, read: (bytes: Uint8Array) => unknown): void {
  for (let length = 0; length < bytes.length; length += Math.max(1, Math.floor(bytes.length / 200))) {
    assert.throws(() => read(bytes.subarray(0, length)), CanopyError, `${length} bytes`);
  }
}

test('a welcome comes back as it went, and no truncation of it is read', LIMIT, () => {
  const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
  const parts = {
    group: bytes(16).map((id) => parseGroupId(idText(id))),
    epoch: fc.nat(),
    reference: bytes(32),
    kemOutput: bytes(32),
    ciphertext: fc.uint8Array({ minLength: 16, maxLength: 200 }),
  };
  const welcome = fc.record(parts, { noNullPrototype: true });
  fc.assert(
    fc.property(welcome, (made) => {
      const encoded = encodeWelcome(made);
      assert.deepEqual(readWelcome(encoded), made);
      assertTruncations(encoded, readWelcome);
    }),
  );
});

test('the bytes of a welcome stay as they are', LIMIT, () => {
  const filled = (length: number, byte: number) => new Uint8Array(length).fill(byte);
  const welcome = {
    group: parseGroupId(idText(filled(16, 1))),
    epoch: 258,
    reference: filled(32, 2),
    kemOutput: filled(2, 3),
    ciphertext: filled(3, 4),
  };
  const id = '01'.repeat(16);
  assert.equal(
    Buffer.from(encodeWelcome(welcome)).toString('hex'),
    `860150${id}1901025820${'02'.repeat(32)}42030343040404`,
  );
});

test('a key package is read by its device alone, and ends', LIMIT, async () => {
  const made = await makeKeyPackage(atBen, Date.now());
  assert.deepEqual(readPrivatePart(made.privatePart, atBen).reference, made.reference);
  assert.ok(made.notAfter <= Date.now() + KEY_PACKAGE_LIFETIME);
  assert.ok(made.publicPart.length < 600);
  assertTruncations(made.publicPart, decodeKeyPackage);
  assertTruncations(made.privatePart, (bytes) => readPrivatePart(bytes, atBen));
});

test('a key package ends with the certificate of its device', LIMIT, async () => {
  const short = people.device(ben, { notAfter: Date.now() + 60_000 });
  const { notAfter } = await makeKeyPackage(short, Date.now());
  assert.ok(notAfter <= short.certificate.notAfter);
});

test('what a group shows comes back as it went', LIMIT, async () => {
  const shown = await group.show();
  assert.deepEqual(encodeShown(decodeShown(shown)), shown);
  assertTruncations(shown, decodeShown);
});

test('a commit and a stored state that are cut short are refused', LIMIT, async () => {
  assertTruncations((await group.commit()).commit, readCommit);
  assertTruncations(group.encode(), (bytes) => MlsGroup.decode(bytes, people.parts(atAnn)));
});

test('neither a stored state nor a key package holds the key that signs', LIMIT, async () => {
  const made = await makeKeyPackage(atAnn, Date.now());
  for (const bytes of [group.encode(), made.privatePart, made.publicPart]) {
    assert.equal(Buffer.from(bytes).indexOf(atAnn.signature.seed), -1);
  }
});

test('of a state that has a successor nothing secret is left', LIMIT, () => {
  const state = decodeState(group.encode(), people.parts(atAnn));
  const next = decodeState(group.encode(), people.parts(atAnn));
  const shared = {
    ...next,
    privatePath: { ...state.privatePath, privateKeys: { 0: state.privatePath.privateKeys[0] ?? new Uint8Array() } },
  };
  const used = new Uint8Array(32).fill(1);
  erase(state, shared, [used]);
  const { 0: kept, ...gone } = state.privatePath.privateKeys;
  for (const secret of [used, ...Object.values(state.keySchedule), ...Object.values(gone)]) {
    assert.ok(secret.every((byte: number) => byte === 0));
  }
  assert.ok(
    kept?.some((byte: number) => byte !== 0),
    'what the successor still holds stays',
  );
});

test('what is erased of a state is not erased of the bytes that it was read from', LIMIT, async () => {
  const stored = group.encode();
  const before = stored.slice();
  (await MlsGroup.decode(stored, people.parts(atAnn)).commit()).accept();
  assert.deepEqual(stored, before);
});

test('a welcome opens for its key package and its conversation alone', LIMIT, async () => {
  const cleo = people.person();
  const device = people.device(cleo);
  const [one, two] = [await makeKeyPackage(device, Date.now()), await makeKeyPackage(device, Date.now())];
  const more = rosterOf([
    [ann, 'owner'],
    [ben, 'member'],
    [cleo, 'member'],
  ]);
  const { welcomes, groupInfo } = await group.commit({ add: [one.publicPart], roster: more });
  const welcome = welcomes[0]?.body ?? new Uint8Array();
  const join = async (keyPackage: Uint8Array, shown = groupInfo, conversation = CONVERSATION) => {
    try {
      await MlsGroup.joinByWelcome({ conversation, welcome, groupInfo: shown, keyPackage }, people.parts(device));
      return 'joined';
    } catch (error) {
      return codeOf(error);
    }
  };
  assert.equal(await join(one.privatePart), 'joined');
  assert.equal(await join(two.privatePart), 'welcome-other-key-package');
  assert.equal(await join(one.privatePart, await group.show()), 'group-info-invalid');
  const other = parseConversationId(idText(new Uint8Array(16)));
  assert.equal(await join(one.privatePart, groupInfo, other), 'conversation-changed');
});
