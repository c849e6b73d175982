// Who is blocked: also somebody who can't be found any more can be let in again.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { ContactActions } from '../../../node/web/model/contact-actions.ts';
import type { User } from '../../../src/client/client.ts';
import { UnreachableError } from '../../../src/realm/errors.ts';
import { HandClock } from './hand-clock.ts';
import { ENGINEER, person, ScriptedClient } from './scripted-client.ts';

const GONE: User = { ...person(7, 'gone@odesa.acme.ua'), address: '', name: '' };

async function start(t: TestContext) {
  const asked: string[] = [];
  const answers = { isAway: false };
  const kept = [
    { user: ENGINEER, at: 10 },
    { user: GONE, at: 20 },
  ];
  const contacts = {
    blocked: async () => kept,
    block: async (id: User['id']) => void asked.push(`block ${id}`),
    remove: async () => {},
    unblock: async (id: User['id']) => {
      if (answers.isAway) throw new UnreachableError('server-unreachable', 'away');
      asked.push(`unblock ${id}`);
    },
  };
  const scripted = new ScriptedClient();
  const client = { on: scripted.on.bind(scripted), clearHistory: async () => {}, contacts };
  const clock = new HandClock(1000);
  const actions = new ContactActions({ client, clock, onDropped: () => {} });
  actions.start();
  t.after(() => actions.stop());
  await setImmediate();
  const listed = () => [...actions.blocked.value.values()].map(({ user, at }) => [user.id, at]);
  return { actions, asked, answers, listed };
}

test('everybody who is blocked is listed, the last one first, and somebody unknown is let in again', async (t) => {
  const { actions, asked, listed } = await start(t);
  assert.deepEqual(listed(), [
    [GONE.id, 20],
    [ENGINEER.id, 10],
  ]);
  assert.equal(await actions.unblock(GONE), true);
  assert.deepEqual(asked, [`unblock ${GONE.id}`]);
  assert.deepEqual(listed(), [[ENGINEER.id, 10]]);
});

test('who could not be let in again stays in the list, with the reason', async (t) => {
  const { actions, answers, listed } = await start(t);
  answers.isAway = true;
  assert.equal(await actions.unblock(GONE), false);
  assert.equal(actions.failure.value?.code, 'server-unreachable');
  assert.equal(listed().length, 2);
  answers.isAway = false;
  await actions.unblock(GONE);
  assert.equal(actions.failure.value, undefined);
});

test('who is blocked here stands first, with the time', async (t) => {
  const { actions, listed } = await start(t);
  const other = person(8, 'other@odesa.acme.ua');
  await actions.block(other);
  assert.deepEqual(listed()[0], [other.id, 1000]);
});
