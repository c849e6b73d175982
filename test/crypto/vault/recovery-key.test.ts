// Recovery keys: what is printed comes back however it is typed, and a typo is noticed and located.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import {
  newRecoveryKey,
  parseRecoveryKey,
  RECOVERY_BYTES,
  recoveryText,
} from '../../../src/crypto/vault/recovery-key.ts';
import { systemRandom } from '../../../src/realm/random.ts';

const LIMIT = { timeout: 30_000 };
const secrets = fc.uint8Array({ minLength: RECOVERY_BYTES, maxLength: RECOVERY_BYTES });
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

test('a recovery key is read as it is printed, and as people type', LIMIT, () => {
  fc.assert(
    fc.property(secrets, (secret) => {
      const text = recoveryText(secret);
      assert.match(text, /^([0-9A-HJKMNP-TV-Z]{5}-){7}[0-9A-HJKMNP-TV-Z]{5}$/);
      const sloppy = text.toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l');
      for (const typed of [text, sloppy, text.replaceAll('-', ''), `  ${text}\n`]) {
        assert.deepEqual(parseRecoveryKey(typed), secret);
      }
    }),
  );
});

test('every single wrong character is noticed, and in which group', LIMIT, () => {
  const { text } = newRecoveryKey(systemRandom);
  const plain = text.replaceAll('-', '');
  for (let at = 0; at < plain.length; at++) {
    for (const other of ALPHABET) {
      if (other === plain[at]) continue;
      const typo = plain.slice(0, at) + other + plain.slice(at + 1);
      const group = Math.floor(at / 5) + 1;
      assert.throws(() => parseRecoveryKey(typo), {
        code: 'recovery-key-group',
        message: `group ${group} of the recovery key is mistyped`,
      });
    }
  }
});

test('two characters that changed places are noticed, and groups in the wrong order', LIMIT, () => {
  fc.assert(
    fc.property(secrets, fc.nat(38), fc.nat(6), (secret, at, group) => {
      const plain = recoveryText(secret).replaceAll('-', '');
      const swapped = plain.slice(0, at) + plain[at + 1] + plain[at] + plain.slice(at + 2);
      if (swapped !== plain) assert.throws(() => parseRecoveryKey(swapped), { code: 'recovery-key-group' });
      const groups = recoveryText(secret).split('-');
      const [here = '', next = ''] = groups.slice(group, group + 2);
      groups.splice(group, 2, next, here);
      assert.throws(() => parseRecoveryKey(groups.join('-')), { code: 'recovery-key-group' });
    }),
  );
});

test('what is too short, too long or no recovery key at all is refused', () => {
  const { text } = newRecoveryKey(systemRandom);
  assert.throws(() => parseRecoveryKey(text.slice(0, -1)), { code: 'recovery-key-length' });
  assert.throws(() => parseRecoveryKey(`${text}0`), { code: 'recovery-key-length' });
  assert.throws(() => parseRecoveryKey(''), { code: 'recovery-key-length' });
  assert.throws(() => parseRecoveryKey('x'.repeat(10_000)), { code: 'recovery-key-length' });
  assert.throws(() => parseRecoveryKey(text.replace(/^./, 'U')), { code: 'recovery-key-character' });
  assert.throws(() => parseRecoveryKey(text.replace(/^./, '\u042f')), { code: 'recovery-key-character' });
});

test('the form on paper is this one', () => {
  const secret = Uint8Array.from({ length: RECOVERY_BYTES }, (_, at) => at * 11);
  assert.equal(recoveryText(secret), '005HA-C89CT-6X14X-TP339-DSWRS-93WTK-MPRBR-QHPHR');
});
