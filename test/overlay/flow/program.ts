// One relay or one node as a process of its own, for tests and benchmarks of what flows between them: told what to do by
// messages of its parent (orders.ts), ends with it.
import { createHash } from 'node:crypto';
import { createRelay } from '../../../relay/create-relay.ts';
import { createNodeOverlay, type NodeOverlay } from '../../../src/overlay/node-overlay.ts';
import type { Stream } from '../../../src/overlay/seam.ts';
import { systemClock } from '../../../src/realm/clock.ts';
import { messageOf } from '../../../src/realm/errors.ts';
import { silentLog } from '../../../src/realm/log.ts';
import { parseRealmName } from '../../../src/realm/names.ts';
import { BULK, ECHO, type NodeOrder, type Order, type ProgramInit, STUCK } from './orders.ts';
import { sendBulk, sendTexts } from './traffic.ts';

const PATIENCE = 600_000;
const loopback = { host: '127.0.0.1', port: 0 };

async function startRelay(init: Extract<ProgramInit, { role: 'relay' }>): Promise<string[]> {
  const relay = await createRelay({
    identity: init.identity,
    settings: { listen: [loopback], announce: [], stun: [loopback], punch: [], ...init.settings },
    ancestors: init.ancestors,
    clock: systemClock,
    log: silentLog,
    audit: () => {},
  });
  await relay.start();
  return relay.addresses;
}

async function startNode(init: Extract<ProgramInit, { role: 'node' }>): Promise<NodeOverlay> {
  const { identity, relays } = init;
  const node = await createNodeOverlay({ identity, relays, clock: systemClock, log: silentLog, audit: () => {} });
  node.handle(ECHO, { allow: 'family', maxStreams: 1_024 }, async (stream) => {
    for (let frame = await stream.read(); frame; frame = await stream.read()) await stream.write(frame);
  });
  node.handle(BULK, { allow: 'family', maxStreams: 1_024 }, swallow);
  node.handle(STUCK, { allow: 'family', maxStreams: 1_024 }, async (stream) => {
    await stream.read();
    await new Promise((resolve) => setTimeout(resolve, PATIENCE));
  });
  await node.start();
  return node;
}

/** Reads to the end and answers with the number of bytes and their hash. */
async function swallow(stream: Stream): Promise<void> {
  const hash = createHash('sha256');
  let bytes = 0;
  for (let frame = await stream.read(); frame; frame = await stream.read()) {
    hash.update(frame);
    bytes += frame.length;
  }
  await stream.write(new TextEncoder().encode(JSON.stringify({ bytes, hash: hash.digest('hex') })));
}

async function obey(node: NodeOverlay, order: NodeOrder): Promise<unknown> {
  const signal = AbortSignal.timeout(order.patience ?? PATIENCE);
  const to = parseRealmName(order.to);
  if (order.kind === 'ping') return node.ping(to, signal);
  if (order.kind === 'texts') return sendTexts(node, to, order, signal);
  return sendBulk(node, to, order, signal);
}

async function begin(init: ProgramInit): Promise<void> {
  if (init.role === 'relay') return answer(0, await startRelay(init));
  const node = await startNode(init);
  process.on('message', (message: Order) => {
    if (!('order' in message)) return;
    obey(node, message.order).then(
      (value) => answer(message.number, value),
      (error) => answer(message.number, undefined, messageOf(error)),
    );
  });
  while (!node.relay.connected) await new Promise((resolve) => setTimeout(resolve, 20));
  answer(0, node.peerId);
}

function answer(number: number, value: unknown, error?: string): void {
  process.send?.({ number, value, error });
}

process.once('message', (message: Order) => {
  if ('init' in message) begin(message.init).catch((error) => answer(0, undefined, messageOf(error)));
});
process.on('disconnect', () => process.exit());
