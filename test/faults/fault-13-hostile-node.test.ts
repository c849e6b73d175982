// Fault case 13 inside the enterprise, and 10: the node of a branch that was taken over speaks to another branch's node, end
// to end over real relays. Its certificate is good; what it says is not.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { findOwnRelay } from '../../node/own-relay.ts';
import { createNodeOverlay, type NodeOverlay } from '../../src/overlay/node-overlay.ts';
import type { Stream } from '../../src/overlay/seam.ts';
import { encodeChain } from '../../src/pki/chain.ts';
import { decodeDeliverFrame, encodeDeliverFrame, type Hello } from '../../src/protocols/deliver/frames.ts';
import { DELIVER_PROTOCOL } from '../../src/protocols/deliver/index.ts';
import { LEDGER_PROTOCOL } from '../../src/protocols/ledger/index.ts';
import { PRESENCE_PROTOCOL } from '../../src/protocols/presence/index.ts';
import { PROFILE_PROTOCOL } from '../../src/protocols/profile/index.ts';
import { systemClock } from '../../src/realm/clock.ts';
import type { MessageId } from '../../src/realm/ids.ts';
import { silentLog } from '../../src/realm/log.ts';
import { parseRealmName } from '../../src/realm/names.ts';
import { openDataDirectory } from '../../src/settings/data-directory.ts';
import { type LiveIdentity, openIdentity } from '../../src/settings/live-identity.ts';
import { readRealmFile } from '../../src/settings/realm-file.ts';
import { readSettings } from '../../src/settings/settings.ts';
import { MALFORMED, randomFrames } from './malformed-frames.ts';
import { startTwoBranches, type TwoBranches } from './two-branches.ts';

const LIMIT = { timeout: 150_000 };
const PROTOCOLS = [DELIVER_PROTOCOL, LEDGER_PROTOCOL, PRESENCE_PROTOCOL, PROFILE_PROTOCOL];
const SEED = 20_261_122;
const RANDOM_FRAMES = 40;
/** Longer than any frame that these protocols take. */
const TOO_LONG = 3 * 1024 * 1024;
/** MiB by which a hostile node may make another grow. */
const GROWTH = 160;
const patience = (): AbortSignal => AbortSignal.timeout(15_000);

