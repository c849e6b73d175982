// What a person is told of branches that are away, of a message's way, and of one that came late.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IslandsModel } from '../../../node/web/model/islands.ts';
import { lateArrival, stuckText, timedSteps } from '../../../node/web/model/route-steps.ts';
import type { Island, WayLeg } from '../../../src/client/client.ts';
import { parseRealmName } from '../../../src/realm/names.ts';
import { wordsIn } from './catalogues.ts';
import { message, ScriptedClient } from './scripted-client.ts';

const words = wordsIn('en', 'UTC');
const AT = Date.UTC(2026, 10, 18, 14, 2);
const ODESA = parseRealmName('odesa.acme.ua');
const LVIV = parseRealmName('lviv.acme.ua');
const away = (queued: number, more: Partial<Island> = {}): Island => ({ realm: ODESA, since: AT, queued, ...more });

function started(realms: readonly string[] = [ODESA]) {
  const client = new ScriptedClient();
  const model = new IslandsModel({ client, realms: () => new Set(realms) });
  model.start();
  return { client, model };
}

test('a branch that is away is named with the time and what waits, and the line goes when it is back', () => {
  const { client, model } = started();
  assert.equal(model.text(words, AT), undefined);
  client.tell('islands', { realms: [away(12)] });
  assert.equal(
    model.text(words, AT),
    'Branch odesa.acme.ua unreachable since 14:02, 12 messages queued. Local chats work.',
  );
  client.tell('islands', { realms: [away(0)] });
  assert.equal(model.text(words, AT), 'Branch odesa.acme.ua unreachable since 14:02. Local chats work.');
  client.tell('islands', { realms: [] });
  assert.equal(model.text(words, AT), undefined);
  model.stop();
  assert.equal(client.listening, 0);
});

test('what began on another day is told with the day', () => {
  const { client, model } = started();
  client.tell('islands', { realms: [away(0)] });
  const tomorrow = AT + 24 * 60 * 60_000;
  assert.match(model.text(words, tomorrow) ?? '', /unreachable since 18 Nov, 14:02\./);
});

test('branches that one has nothing to do with are not mentioned; several are counted; a blocked one is named so', () => {
  const { client, model } = started([LVIV]);
  client.tell('islands', { realms: [away(12)] });
  assert.equal(model.text(words, AT), undefined);
  const both = started([ODESA, LVIV]);
  both.client.tell('islands', { realms: [away(3), away(4, { realm: LVIV })] });
  assert.equal(both.model.text(words, AT), '2 other branches unreachable, messages queued: 7. Local chats work.');
  both.client.tell('islands', { realms: [{ realm: LVIV, queued: 1, code: 'frozen' }] });
  assert.match(both.model.text(words, AT) ?? '', /^Branch lviv\.acme\.ua is blocked/);
});

test('a server that reaches nobody says so', () => {
  const { client, model } = started([]);
  client.tell('islands', { alone: AT, realms: [away(5)] });
  assert.equal(
    model.text(words, AT),
    'Your branch reaches no other since 14:02, messages queued: 5. Local chats work.',
  );
});

test('each step of a way has its time, and what is stuck says where, for whom and why', () => {
  const ua = parseRealmName('ua');
  const leg: WayLeg = {
    realm: ODESA,
    way: 'tree',
    state: 'in-custody',
    steps: [
      { kind: 'accepted', realm: LVIV, at: AT },
      { kind: 'held', realm: ua, at: AT + 60_000 },
    ],
    stuck: { realm: ua, next: ODESA, code: 'no-path', since: AT + 120_000 },
  };
  assert.deepEqual(timedSteps(words, leg, AT), [
    { at: '14:02', text: 'stored at lviv.acme.ua' },
    { at: '14:03', text: 'kept by ua meanwhile' },
  ]);
  assert.equal(stuckText(words, leg, AT), 'Waits at ua since 14:04: no way leads to odesa.acme.ua');
  const full = { ...leg, stuck: { realm: LVIV, next: ua, code: 'origin-full' } };
  assert.equal(stuckText(words, full, AT), 'Waits at lviv.acme.ua: ua keeps no more for us just now');
  assert.equal(stuckText(words, { ...leg, stuck: undefined }, AT), undefined);
});

test('only what others sent long before it came is late', () => {
  const late = message(1, AT, { arrivedAt: AT + 11 * 60_000 });
  assert.equal(lateArrival(late), AT + 11 * 60_000);
  assert.equal(lateArrival(message(2, AT, { arrivedAt: AT + 1000 })), undefined);
  assert.equal(lateArrival({ ...late, mine: true }), undefined);
});
