// Errands between nodes of a tree of realms: the way they take, what hops refuse, and peers who lie.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { checkWay, nextHop } from '../../../node/errands/way.ts';
import { handToNext } from '../../../src/protocols/errand/client.ts';
import {
  answerStatement,
  decodeErrand,
  decodeReply,
  decodeRequest,
  digestOf,
  encodeAnswer,
  encodeErrand,
  encodeReply,
  encodeRequest,
  errandStatement,
} from '../../../src/protocols/errand/codec.ts';
import { type Errand, MAX_AGE, MAX_BODY, type Request } from '../../../src/protocols/errand/index.ts';
import { CanopyError, ConflictError } from '../../../src/realm/errors.ts';
import type { RealmName } from '../../../src/realm/names.ts';
import { ACME, BETA, ErrandTree, KYIV, LVIV, ODESA, type TreeNode, UA } from './errand-tree.ts';

const LIMIT = { timeout: 20_000 };
const never = new AbortController().signal;
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const bytes = (value: string): Uint8Array => new TextEncoder().encode(value);

interface Tree {
  readonly tree: ErrandTree;
  readonly nodes: ReadonlyMap<RealmName, TreeNode>;
  readonly node: (realm: RealmName) => TreeNode;
}

async function grow(t: TestContext): Promise<Tree> {
  const tree = new ErrandTree();
  const nodes = new Map<RealmName, TreeNode>();
  for (const realm of [UA, ACME, BETA, KYIV, LVIV, ODESA]) nodes.set(realm, await tree.open(realm));
  const node = (realm: RealmName): TreeNode => {
    const found = nodes.get(realm);
    if (!found) throw new Error(realm);
    return found;
  };
  for (const one of nodes.values()) {
    one.errands.answer('greet', async (origin, body) => bytes(`${one.realm} greets ${origin}: ${text(body)}`));
    one.errands.start();
    t.after(() => one.errands.stop());
  }
  return { tree, nodes, node };
}

async function signed(tree: ErrandTree, from: TreeNode, fields: Partial<Errand>): Promise<Request> {
  const signer = tree.signerOf(from.identity);
  const errand = encodeErrand({
    id: crypto.getRandomValues(new Uint8Array(16)),
    origin: from.realm,
    destination: ODESA,
    kind: 'greet',
    issued: tree.clock.now(),
    body: bytes('hi'),
    chain: signer.chain,
    ...fields,
  });
  return { budget: 10_000, errand: { bytes: errand, signature: signer.sign(errandStatement(errand)) } };
}

/** What the node of `to` says when that of `from` hands this over. */
async function handed({ node, tree }: Tree, from: RealmName, to: RealmName, request: Request): Promise<string> {
  const reply = await handToNext({ network: node(from).node, clock: tree.clock }, to, request, never);
  return reply.kind === 'stopped' ? `${reply.code} at ${reply.realm}` : 'answered';
}

test('an errand climbs to the common ancestor and descends, and the answer is the destination’s', LIMIT, async (t) => {
  const { tree, node } = await grow(t);
  const legs: string[] = [];
  tree.network.tap = async (frame, from, to) => {
    legs.push(`${from} > ${to}`);
    return frame;
  };
  const answer = await node(KYIV).errands.ask(ODESA, 'greet', bytes('hi'), never);
  assert.equal(text(answer), 'odesa.beta.ua greets kyiv.acme.ua: hi');
  const there = ['kyiv.acme.ua > acme.ua', 'acme.ua > ua', 'ua > beta.ua', 'beta.ua > odesa.beta.ua'];
  const back = ['odesa.beta.ua > beta.ua', 'beta.ua > ua', 'ua > acme.ua', 'acme.ua > kyiv.acme.ua'];
  assert.deepEqual(legs, [...there, ...back]);
  assert.deepEqual(node(UA).errands.counters(), { asked: 0, answered: 0, carried: 1, stopped: 0 });
});

test('siblings ask each other by way of their parent, ancestors and descendants straight along', LIMIT, async (t) => {
  const { node } = await grow(t);
  assert.match(text(await node(KYIV).errands.ask(LVIV, 'greet', bytes(''), never)), /^lviv/);
  assert.match(text(await node(KYIV).errands.ask(UA, 'greet', bytes(''), never)), /^ua/);
  assert.match(text(await node(UA).errands.ask(KYIV, 'greet', bytes(''), never)), /^kyiv/);
  assert.match(text(await node(KYIV).errands.ask(KYIV, 'greet', bytes(''), never)), /^kyiv/);
  assert.equal(node(ACME).errands.counters()['carried'], 3);
});

