// What is to disappear is noted on a device also when there was no room for it at first.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryCache } from '../../../src/client/cache/memory-cache.ts';
import { Disappearing } from '../../../src/client/personal/disappearing.ts';
import type { OpenedEvent } from '../../../src/client/timeline/events.ts';
import { LocalError } from '../../../src/realm/errors.ts';
import { parseConversationId, parseDeviceId, parseMessageId, parseUserId } from '../../../src/realm/ids.ts';
import { HandClock } from '../../node/hand-clock.ts';

const uuid = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const EVENT: OpenedEvent = {
  id: parseMessageId(uuid(1)),
  conversation: parseConversationId(uuid(2)),
  sender: parseUserId(uuid(3)),
  device: parseDeviceId(uuid(4)),
  recipients: [],
  role: 'member',
  state: 'stored',
  stamp: { ms: 1, counter: 0 },
  content: { kind: 'text', text: 'for a while', sentAt: 1, expiresAfter: 60_000 },
};

test('a message that came while a device had no room is noted once there is some', async () => {
  const [cache, clock] = [await memoryCache(), new HandClock(Date.now())];
  let isFull = true;
  const disappearing = new Disappearing({
    cache: {
      page: (...given) => cache.page(...given),
      records: (area) => cache.records(area),
      setRecords: async (...given) => {
        if (isFull) throw new LocalError('cache-full', 'no room');
        await cache.setRecords(...given);
      },
    },
    clock,
    me: parseUserId(uuid(5)),
    settled: () => [],
    members: async () => [],
    erase: async () => {},
    eraseForAll: async () => {},
  });
  await disappearing.open();
  await cache.put(EVENT.conversation, { events: [EVENT] });
  await disappearing.held([EVENT]);
  await disappearing.held([EVENT]);
  assert.equal((await cache.records('timed')).size, 0);
  isFull = false;
  clock.advance(60_000);
  for (let turn = 0; turn < 100 && (await cache.records('timed')).size === 0; turn++) await new Promise(setImmediate);
  assert.deepEqual([...(await cache.records('timed')).keys()], [EVENT.id]);
  await disappearing.close();
});
