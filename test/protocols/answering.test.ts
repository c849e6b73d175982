// Protocols of one question and one answer: what each side makes of the other's misbehaviour.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AnsweringServer } from '../../src/protocols/answering.ts';
import { type Asking, ask } from '../../src/protocols/asking.ts';
import { RefusedError } from '../../src/realm/errors.ts';
import { silentLog } from '../../src/realm/log.ts';
import { parseRealmName } from '../../src/realm/names.ts';
import { HandClock } from '../node/hand-clock.ts';
import { PairedNetworks } from './paired-network.ts';

const LIMIT = { timeout: 10_000 };
const KYIV = parseRealmName('kyiv.acme.ua');
const LVIV = parseRealmName('lviv.acme.ua');
const FORM = { protocol: '/canopy/echo-of-a-test/1', maxFrame: 64, deadline: 1000 };
const never = new AbortController().signal;

type Answer = (question: Uint8Array) => Promise<Uint8Array>;

function meet(answer: Answer) {
  const networks = new PairedNetworks();
  const clock = new HandClock(0);
  const parts = { network: networks.of(LVIV, 'branch'), clock, log: silentLog };
  const server = new AnsweringServer(parts, { ...FORM, allow: 'trusted', maxStreams: 4, answer });
  server.start();
  const network = networks.of(KYIV, 'branch');
  const asked: Asking<Uint8Array> = { ...FORM, question: Uint8Array.of(1), decode: (bytes) => bytes };
  const question = (more: Partial<Asking<Uint8Array>> = {}, signal = never) =>
    ask({ network, clock }, LVIV, { ...asked, ...more }, signal);
  return { server, network, clock, question };
}

test('a question is answered, and the next one on a stream of its own', LIMIT, async () => {
  const { question } = meet(async (asked) => Uint8Array.of(...asked, 2));
  assert.deepEqual(await question(), Uint8Array.of(1, 2));
  assert.deepEqual(await question({ question: Uint8Array.of(3) }), Uint8Array.of(3, 2));
});

test(
  'who gets no answer is told by a reset stream, and the next question is answered all the same',
  LIMIT,
  async () => {
    let willing = false;
    const { question } = meet(async (asked) => {
      if (!willing) throw new RefusedError('scope', 'not you');
      return asked;
    });
    await assert.rejects(question(), { code: 'stream-reset' });
    willing = true;
    assert.deepEqual(await question(), Uint8Array.of(1));
  },
);

test('a stream that ends without a question harms nobody', LIMIT, async () => {
  const { network, question } = meet(async (asked) => asked);
  const stream = await network.open(LVIV, FORM.protocol, { signal: never });
  await stream.close();
  await assert.rejects(stream.read(never), { code: 'stream-reset' });
  assert.deepEqual(await question(), Uint8Array.of(1));
});

test('one that asks nothing within the deadline loses the stream', LIMIT, async () => {
  const { network, clock } = meet(async (asked) => asked);
  const stream = await network.open(LVIV, FORM.protocol, { signal: never });
  const read = assert.rejects(stream.read(never), { code: 'stream-reset' });
  clock.advance(FORM.deadline);
  await read;
});

test('what is no answer to the question is the asker’s error, with the decoder’s code', LIMIT, async () => {
  const { question } = meet(async (asked) => asked);
  const decode = (): never => {
    throw new RefusedError('malformed', 'this is none');
  };
  await assert.rejects(question({ decode }), { code: 'malformed' });
});

test('an asker waits no longer than the deadline, nor past its signal', LIMIT, async () => {
  const { question, clock } = meet(() => new Promise(() => {}));
  const slow = assert.rejects(question(), { code: 'timeout' });
  await new Promise(setImmediate);
  clock.advance(FORM.deadline);
  await slow;
  const controller = new AbortController();
  const left = assert.rejects(question({}, controller.signal), /gone/);
  controller.abort(new Error('gone'));
  await left;
});

test('a server has stopped when the answer under way is made, and begins none after', LIMIT, async () => {
  const begun = Promise.withResolvers<void>();
  const made = Promise.withResolvers<void>();
  const { server, question } = meet((asked) => {
    begun.resolve();
    return made.promise.then(() => asked);
  });
  const cut = assert.rejects(question());
  await begun.promise;
  let hasStopped = false;
  const stopping = server.stop().then(() => (hasStopped = true));
  await new Promise(setImmediate);
  assert.equal(hasStopped, false);
  made.resolve();
  await stopping;
  await cut;
  await assert.rejects(question(), { code: 'stream-reset' });
});
