// Search says what a message says now, to who may still see it: changes are found with the message that they change, and go with it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryCache } from '../../src/client/cache/memory-cache.ts';
import { findMessages } from '../../src/client/finding.ts';
import { SearchIndex } from '../../src/client/search/search-index.ts';
import { Holding } from '../../src/client/sync/holding.ts';
import type { OpenedEvent } from '../../src/client/timeline/events.ts';
import type { TimelineAction } from '../../src/client/timeline/state.ts';
import type { Content } from '../../src/crypto/content.ts';
import { parseConversationId, parseDeviceId, parseMessageId, parseUserId } from '../../src/realm/ids.ts';
import { HandClock } from '../node/hand-clock.ts';

const uuid = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const CHAT = parseConversationId(uuid(1));
const [ME, CLERK, MALLORY] = [parseUserId(uuid(2)), parseUserId(uuid(3)), parseUserId(uuid(4))];

function said(n: number, content: Content, sender = CLERK): OpenedEvent {
  const ids = { id: parseMessageId(uuid(100 + n)), conversation: CHAT, sender, device: parseDeviceId(uuid(5)) };
  const rest = { recipients: [ME], role: 'member', state: 'stored' } as const;
  return { ...ids, ...rest, stamp: { ms: 1000 + n, counter: 0 }, arrivedAt: 1000 + n, content };
}
const FIRST = said(1, { kind: 'text', text: 'tea at five', sentAt: 1, expiresAfter: 500 });
const edit = (n: number, text: string, sender = CLERK) =>
  said(n, { kind: 'edit', target: FIRST.id, text, sentAt: n }, sender);

async function device(events: readonly OpenedEvent[]) {
  const [cache, clock] = [await memoryCache(), new HandClock(2000)];
  const index = await SearchIndex.open(cache);
  const holding = new Holding({ cache, index, clock, onTrouble: (code) => assert.fail(code) });
  await holding.hold(CHAT, { events });
  const settled: TimelineAction[] = [];
  const find = async (question: string) => {
    const parts = { index, cache, me: ME, kindOf: async () => 'direct' as const, settled: () => settled, clock };
    return (await findMessages(question, { limit: 9 }, parts)).map(({ id, text }) => [id, text]);
  };
  return { find, settled, clock, holding };
}

test('a changed message is found once, by what it says now and by nothing that it said before', async () => {
  const { find } = await device([FIRST, edit(2, 'coffee at six'), edit(3, 'coffee at seven')]);
  assert.deepEqual(await find('coffee'), [[FIRST.id, 'coffee at seven']]);
  assert.deepEqual(await find('six'), []);
  assert.deepEqual(await find('tea'), []);
});

test('what somebody else says that a message says is not found', async () => {
  const { find } = await device([FIRST, edit(2, 'poison at five', MALLORY)]);
  assert.deepEqual(await find('poison'), []);
  assert.deepEqual(await find('five'), [[FIRST.id, 'tea at five']]);
});

test('a change of what is hidden, deleted with the history, over, or not there is not found', async () => {
  const hide: TimelineAction = { kind: 'hidden', ids: [FIRST.id] };
  // The change came after the history had been deleted.
  const clear: TimelineAction = { kind: 'cleared', upTo: 1001 };
  const read: TimelineAction = { kind: 'read', mark: { arrivedAt: 1001, at: 1200 } };
  for (const action of [hide, clear, read]) {
    const { find, settled } = await device([FIRST, edit(2, 'coffee at six')]);
    assert.equal((await find('coffee')).length, 1);
    settled.push(action);
    assert.deepEqual(await find('coffee'), [], action.kind);
  }
  const { find } = await device([edit(2, 'coffee at six')]);
  assert.deepEqual(await find('coffee'), []);
});
