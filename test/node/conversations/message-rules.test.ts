// Rules about who may write to whom, where messages are accepted from a client and where they come in from another realm.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { openConversations } from '../../../node/conversations/conversation-service.ts';
import type { MessageRules } from '../../../node/conversations/message-rules.ts';
import { openOutbox } from '../../../node/delivery/outbox.ts';
import { encodeEnvelope } from '../../../src/crypto/envelope.ts';
import { LocalError } from '../../../src/realm/errors.ts';
import { silentLog } from '../../../src/realm/log.ts';
import { createDatabase } from '../../../src/store/database.ts';
import { ForgetfulDisk } from '../../store/forgetful-disk.ts';
import { HandClock } from '../hand-clock.ts';
import { CLERK, COOK, DEVICE, directory, ENGINEER, KYIV, LVIV, message } from '../simulated-branch.ts';

const LIMIT = { timeout: 20_000 };
const START = Date.UTC(2026, 0, 1);
const FREE: MessageRules = { outgoing: () => undefined, incoming: () => undefined };

async function node(t: TestContext, rules: MessageRules, met: string[] = []) {
  const database = await createDatabase(new ForgetfulDisk().openEngine());
  t.after(() => database.close());
  const outbox = await openOutbox({ database, incarnation: 1 });
  const people = { ...directory(), meet: async (id: string, home: string) => void met.push(`${id} of ${home}`) };
  const parts = {
    realm: KYIV,
    incarnation: 1,
    database,
    outbox,
    directory: people,
    rules,
    clock: new HandClock(START),
  };
  return { outbox, conversations: await openConversations({ ...parts, log: silentLog }) };
}

/** From the engineer of lviv to the clerk of kyiv. */
function delivered() {
  const { id, conversation, body } = message(1, 'hello', [ENGINEER, CLERK]);
  const addresses = { version: 1, id, conversation, sender: ENGINEER, device: DEVICE, recipients: [CLERK] } as const;
  const stamp = { ms: START, counter: 0 };
  const rest = {
    origin: LVIV,
    incarnation: 1,
    stamp,
    expires: 0,
    priority: 'text',
    durable: true,
    kind: 'message',
    blobs: [],
    body,
  } as const;
  return {
    encoded: encodeEnvelope({ ...addresses, ...rest }),
    origin: LVIV,
    path: 'direct-tcp',
    pathRef: new Uint8Array(),
  } as const;
}

test('what a rule forbids is refused to the client by its name, and nothing of it is kept', LIMIT, async (t) => {
  const asked: string[] = [];
  const outgoing: MessageRules['outgoing'] = (from, to) => {
    asked.push(`${from.address.login} to ${to.address.login}`);
    return to.home === LVIV ? 'destination-forbidden' : undefined;
  };
  const { conversations, outbox } = await node(t, { ...FREE, outgoing });
  const from = { user: CLERK, device: DEVICE };
  await assert.rejects(conversations.submit(from, message(1)), { code: 'destination-forbidden', name: 'RefusedError' });
  assert.deepEqual([outbox.depth(LVIV), await conversations.findMessage(CLERK, message(1).id)], [0, undefined]);
  await conversations.submit(from, message(2, 'soup?', [CLERK, COOK]));
  assert.deepEqual(asked, ['clerk to engineer', 'clerk to cook']);
});

test('what comes in against a rule is set aside by its name', LIMIT, async (t) => {
  const met: string[] = [];
  const { conversations } = await node(t, { ...FREE, incoming: () => 'trust-scope' }, met);
  assert.deepEqual(await conversations.ingest([delivered()], () => []), [{ kind: 'rejected', code: 'trust-scope' }]);
  assert.equal(await conversations.findMessage(CLERK, message(1).id), undefined);
  assert.deepEqual(met, [`${ENGINEER} of ${LVIV}`], 'who writes was looked up before it was judged');
});

test(
  'while it is not known who writes, and that decides, nothing is taken or lost: the origin tries again',
  LIMIT,
  async (t) => {
    let isKnown = false;
    const incoming = () => {
      if (!isKnown) throw new LocalError('sender-unresolved', 'not known yet');
      return undefined;
    };
    const { conversations } = await node(t, { ...FREE, incoming });
    await assert.rejects(
      conversations.ingest([delivered()], () => []),
      { code: 'sender-unresolved' },
    );
    isKnown = true;
    assert.deepEqual(await conversations.ingest([delivered()], () => []), [{ kind: 'accepted' }]);
  },
);
