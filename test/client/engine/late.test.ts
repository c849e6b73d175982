// Messages of somebody who was removed: written before, behind a cut, or after.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MessageKeys } from '../../../src/client/engine/message-keys.ts';
import { encodeContent } from '../../../src/crypto/content.ts';
import type { OwnDevice } from '../../../src/crypto/mls/parts.ts';
import { sealMessage } from '../../../src/crypto/sealed-message.ts';
import { idText, parseMessageId } from '../../../src/realm/ids.ts';
import { systemRandom } from '../../../src/realm/random.ts';
import { CONVERSATION, People, rosterOf } from '../../crypto/mls/people.ts';
import { accountOf, Home, stationOf, VaultOfTests } from './realm-of-tests.ts';

const LIMIT = { timeout: 60_000 };
const [HOUR, DAY] = [3_600_000, 24 * 3_600_000];

/** The clerk reads what the cook seals in the epoch before the cook, or one of the cook's two devices, was removed. */
async function kitchen() {
  const [people, home, vault] = [new People(), new Home(), new VaultOfTests()];
  const [clerk, cook] = [people.person(), people.person()];
  const [atClerk, atCook, phone] = [people.device(clerk), people.device(cook), people.device(cook)];
  const clerks = await stationOf(people, home, atClerk, vault);
  for (const device of [atCook, phone]) await (await stationOf(people, home, device)).own.replenish();
  const roster = rosterOf([
    [clerk, 'owner'],
    [cook, 'member'],
  ]);
  const { group, epoch, ...first } = await before(await clerks.keeper.create(CONVERSATION, roster));
  const account = accountOf(people, vault, clerk.user);
  const keys = new MessageKeys({ ...clerks, account, signature: atClerk.signature, nextSeq: async () => 0 });
  const open = async (by: OwnDevice, stampedAt: number, arrivedAt = stampedAt) => {
    const { user: sender, device } = by.certificate;
    const context = { conversation: CONVERSATION, message: parseMessageId(idText(systemRandom(16))), sender, device };
    const sealing = { group, epoch, seq: 0, contentKey: first.contentKey, signature: by.signature };
    const body = await sealMessage(encodeContent({ kind: 'text', text: 'hello', sentAt: 1 }), context, sealing);
    const { event } = await keys.look({
      ...context,
      id: context.message,
      body,
      stamp: { ms: stampedAt, counter: 0 },
      arrivedAt,
      recipients: [],
      state: 'stored',
      expires: 0,
      path: 'direct-tcp',
    });
    return event;
  };
  return { people, clerk, cook, atCook, phone, clerks, roster, open };
}

async function before(group: Awaited<ReturnType<Awaited<ReturnType<typeof stationOf>>['keeper']['create']>>) {
  return { group: group.group, epoch: group.epoch, contentKey: await group.contentKey() };
}

test('of somebody who was removed what was stamped before is heard, however late it comes', LIMIT, async () => {
  const { clerk, clerks, atCook, open } = await kitchen();
  await clerks.keeper.change(CONVERSATION, async () => ({ roster: rosterOf([[clerk, 'owner']]) }));
  const now = Date.now();
  const event = await open(atCook, now - HOUR, now + 60 * DAY);
  assert.deepEqual([event.content?.kind, event.lateBy, event.problem], ['text', undefined, undefined]);
});

test('what was stamped after a removal is shown as late for a week, and refused from then on', LIMIT, async () => {
  const { clerk, clerks, atCook, open } = await kitchen();
  await clerks.keeper.change(CONVERSATION, async () => ({ roster: rosterOf([[clerk, 'owner']]) }));
  const now = Date.now();
  const late = await open(atCook, now + 2 * DAY);
  assert.equal(late.content?.kind, 'text');
  assert.ok(late.lateBy !== undefined && late.lateBy >= 2 * DAY - HOUR);
  assert.equal((await open(atCook, now + 8 * DAY)).problem, 'sender-removed');
  assert.equal((await open(atCook, now + 2 * DAY, now + 8 * DAY)).problem, 'sender-removed');
});

test('a device that was removed writes nothing more in an epoch of before; its user’s others do', LIMIT, async () => {
  const { people, clerks, atCook, phone, open } = await kitchen();
  people.removed.add(phone.certificate.device);
  clerks.checks.forgetAll();
  await clerks.keeper.change(CONVERSATION, async () => ({}));
  const now = Date.now();
  assert.equal((await open(phone, now - HOUR)).content?.kind, 'text');
  assert.equal((await open(phone, now + HOUR)).problem, 'sender-removed');
  assert.equal((await open(atCook, now + HOUR)).content?.kind, 'text');
});
