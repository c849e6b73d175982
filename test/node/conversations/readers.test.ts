// Who has read a message of a group, asked by whoever wrote it; and what a policy hides of that.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Readers } from '../../../node/conversations/readers.ts';
import type { ErrandHandler, Errands } from '../../../node/errands/errands.ts';
import { encodeReadersQuestion, READERS_ERRAND } from '../../../src/protocols/readers/index.ts';
import { systemClock } from '../../../src/realm/clock.ts';
import { UnreachableError } from '../../../src/realm/errors.ts';
import { silentLog } from '../../../src/realm/log.ts';
import type { RealmName } from '../../../src/realm/names.ts';
import { author, CONVERSATION, change, groupMessage, never, world } from '../groups/group-world.ts';
import {
  type BranchOptions,
  CLERK,
  COOK,
  DEVICE,
  directory,
  ENGINEER,
  KYIV,
  LVIV,
  message,
  messageId,
  ODESA,
  PORTER,
  receivedBy,
  until,
} from '../simulated-branch.ts';

const LIMIT = { timeout: 30_000 };
const MEMBERS = [
  [CLERK, 'owner'],
  [COOK, 'member'],
  [ENGINEER, 'member'],
  [PORTER, 'member'],
] as const;

/** Errands between realms that are all in reach but those that are away. */
class Postman {
  readonly away = new Set<RealmName>();
  readonly #handlers = new Map<RealmName, ErrandHandler>();

  of(realm: RealmName): Pick<Errands, 'ask' | 'answer'> {
    return {
      ask: async (to, kind, body, signal) => {
        const handler = this.#handlers.get(to);
        if (!handler || kind !== READERS_ERRAND || this.away.has(to)) throw new UnreachableError('no-way', 'away');
        return handler(realm, body, signal);
      },
      answer: (_, handler) => void this.#handlers.set(realm, handler),
    };
  }
}

async function threeRealms(t: TestContext, options: Partial<BranchOptions> = {}) {
  const { at } = await world(t, [KYIV, LVIV, ODESA], options);
  const postman = new Postman();
  const readersOf = (realm: RealmName): Readers => {
    const { conversations, rosters, privacy } = at(realm);
    const { store } = conversations.parts;
    const parts = { realm, store, rosters, directory: directory(), hides: privacy, clock: systemClock, log: silentLog };
    return new Readers({ ...parts, errands: postman.of(realm) });
  };
  const readers = { kyiv: readersOf(KYIV), lviv: readersOf(LVIV), odesa: readersOf(ODESA) };
  await at(KYIV).groups.propose(author(CLERK, KYIV), change({ epoch: 0, home: KYIV, members: MEMBERS }), never);
  await at(KYIV).conversations.submit({ user: CLERK, device: DEVICE }, groupMessage(1));
  await until(() =>
    [ENGINEER, PORTER].every((user) => receivedBy(at(user === PORTER ? ODESA : LVIV), user).length === 1),
  );
  return { at, postman, readers };
}

async function read(
  branch: Awaited<ReturnType<typeof threeRealms>>['at'] extends (r: RealmName) => infer B ? B : never,
  user: typeof CLERK,
) {
  await branch.conversations.markDelivered(user, branch.conversations.head());
  await branch.conversations.markRead(user, CONVERSATION, messageId(1));
}

test('whoever wrote to a group learns from every realm who has it and who has read it', LIMIT, async (t) => {
  const { at, postman, readers } = await threeRealms(t);
  assert.deepEqual(await readers.kyiv.of(CLERK, messageId(1), never), { readers: [], away: [] });
  await read(at(KYIV), COOK);
  await at(LVIV).conversations.markDelivered(ENGINEER, at(LVIV).conversations.head());
  await read(at(ODESA), PORTER);
  const told = await readers.kyiv.of(CLERK, messageId(1), never);
  assert.deepEqual(
    new Map(told.readers.map(({ user, state }) => [user, state])),
    new Map([
      [COOK, 'read'],
      [ENGINEER, 'delivered'],
      [PORTER, 'read'],
    ]),
  );
  postman.away.add(LVIV);
  assert.deepEqual((await readers.kyiv.of(CLERK, messageId(1), never)).away, [LVIV]);
});

test('nobody else learns it: no other member, no realm that the author is not of', LIMIT, async (t) => {
  const { at, postman, readers } = await threeRealms(t);
  await read(at(ODESA), PORTER);
  await assert.rejects(readers.kyiv.of(COOK, messageId(1), never), { code: 'message-unknown' });
  const body = encodeReadersQuestion({ conversation: CONVERSATION, message: messageId(1), sender: CLERK });
  await assert.rejects(postman.of(LVIV).ask(ODESA, READERS_ERRAND, body, never), { code: 'foreign-sender' });
  const other = encodeReadersQuestion({ conversation: CONVERSATION, message: messageId(2), sender: CLERK });
  await assert.rejects(postman.of(KYIV).ask(ODESA, READERS_ERRAND, other, never), { code: 'message-unknown' });
});

test('what people hide, and what a policy hides of everybody, is told to nobody', LIMIT, async (t) => {
  const hidden = new Set<string>();
  const { at, readers } = await threeRealms(t, { hidden: (what) => hidden.has(what) });
  await at(LVIV).privacy.set(ENGINEER, { receipts: false, presence: true });
  await read(at(LVIV), ENGINEER);
  await read(at(KYIV), COOK);
  const states = async () =>
    (await readers.kyiv.of(CLERK, messageId(1), never)).readers.map(({ state }) => state).sort();
  assert.deepEqual(await states(), ['delivered', 'read']);
  hidden.add('read');
  assert.deepEqual(await states(), ['delivered', 'delivered']);
  hidden.add('delivered');
  assert.deepEqual(await states(), []);
});

test('by policy nobody is sent receipts either, and presence is hidden', LIMIT, async (t) => {
  const hidden = new Set(['delivered', 'read', 'presence']);
  const { at } = await threeRealms(t, { hidden: (what) => hidden.has(what) });
  const pair = message(7, 'for two', [CLERK, COOK]);
  const { conversations, privacy } = at(KYIV);
  await conversations.submit({ user: CLERK, device: DEVICE }, pair);
  await conversations.markDelivered(COOK, conversations.head());
  await conversations.markRead(COOK, pair.conversation, pair.id);
  assert.equal((await conversations.findMessage(CLERK, pair.id))?.state, 'stored');
  assert.deepEqual([privacy.presence(COOK), privacy.reading(COOK), privacy.delivery()], [true, true, true]);
  assert.deepEqual((await conversations.listConversations(COOK)).map(({ unread }) => unread).includes(1), true);
  hidden.clear();
  assert.equal(privacy.reading(COOK), false);
});
