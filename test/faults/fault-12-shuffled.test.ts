// Fault cases 11 and 12 at the node of a realm: what another realm wrote arrives over and over, in any order, late, under new numbers, and
// over cuts of the power. It is shown once, and the log is the same at whoever got it in another order.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { encodeEnvelope, envelopeDigest } from '../../src/crypto/envelope.ts';
import type { Stream } from '../../src/overlay/seam.ts';
import { signWithLeaf } from '../../src/pki/keys.ts';
import { digestOf, encodeBatchHeader, signedBytes } from '../../src/protocols/deliver/batch.ts';
import { decodeDeliverFrame, encodeDeliverFrame } from '../../src/protocols/deliver/frames.ts';
import { DELIVER_PROTOCOL, MAX_DELIVER_FRAME } from '../../src/protocols/deliver/index.ts';
import type { MessageId } from '../../src/realm/ids.ts';
import { createDatabase } from '../../src/store/database.ts';
import {
  CLERK,
  certifiedAs,
  DEVICE,
  ENGINEER,
  KYIV,
  keyOf,
  LVIV,
  message,
  messageId,
  startBranch,
} from '../node/simulated-branch.ts';
import { SimulatedNetwork } from '../node/simulated-network.ts';
import { ForgetfulDisk } from '../store/forgetful-disk.ts';

const LIMIT = { timeout: 60_000 };
const MESSAGES = 120;
const DELIVERIES = 1500;
const MAX_BATCH = 12;
const BEGAN = Date.UTC(2026, 0, 1);
const signal = AbortSignal.timeout(60_000);

/** The same numbers for the same seed, below `limit` (Park and Miller). */
function numbers(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % limit;
  };
}

/** Several in one millisecond, and not in the order of their ids. */
const ENVELOPES = Array.from({ length: MESSAGES }, (_, n) => {
  const { id, conversation, recipients, expires, body } = message(n + 1);
  const addresses = { version: 1, id, conversation, sender: CLERK, device: DEVICE, recipients, origin: KYIV } as const;
  const stamp = { ms: BEGAN + ((n * 37) % 40), counter: n % 3 };
  const terms = {
    incarnation: 1,
    stamp,
    expires,
    priority: 'text',
    durable: true,
    kind: 'message',
    blobs: [],
  } as const;
  return encodeEnvelope({ ...addresses, ...terms, body }).bytes;
});

function batch(first: number, envelopes: readonly Uint8Array[]): Uint8Array {
  const header = encodeBatchHeader({
    origin: KYIV,
    incarnation: 1,
    first,
    last: first + envelopes.length - 1,
    destination: LVIV,
    expiry: 0,
    numbers: envelopes.map((_, i) => first + i),
    digest: digestOf(envelopes.map(envelopeDigest)),
  });
  const signature = signWithLeaf(keyOf(KYIV), signedBytes(header));
  return encodeDeliverFrame({ kind: 'batch', header, signature, envelopes });
}

/** A branch that may lose its power, and how to speak to it as Kyiv. */
async function branchWith(t: TestContext) {
  const [network, disk] = [new SimulatedNetwork(), new ForgetfulDisk()];
  const start = async () => startBranch({ realm: LVIV, database: await createDatabase(disk.openEngine()), network });
  let branch = await start();
  t.after(() => branch.stop());
  return {
    branch: () => branch,
    restart: async () => {
      network.cut(LVIV);
      disk.powerCut();
      await branch.stop();
      branch = await start();
    },
    open: async (): Promise<Stream> => {
      const stream = await network.node(KYIV).open(LVIV, DELIVER_PROTOCOL, { signal, maxFrame: MAX_DELIVER_FRAME });
      const chain = new TextEncoder().encode(KYIV);
      const hello = { kind: 'hello', versions: [1], origin: KYIV, incarnation: 1, destination: LVIV, chain } as const;
      await stream.write(encodeDeliverFrame({ ...hello, certificate: certifiedAs(KYIV, 1) }));
      assert.equal((await answer(stream)).kind, 'welcome');
      return stream;
    },
  };
}

async function answer(stream: Stream) {
  const frame = await stream.read(signal);
  return decodeDeliverFrame(frame ?? assert.fail('the stream ended'));
}

/** What somebody sees who reads all of the history. */
async function logOf(branch: Awaited<ReturnType<typeof startBranch>>): Promise<MessageId[]> {
  const found: MessageId[] = [];
  const { conversation } = message(1);
  for (let before: string | undefined; ; ) {
    const page = await branch.conversations.history(ENGINEER, conversation, { limit: 50, ...(before && { before }) });
    found.unshift(...page.messages.map(({ envelope }) => envelope.id).toReversed());
    before = page.next;
    if (!before) return found;
  }
}

/** Everything at least once, most of it many times, some of it under numbers that nobody gave it before. */
async function shuffled(t: TestContext, seed: number) {
  const random = numbers(seed);
  const world = await branchWith(t);
  let stream = await world.open();
  let duplicates = 0;
  const deliver = async (first: number, envelopes: readonly Uint8Array[]) => {
    await stream.write(batch(first, envelopes));
    assert.equal((await answer(stream)).kind, 'ack');
  };
  for (let sent = 0; sent < DELIVERIES; ) {
    const at = random(MESSAGES);
    const envelopes = ENVELOPES.slice(at, at + 1 + random(MAX_BATCH));
    // Of five batches one is replayed with numbers of its own.
    await deliver(random(5) === 0 ? MESSAGES + 1 + sent : at + 1, envelopes);
    sent += envelopes.length;
    if (random(40) > 0) continue;
    duplicates += world.branch().delivery.counters().duplicates;
    await world.restart();
    stream = await world.open();
  }
  for (let at = 0; at < MESSAGES; at += MAX_BATCH) await deliver(at + 1, ENVELOPES.slice(at, at + MAX_BATCH));
  duplicates += world.branch().delivery.counters().duplicates;
  return { log: await logOf(world.branch()), duplicates };
}

test(
  'faults 11 and 12: delivered a thousand times in any order, each message stands once, in one log',
  LIMIT,
  async (t) => {
    const [one, other] = [await shuffled(t, 11), await shuffled(t, 12_345)];
    assert.equal(one.log.length, MESSAGES);
    assert.deepEqual(new Set(one.log), new Set(Array.from({ length: MESSAGES }, (_, n) => messageId(n + 1))));
    assert.deepEqual(other.log, one.log);
    for (const { duplicates } of [one, other]) assert.ok(duplicates >= DELIVERIES - MESSAGES, `${duplicates} counted`);
  },
);
