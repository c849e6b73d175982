// Notifications by the browser: what is told, to whom it is not, and how much it says.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { signal } from '@preact/signals';
import { memoryStore } from '../../../node/web/model/local-store.ts';
import { type Notice, Notifications, type NotifyPermission } from '../../../node/web/model/notifications.ts';
import { wordsIn } from './catalogues.ts';
import { message, ScriptedClient } from './scripted-client.ts';

function board(answer: NotifyPermission) {
  const shown: Notice[] = [];
  return {
    shown,
    permission: 'default' as const,
    ask: async () => answer,
    show: (notice: Notice) => shown.push(notice),
  };
}

function started(answer: NotifyPermission = 'granted') {
  const client = new ScriptedClient();
  const [attentive, opened] = [signal(false), [] as string[]];
  const notices = board(answer);
  const parts = { client, board: notices, store: memoryStore(), attentive, words: signal(wordsIn('en')) };
  const notifications = new Notifications({ ...parts, onOpen: (conversation) => opened.push(conversation) });
  notifications.start();
  client.tell('connection', { state: 'live' });
  return { client, notifications, attentive, opened, ...notices, shown: notices.shown };
}

test('nothing is shown before the person wants it, and nothing when the browser forbids it', async () => {
  const { client, notifications, shown } = started('denied');
  client.tell('message', message(1, 1000));
  await notifications.set(true);
  assert.equal(notifications.on.value, false);
  client.tell('message', message(2, 2000));
  assert.deepEqual(shown, []);
});

test('a message is told once, without its words unless they were asked for, and leads to its conversation', async () => {
  const { client, notifications, opened, shown } = started();
  await notifications.set(true);
  client.tell('message', message(1, 1000));
  client.tell('message', message(1, 1000));
  assert.deepEqual(
    shown.map(({ title, body }) => [title, body]),
    [['Canopy', 'New message']],
  );
  notifications.setShowsText(true);
  client.tell('message', message(2, 2000, { text: 'a'.repeat(500) }));
  assert.equal(shown[1]?.title, 'engineer');
  assert.equal(shown[1]?.body.length, 140);
  shown[0]?.onClick();
  assert.deepEqual(opened, [message(1, 1000).conversation]);
});

test('own messages, a backlog, and what comes while somebody looks are no news', async () => {
  const { client, notifications, attentive, shown } = started();
  await notifications.set(true);
  client.tell('message', message(1, 1000, { mine: true }));
  attentive.value = true;
  client.tell('message', message(2, 2000));
  attentive.value = false;
  client.tell('connection', { state: 'catching-up' });
  client.tell('message', message(3, 3000));
  assert.deepEqual(shown, []);
});

test('a message is told when it can be read', async () => {
  const { client, notifications, shown } = started();
  await notifications.set(true);
  client.tell('message', { ...message(1, 1000), text: undefined, problem: 'epoch-unknown' });
  assert.equal(shown.length, 0);
  client.tell('message', message(1, 1000));
  assert.equal(shown.length, 1);
});
