// Who is told of a message, how often, and in which form.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Emitter } from '../../src/client/emitter.ts';
import { Incoming } from '../../src/client/incoming.ts';
import { memoryStorage } from '../../src/client/platform.ts';
import type { ClientEvents, Me, Message } from '../../src/client/surface.ts';
import { Telling } from '../../src/client/telling.ts';
import type { OpenedEvent } from '../../src/client/timeline/events.ts';
import type { FrameMessage, User } from '../../src/protocols/lan/wire.ts';
import { parseConversationId, parseDeviceId, parseMessageId, parseUserId } from '../../src/realm/ids.ts';
import { HandClock } from '../node/hand-clock.ts';

const LIMIT = { timeout: 10_000 };
const user: User = { id: parseUserId('00000000-0000-4000-8000-00000000000a'), address: '', name: '', kind: 'person' };
const me: Me = { user, device: parseDeviceId('00000000-0000-4000-8000-0000000000d1') };
const known = {
  id: parseMessageId('00000000-0000-4000-8000-0000000000c1'),
  conversation: parseConversationId('00000000-0000-4000-8000-0000000000c0'),
  sender: user.id,
  device: me.device,
  recipients: [user.id],
  stamp: { ms: 1, counter: 0 },
  state: 'stored' as const,
};
const message: FrameMessage = { ...known, expires: 0, path: 'local', body: new Uint8Array(1) };
const readable: OpenedEvent = { ...known, role: 'member', content: { kind: 'text', text: 'words', sentAt: 1 } };
const unread: OpenedEvent = { ...known, role: 'member', problem: 'epoch-unknown' };

function begin(byId = async (): Promise<User> => user) {
  const [events, told] = [new Emitter<ClientEvents>(), [] as (string | undefined)[]];
  events.on('message', ({ text, problem }: Message) => void told.push(problem ?? text));
  const people = { known: () => undefined, byId, remember: () => {} };
  return { events, told, people, telling: new Telling({ events, people, me }) };
}

test('a message is told once, and once more when it could not be read at first', LIMIT, async () => {
  const { telling, told } = begin();
  await telling.tell(message, unread);
  await telling.tell(message, unread);
  await Promise.all([telling.tell(message, readable), telling.tell(message, readable)]);
  await telling.tell(message, unread);
  assert.deepEqual(told, ['epoch-unknown', 'words']);
});

test('once it was told as it reads, nothing says that it can’t be read', LIMIT, async () => {
  let answer: (found: User) => void = () => {};
  let isFirst = true;
  const { telling, told } = begin(() => {
    if (!isFirst) return Promise.resolve(user);
    isFirst = false;
    return new Promise((resolve) => {
      answer = resolve;
    });
  });
  const slow = telling.tell(message, unread);
  await telling.tell(message, readable);
  answer(user);
  await slow;
  assert.deepEqual(told, ['words']);
});

test(
  'a key that comes while a message is being stored does not have it told as one that can’t be read',
  LIMIT,
  async () => {
    const { telling, told, events, people } = begin();
    const waiting = new Set([message.id]);
    const incoming = new Incoming({
      events,
      people,
      telling,
      me,
      storage: memoryStorage(),
      clock: new HandClock(0),
      sending: {
        knows: () => false,
        echoed: async () => {},
        receipt: () => {},
        stored: async () => {},
        refused: async () => {},
      },
      send: () => true,
      open: async () => unread,
      isWaiting: (id) => waiting.has(id),
      onEvent: async (event) => {
        waiting.delete(message.id);
        await telling.tell(message, readable);
        return event;
      },
      onOther: async () => {},
      isStored: async () => true,
      onLive: () => {},
    });
    await incoming.open();
    incoming.take({ kind: 'event', cursor: { incarnation: 1, n: 1 }, message, user });
    await incoming.cursor();
    await incoming.close();
    assert.deepEqual(told, ['words']);
  },
);
