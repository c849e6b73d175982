// The way of a message, as its sender, its recipient and the operator are told it, and receipts of people from elsewhere.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Errands } from '../../../node/errands/errands.ts';
import { UnreachableError } from '../../../src/realm/errors.ts';
import type { RealmName } from '../../../src/realm/names.ts';
import { CLERK, message, messageId, receivedBy, until } from '../simulated-branch.ts';
import { ACME, BETA, everybody, FROM_CLERK, KYIV, ODESA, plantTree, SMITH, UA } from './tree-of-branches.ts';

const LIMIT = { timeout: 40_000 };
const toSmith = (n: number) => message(n, `text ${n}`, [CLERK, SMITH]);

/** Errands without a network: asks the handler of the realm itself, unless that realm is away. */
class Post {
  readonly #handlers = new Map<string, Parameters<Errands['answer']>[1]>();
  readonly away = new Set<RealmName>();

  of(realm: RealmName): Pick<Errands, 'ask' | 'answer'> {
    return {
      answer: (kind, handler) => void this.#handlers.set(`${realm}/${kind}`, handler),
      ask: async (destination, kind, body, signal) => {
        const handler = this.#handlers.get(`${destination}/${kind}`);
        if (!handler || this.away.has(destination)) throw new UnreachableError('no-path', `${destination} is away`);
        return handler(realm, body, signal);
      },
    };
  }
}

test(
  'each hop is told with its time, to the device and the reader; the recipient is told who held it',
  LIMIT,
  async (t) => {
    const tree = await plantTree(t);
    const post = new Post();
    const start = (realm: RealmName) => tree.site(realm).start({ errands: post.of(realm) });
    const [kyiv, , , , odesa] = await Promise.all([KYIV, ACME, UA, BETA, ODESA].map(start));
    assert.ok(kyiv && odesa);
    await kyiv.conversations.submit(FROM_CLERK, toSmith(1));
    await until(() => receivedBy(odesa, SMITH).length === 1);
    await odesa.conversations.markDelivered(SMITH, odesa.conversations.head());
    await odesa.conversations.markRead(SMITH, toSmith(1).conversation, messageId(1));
    const way = async () => (await kyiv.delivery.explain(CLERK, messageId(1)))?.legs[0];
    await until(async () => (await way())?.steps.at(-1)?.kind === 'read');
    await until(async () => (await way())?.state === 'handed-over');
    const leg = await way();
    assert.deepEqual(
      leg?.steps.map(({ kind, realm }) => `${kind} ${realm}`),
      [
        'accepted kyiv.acme.ua',
        'held acme.ua',
        'passed acme.ua',
        'held ua',
        'passed ua',
        'held beta.ua',
        'passed beta.ua',
        'arrived odesa.beta.ua',
        'delivered odesa.beta.ua',
        'read odesa.beta.ua',
      ],
    );
    assert.equal(leg?.way, 'tree');
    assert.equal(leg?.path?.kind, 'custody');
    assert.ok(leg?.steps.every(({ at }) => at > 0));
    const inward = (await odesa.delivery.explain(SMITH, messageId(1)))?.legs[0];
    assert.deepEqual(
      inward?.steps.map(({ kind, realm }) => `${kind} ${realm}`),
      ['accepted kyiv.acme.ua', 'held acme.ua', 'held ua', 'held beta.ua', 'arrived odesa.beta.ua'],
    );
    assert.equal(await kyiv.delivery.explain(SMITH, messageId(2)), undefined);
    assert.equal((await kyiv.delivery.explainAny(messageId(1)))?.sender, CLERK);
  },
);

test('what is stuck says where it lies, whom it waits for, why and since when', LIMIT, async (t) => {
  const tree = await plantTree(t);
  const post = new Post();
  const start = (realm: RealmName) => tree.site(realm).start({ errands: post.of(realm) });
  const kyiv = await start(KYIV);
  await kyiv.conversations.submit(FROM_CLERK, toSmith(1));
  const way = async () => (await kyiv.delivery.explain(CLERK, messageId(1)))?.legs[0];
  await until(async () => (await way())?.stuck !== undefined);
  const alone = await way();
  assert.equal(alone?.state, 'queued');
  assert.deepEqual({ ...alone?.stuck, since: 0 }, { realm: KYIV, next: ACME, code: 'realm-unreachable', since: 0 });
  await Promise.all([start(ACME), start(UA)]);
  await until(async () => (await way())?.stuck?.realm === UA);
  const further = await way();
  assert.equal(further?.state, 'in-custody');
  assert.equal(further?.stuck?.next, BETA);
  assert.equal(further?.stuck?.code, 'realm-unreachable');
  assert.ok((further?.stuck?.since ?? 0) > 0);
  post.away.add(UA);
  const blind = await way();
  assert.deepEqual(
    blind?.steps.map(({ kind, realm }) => `${kind} ${realm}`),
    ['accepted kyiv.acme.ua', 'held acme.ua', 'passed acme.ua'],
  );
  assert.deepEqual(blind?.stuck, { realm: ACME, next: UA, code: 'no-path' });
});

test('a realm tells of a message its origin alone', LIMIT, async (t) => {
  const tree = await plantTree(t);
  const [kyiv, acme] = await tree.up(KYIV, ACME);
  assert.ok(kyiv && acme);
  await kyiv.conversations.submit(FROM_CLERK, toSmith(1));
  await until(async () => (await acme.delivery.custody.trace(KYIV, ODESA, 1, 1)) !== undefined);
  assert.equal(await acme.delivery.custody.trace(BETA, ODESA, 1, 1), undefined);
});

test(
  'somebody who is not in the directory gets receipts, too: the message says where they belong',
  LIMIT,
  async (t) => {
    const tree = await plantTree(t);
    const stranger = {
      findById: (id: Parameters<ReturnType<typeof everybody>['findById']>[0]) =>
        id === CLERK ? undefined : everybody().findById(id),
    };
    const [kyiv] = await tree.up(KYIV, ACME, UA, BETA);
    const odesa = await tree.site(ODESA).start({ directory: stranger });
    assert.ok(kyiv);
    await kyiv.conversations.submit(FROM_CLERK, toSmith(1));
    await until(() => receivedBy(odesa, SMITH).length === 1);
    await odesa.conversations.markDelivered(SMITH, odesa.conversations.head());
    await until(async () => (await kyiv.conversations.findMessage(CLERK, messageId(1)))?.state === 'delivered');
  },
);
