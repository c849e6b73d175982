// The rule for new passwords.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PASSWORD_LENGTH, passwordProblem } from '../../src/crypto/password-rule.ts';

test('a new password has 10 to 1024 characters', () => {
  const { least, most } = PASSWORD_LENGTH;
  assert.deepEqual([least, most], [10, 1024]);
  assert.deepEqual(passwordProblem('x'.repeat(least - 1)), { code: 'password-too-short', count: least });
  assert.equal(passwordProblem('x'.repeat(least)), undefined);
  assert.equal(passwordProblem('x'.repeat(most)), undefined);
  assert.deepEqual(passwordProblem('x'.repeat(most + 1)), { code: 'password-too-long', count: most });
});

test('a character outside the basic plane counts as one', () => {
  assert.equal(passwordProblem('🔑'.repeat(9))?.code, 'password-too-short');
  assert.equal(passwordProblem('🔑'.repeat(10)), undefined);
  assert.equal(passwordProblem('🔑'.repeat(1024)), undefined);
});