test("the destination's refusal comes back by its name, and so does that of a hop", LIMIT, async (t) => {
  const { tree, node } = await grow(t);
  node(ODESA).errands.answer('closed', async () => {
    throw new ConflictError('shop-closed', 'not today');
  });
  node(ODESA).errands.answer('broken', async () => {
    throw new Error('secret detail');
  });
  const ask = (kind: string) => node(KYIV).errands.ask(ODESA, kind, bytes(''), never);
  await assert.rejects(ask('closed'), { code: 'shop-closed', name: 'RefusedError' });
  await assert.rejects(
    ask('broken'),
    (error: CanopyError) => error.code === 'internal' && !error.message.includes('secret'),
  );
  await assert.rejects(ask('nothing'), { code: 'unknown-kind' });
  tree.network.down(BETA);
  await assert.rejects(ask('greet'), { code: 'no-way', name: 'UnreachableError' });
  await assert.rejects(node(KYIV).errands.ask(ODESA, 'greet', new Uint8Array(MAX_BODY + 1), never), {
    code: 'errand-too-long',
  });
});

test('a realm below another top is no destination', () => {
  const foreign = 'kyiv.acme.pl' as RealmName;
  assert.throws(() => nextHop(KYIV, foreign), { code: 'no-way' });
  assert.equal(nextHop(UA, ODESA), BETA);
  assert.equal(nextHop(KYIV, ODESA), ACME);
});

test('each way of a loop is refused by the names alone', () => {
  const all = [UA, ACME, BETA, KYIV, LVIV, ODESA];
  for (const origin of all) {
    for (const destination of all) {
      if (origin === destination) continue;
      // Whatever a hop does, the errand comes to each realm by one neighbour only, so that it can't come twice.
      for (const self of all) {
        const givers = all.filter((neighbour) => {
          try {
            checkWay(self, neighbour, { origin, destination });
            return true;
          } catch {
            return false;
          }
        });
        assert.ok(givers.length <= 1, `${origin} > ${destination} comes to ${self} from ${givers.join(' and ')}`);
        if (self === origin) assert.deepEqual(givers, []);
      }
    }
  }
});

test('a neighbour that hands over what is not on its way is refused', LIMIT, async (t) => {
  const grown = await grow(t);
  const { tree, node } = grown;
  const ours = await signed(tree, node(KYIV), {});
  assert.equal(await handed(grown, LVIV, ACME, ours), 'wrong-way at acme.ua', 'a sibling carries nothing for us');
  assert.equal(await handed(grown, KYIV, LVIV, ours), 'wrong-way at lviv.acme.ua', 'not past the parent');
  const back = await signed(tree, node(KYIV), { destination: LVIV });
  assert.equal(await handed(grown, ACME, UA, back), 'wrong-way at ua', 'not above the common ancestor');
  const down = await signed(tree, node(ODESA), { destination: KYIV });
  assert.equal(await handed(grown, UA, BETA, down), 'wrong-way at beta.ua', 'not back to where it came from');
});

test('an errand in the name of another realm, altered, stale or repeated is refused', LIMIT, async (t) => {
  const grown = await grow(t);
  const { tree, node } = grown;
  const from = (fields: Partial<Errand>, who = KYIV) => signed(tree, node(who), fields);
  // The parent lies about a child, the child about its sibling: the key decides.
  assert.equal(await handed(grown, ACME, UA, await from({ origin: LVIV })), 'origin-foreign at ua');
  const good = await from({});
  const altered = encodeErrand({ ...decodeErrand(good.errand.bytes), body: bytes('other') });
  const forged = { ...good, errand: { ...good.errand, bytes: altered } };
  assert.equal(await handed(grown, ACME, UA, forged), 'signature-bad at ua');
  const stale = await from({ issued: tree.clock.now() - MAX_AGE - 1 });
  assert.equal(await handed(grown, KYIV, ACME, stale), 'errand-stale at acme.ua');
  const relay = { ...node(KYIV), identity: await tree.realms.identity('kyiv.acme.ua', 'relay') };
  assert.equal(await handed(grown, KYIV, ACME, await signed(tree, relay, {})), 'origin-foreign at acme.ua');
  assert.equal(await handed(grown, KYIV, ACME, good), 'answered');
  assert.equal(await handed(grown, KYIV, ACME, good), 'errand-repeated at odesa.beta.ua');
  assert.equal(node(ODESA).errands.counters()['answered'], 1);
});

