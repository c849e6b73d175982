// Lines that nobody wrote, out of what commits did.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FollowedCommit, linesOf } from '../../../src/client/timeline/system-lines.ts';
import type { MemberRole, Roster } from '../../../src/crypto/roster.ts';
import { parseGroupId } from '../../../src/realm/ids.ts';
import { parseRealmName } from '../../../src/realm/names.ts';
import { ME, person } from './conversation-arbitrary.ts';

const GROUP = parseGroupId('7a1f9d0e-6a55-4f2e-8a0b-51c3b2a49d10');

function roster(members: readonly (readonly [number, MemberRole])[], kind: Roster['kind'] = 'group'): Roster {
  const listed = members.map(([n, role]) => ({ user: person(n), role }));
  return { kind, home: parseRealmName('kyiv.acme.ua'), term: 0, members: listed };
}
const all = roster([
  [0, 'owner'],
  [1, 'member'],
]);
const lines = (commit: Partial<FollowedCommit>) =>
  linesOf({ group: GROUP, epoch: 5, at: 9, by: person(0), before: all, after: all, ...commit }, ME).map(
    ({ what, users }) => [what, users],
  );

test('a group is created with those who are in it', () => {
  assert.deepEqual(lines({ epoch: 1, before: all }), [
    ['created', [person(0)]],
    ['joined', [person(1)]],
  ]);
});

test('who joined, left, was removed, or has another role', () => {
  const more = roster([
    [0, 'owner'],
    [1, 'administrator'],
    [2, 'member'],
  ]);
  assert.deepEqual(lines({ after: more }), [
    ['joined', [person(2)]],
    ['role-changed', [person(1)]],
  ]);
  assert.deepEqual(lines({ before: more, after: all, by: person(2) })[0], ['left', [person(2)]]);
  assert.deepEqual(lines({ before: more, after: all, by: person(0) })[0], ['removed', [person(2)]]);
});

test('new keys alone, and conversations of two, make no line', () => {
  assert.deepEqual(lines({}), []);
  const two = roster([[0, 'owner']], 'direct');
  assert.deepEqual(lines({ epoch: 1, before: two, after: two }), []);
});

test('who is no longer in it is told so', () => {
  assert.deepEqual(lines({ after: undefined, by: person(1) }), [['removed', [ME]]]);
  assert.deepEqual(lines({ after: undefined, by: ME }), [['left', [ME]]]);
});