describe('a hostile node of the same enterprise', LIMIT, () => {
  let branches: TwoBranches;
  let identity: LiveIdentity;
  let hostile: NodeOverlay;

  before(async () => {
    branches = await startTwoBranches(AbortSignal.timeout(LIMIT.timeout));
    const { lviv } = branches;
    await lviv.program('node').stop();
    const directory = await openDataDirectory(lviv.dir);
    const realm = await readRealmFile(directory);
    const { settings } = await readSettings(directory, {});
    identity = await openIdentity(directory, realm, 'node');
    const { dialled: relays } = await findOwnRelay(directory, realm, settings);
    hostile = await createNodeOverlay({ identity, relays, clock: systemClock, log: silentLog, audit: () => {} });
    await hostile.start();
    while (!hostile.relay.connected) await pause(50);
  });
  after(async () => {
    await hostile?.stop();
    await branches?.stop();
  });

  const open = (protocol: string): Promise<Stream> =>
    hostile.open(branches.kyiv.realm, protocol, { signal: patience(), maxFrame: TOO_LONG + 1 });

  /** Says one thing on a stream of its own. @returns what is answered until the other side ends it, which it must in time */
  async function say(protocol: string, frame: Uint8Array): Promise<Uint8Array[]> {
    const stream = await open(protocol);
    const answers: Uint8Array[] = [];
    try {
      await stream.write(frame, patience());
      const signal = patience();
      for (let answer = await stream.read(signal); answer; answer = await stream.read(signal)) answers.push(answer);
    } catch (error) {
      assert.ok(!(error instanceof Error) || error.name !== 'TimeoutError', 'the stream is still open');
    }
    stream.abort(new Error('said'));
    return answers;
  }

  const hello = (change: Partial<Hello>): Uint8Array => {
    const { realm: origin } = identity;
    const chain = encodeChain(identity.chain);
    const { realm: destination } = branches.kyiv;
    return encodeDeliverFrame({
      kind: 'hello',
      versions: [1],
      origin,
      incarnation: 1,
      destination,
      chain,
      certificate: new Uint8Array(),
      ...change,
    });
  };

  test('fault 13: malformed frames of every protocol end their stream and nothing else', LIMIT, async (t) => {
    const node = branches.kyiv.program('node');
    const before = node.memory;
    for (const protocol of PROTOCOLS) {
      for (const [name, frame] of MALFORMED) {
        await say(protocol, frame).catch((error: unknown) => assert.fail(`${protocol}, ${name}: ${String(error)}`));
      }
      for (const frame of randomFrames(SEED, RANDOM_FRAMES)) await say(protocol, frame);
      assert.deepEqual(await say(protocol, new Uint8Array(TOO_LONG)), [], `${protocol} above its limit`);
    }
    assert.ok(node.isRunning);
    assert.deepEqual(node.events('unhandled rejection'), []);
    t.diagnostic(`the node grew by ${Math.round(node.memory - before)} MiB`);
    assert.ok(node.memory - before < GROWTH);
  });

  test('fault 13: what comes malformed after a good hello ends the stream too', LIMIT, async () => {
    const frames = [...MALFORMED.values(), ...randomFrames(SEED + 1, RANDOM_FRAMES)];
    for (const frame of frames) {
      const stream = await open(DELIVER_PROTOCOL);
      await stream.write(hello({}), patience());
      const welcome = await stream.read(patience());
      assert.equal(welcome && decodeDeliverFrame(welcome).kind, 'welcome');
      await stream.write(frame, patience());
      await assertEnds(stream);
    }
    assert.ok(branches.kyiv.program('node').isRunning);
  });

  test(
    'fault 10: a delivery in the name of another realm, or for another realm, is refused by name',
    LIMIT,
    async () => {
      const acme = parseRealmName('acme.ua');
      const refused = async (change: Partial<Hello>): Promise<string> => {
        const [answer] = await say(DELIVER_PROTOCOL, hello(change));
        const frame = answer && decodeDeliverFrame(answer);
        return frame?.kind === 'refusal' ? frame.code : String(frame?.kind);
      };
      assert.equal(await refused({ origin: acme }), 'origin-foreign');
      assert.equal(await refused({ origin: branches.kyiv.realm }), 'origin-foreign');
      assert.equal(await refused({ destination: acme }), 'destination-foreign');
      assert.equal(await refused({ versions: [7] }), 'version-unknown');
    },
  );

  test('a stream to a realm that is none, or past a relation, is refused', LIMIT, async () => {
    for (const realm of ['nowhere.acme.ua', 'other.ua', 'kyiv.other.ua', 'ua']) {
      await assert.rejects(hostile.open(parseRealmName(realm), DELIVER_PROTOCOL, { signal: patience() }), realm);
    }
  });

  test('the honest node comes back to its place, and messages go both ways', LIMIT, async () => {
    const { kyiv, lviv } = branches;
    await hostile.stop();
    await lviv.start('node');
    for (const [from, to] of [
      [kyiv, lviv],
      [lviv, kyiv],
    ] as const) {
      const arrived: MessageId[] = [];
      const end = to.client.on('message', ({ id, mine }) => void (mine || arrived.push(id)));
      const { id } = await from.client.send({ to: to.address, text: 'still here' });
      while (arrived.length === 0) await pause(50);
      end();
      assert.deepEqual(arrived, [id]);
    }
  });
});

async function assertEnds(stream: Stream): Promise<void> {
  const signal = patience();
  try {
    while (await stream.read(signal));
  } catch {
    // A reset: the usual end.
  }
  assert.ok(!signal.aborted, 'the stream is still open');
  stream.abort(new Error('said'));
}
