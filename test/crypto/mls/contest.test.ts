// What is remembered of a commit that was refused comes back as it went; what is cut short is refused.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Contest, decodeContest, encodeContest } from '../../../src/crypto/mls/contest.ts';
import { CanopyError } from '../../../src/realm/errors.ts';
import { idText, parseDeviceId, parseUserId } from '../../../src/realm/ids.ts';
import { HOME } from './people.ts';

const LIMIT = { timeout: 60_000 };

const bytes = fc.uint8Array({ minLength: 16, maxLength: 16 }).map(idText);
const device = fc.record({ user: bytes.map(parseUserId), device: bytes.map(parseDeviceId) }, { noNullPrototype: true });
const contest: fc.Arbitrary<Contest> = fc.record(
  {
    code: fc.constantFrom('leaf-key-reused', 'removal-unfounded'),
    blamed: fc.option(device, { nil: undefined }),
    roster: fc.uniqueArray(bytes, { minLength: 1, maxLength: 20 }).map((ids) => {
      const members = ids.toSorted().map((id) => ({ user: parseUserId(id), role: 'owner' as const }));
      return { kind: 'group' as const, home: HOME, term: 0, members };
    }),
    devices: fc.array(device, { maxLength: 20 }),
  },
  { noNullPrototype: true },
);

test('a contest comes back as it went, and no truncation of it is read', LIMIT, () => {
  fc.assert(
    fc.property(contest, (made) => {
      const encoded = encodeContest(made);
      assert.deepEqual(decodeContest(encoded), made);
      for (let length = 0; length < encoded.length; length += 7) {
        assert.throws(() => decodeContest(encoded.subarray(0, length)), CanopyError);
      }
    }),
    { numRuns: 50 },
  );
});

test('the bytes of a contest stay as they are', LIMIT, () => {
  const id = (byte: number) => idText(new Uint8Array(16).fill(byte));
  const name = { user: parseUserId(id(1)), device: parseDeviceId(id(2)) };
  const roster = { kind: 'group', home: HOME, term: 0, members: [{ user: name.user, role: 'owner' }] } as const;
  const encoded = encodeContest({ code: 'device-twice', blamed: name, roster, devices: [name] });
  const [user, of] = [`50${'01'.repeat(16)}`, `50${'02'.repeat(16)}`];
  const listed = `850101${'6c'}${Buffer.from(HOME).toString('hex')}008182${user}00`;
  const code = Buffer.from('device-twice').toString('hex');
  const length = (listed.length / 2).toString(16).padStart(2, '0');
  assert.equal(Buffer.from(encoded).toString('hex'), `85016c${code}82${user}${of}58${length}${listed}82${user}${of}`);
});