test('an answer that another realm signed, or that was made for another errand, proves nothing', LIMIT, async (t) => {
  const { tree, node } = await grow(t);
  const answeredBy = async (who: TreeNode, digest?: Uint8Array) => {
    tree.network.tap = async (frame, from, to) => {
      if (from !== ACME || to !== KYIV) return frame;
      assert.equal(decodeReply(frame).kind, 'answer');
      const signer = tree.signerOf(who.identity);
      const answer = encodeAnswer({
        digest: digest ?? digestOf(frame),
        body: bytes('lie'),
        chain: signer.chain,
      });
      return encodeReply({
        kind: 'answer',
        answer: { bytes: answer, signature: signer.sign(answerStatement(answer)) },
      });
    };
    return node(KYIV).errands.ask(ODESA, 'greet', bytes('hi'), never);
  };
  await assert.rejects(answeredBy(node(ACME)), { code: 'origin-foreign' });
  await assert.rejects(answeredBy(node(ODESA), digestOf(bytes('another'))), { code: 'answer-foreign' });
});

test('one origin cannot flood: its neighbours carry 60 at once, and others are not held up', LIMIT, async (t) => {
  const { tree, node } = await grow(t);
  const ask = (from: RealmName) => node(from).errands.ask(ODESA, 'greet', bytes('hi'), never);
  const results = await Promise.allSettled(Array.from({ length: 100 }, () => ask(KYIV)));
  const refused = results.filter((one) => one.status === 'rejected');
  assert.equal(refused.length, 40);
  assert.ok(refused.every(({ reason }) => reason instanceof CanopyError && reason.code === 'errand-rate'));
  assert.match(text(await ask(LVIV)), /greets lviv/);
  tree.clock.advance(1000);
  assert.equal(
    (await Promise.allSettled(Array.from({ length: 10 }, () => ask(KYIV)))).filter((one) => one.status === 'fulfilled')
      .length,
    5,
  );
});

test('an origin whose errands nobody answers takes its own share of the way and no more', LIMIT, async (t) => {
  const { tree, node } = await grow(t);
  node(ODESA).errands.answer('slow', () => new Promise(() => {}));
  const gone = new AbortController();
  const slow = Array.from({ length: 40 }, () => node(KYIV).errands.ask(ODESA, 'slow', bytes(''), gone.signal));
  const over = Promise.allSettled(slow);
  while ((node(UA).errands.gauges()['underWay'] ?? 0) < 12) await new Promise((resolve) => setImmediate(resolve));
  assert.match(text(await node(LVIV).errands.ask(ODESA, 'greet', bytes('hi'), never)), /greets lviv/);
  assert.equal(node(UA).errands.gauges()['underWay'], 12);
  tree.clock.advance(31_000);
  gone.abort();
  await over;
  assert.match(text(await node(KYIV).errands.ask(ODESA, 'greet', bytes('hi'), never)), /greets kyiv/);
});

test('a silent destination costs each hop its own deadline, and the origin is told', LIMIT, async (t) => {
  const { tree, node } = await grow(t);
  let reached: () => void = () => {};
  const isReached = new Promise<void>((resolve) => {
    reached = resolve;
  });
  node(ODESA).errands.answer('slow', () => {
    reached();
    return new Promise(() => {});
  });
  const asked = node(KYIV).errands.ask(ODESA, 'slow', bytes(''), never);
  const told = assert.rejects(asked, { code: 'timeout' });
  await isReached;
  tree.clock.advance(30_000);
  await told;
});

test('a frame that is no errand resets the stream and nothing else', LIMIT, async (t) => {
  const grown = await grow(t);
  const { node, tree } = grown;
  const stream = await node(KYIV).node.open(ACME, '/canopy/errand/1', { signal: never });
  await stream.write(Uint8Array.of(0x80), never);
  await assert.rejects(stream.read(never));
  const request = await signed(tree, node(KYIV), { kind: 'greet' });
  assert.deepEqual(decodeRequest(encodeRequest(request)), request);
  assert.equal(await handed(grown, KYIV, ACME, request), 'answered');
});
