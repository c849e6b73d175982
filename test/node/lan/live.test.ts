// The live socket against clients that break its rules (fault cases 13, 14 and 27).
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { encode } from 'cborg';
import { WebSocket } from 'ws';
import { nodePlatform } from '../../../cli/chat/node-platform.ts';
import { createClient, type Me } from '../../../src/client/client.ts';
import { CLOSE } from '../../../src/protocols/lan/close-codes.ts';
import {
  type ClientFrame,
  decodeServerFrame,
  encodeClientFrame,
  type ServerFrame,
} from '../../../src/protocols/lan/frames.ts';
import { MAX_FRAME } from '../../../src/protocols/lan/limits.ts';
import { directConversationId, parseMessageId } from '../../../src/realm/ids.ts';
import { until } from '../../faults/until.ts';
import { type Branch, openBranch } from './branch-fixture.ts';

const TIMEOUT = { timeout: 30_000 };
const HELLO: ClientFrame = { kind: 'hello', versions: [1], capabilities: [] };

async function loggedIn(t: TestContext, branch: Branch, login: string): Promise<Me> {
  await branch.addUser(login, login, `first-${login}`);
  const platform = nodePlatform();
  t.after(() => platform.close());
  const client = createClient({ server: branch.server.url, ...platform });
  return client.login(login, `first-${login}`, { newPassword: `second-${login}` });
}

/** A socket that does what it is told, and what came to it. */
class Peer {
  readonly socket: WebSocket;
  readonly frames: ServerFrame[] = [];

  constructor(branch: Branch, me: Me, protocol = 'canopy.v1') {
    const platform = nodePlatform();
    const url = branch.server.url.replace('http', 'ws');
    const socket = platform.openSocket(`${url}/api/v1/live`, protocol, { authorization: `Bearer ${me.token}` });
    assert.ok(socket instanceof WebSocket);
    this.socket = socket;
    socket.on('message', (data: Buffer) => this.frames.push(decodeServerFrame(new Uint8Array(data))));
    socket.on('error', () => {});
  }

  send(frame: ClientFrame): void {
    this.socket.send(encodeClientFrame(frame));
  }

  async until(kind: ServerFrame['kind']): Promise<void> {
    while (!this.frames.some((frame) => frame.kind === kind)) await once(this.socket, 'message');
  }

  async closed(): Promise<number> {
    const [code] = await once(this.socket, 'close');
    return Number(code);
  }
}

async function branchWithClerk(t: TestContext) {
  const branch = await openBranch(t);
  return { branch, me: await loggedIn(t, branch, 'clerk') };
}

async function opened(t: TestContext, branch: Branch, me: Me): Promise<Peer> {
  const peer = new Peer(branch, me);
  t.after(() => peer.socket.terminate());
  await once(peer.socket, 'open');
  return peer;
}

test('hello is answered with the version, the user and a heartbeat, then the backlog ends', TIMEOUT, async (t) => {
  const { branch, me } = await branchWithClerk(t);
  const peer = await opened(t, branch, me);
  peer.send(HELLO);
  await peer.until('live');
  const [hello] = peer.frames;
  assert.ok(hello?.kind === 'hello');
  assert.deepEqual([hello.version, hello.user.address, hello.reset], [1, 'clerk@kyiv.acme.ua', false]);
  assert.equal(peer.socket.extensions, '');
});

test('what is no frame ends the socket and nothing else', TIMEOUT, async (t) => {
  const { branch, me } = await branchWithClerk(t);
  const other = await opened(t, branch, me);
  other.send(HELLO);
  await other.until('live');
  const malformed: [string, Uint8Array | string, number][] = [
    ['text', 'hello', CLOSE.malformed],
    ['nothing', new Uint8Array(0), CLOSE.malformed],
    ['a length of 4 GiB', Uint8Array.of(0x9a, 0xff, 0xff, 0xff, 0xff), CLOSE.malformed],
    ['a string of 4 GiB', Uint8Array.of(0x7a, 0xff, 0xff, 0xff, 0xff, 0x61), CLOSE.malformed],
    ['deep nesting', new Uint8Array(20_000).fill(0x81), CLOSE.malformed],
    ['bad UTF-8', Uint8Array.of(0xa1, 0x64, 0x6b, 0x69, 0x6e, 0x64, 0x62, 0xc3, 0x28), CLOSE.malformed],
    ['a prototype', encode(new Map<string, unknown>([['__proto__', { kind: 'ping' }]])), CLOSE.malformed],
    ['an unknown kind', encode({ kind: 'constructor' }), CLOSE.malformed],
    ['a frame before hello', encodeClientFrame({ kind: 'ping' }), CLOSE.malformed],
    ['a frame above the limit', new Uint8Array(MAX_FRAME + 1), CLOSE.tooBig],
  ];
  for (const [name, bytes, code] of malformed) {
    const peer = await opened(t, branch, me);
    peer.socket.send(bytes);
    assert.equal(await peer.closed(), code, name);
  }
  other.send({ kind: 'ping' });
  await other.until('pong');
});

test('what devices can’t open is counted while they are there', TIMEOUT, async (t) => {
  const { branch, me } = await branchWithClerk(t);
  const gauges = () => branch.server.gauges();
  assert.deepEqual(gauges(), { devices: 0, unreadableMessages: 0 });
  const [phone, desk] = [await opened(t, branch, me), await opened(t, branch, me)];
  for (const [peer, unreadable] of [
    [phone, 2],
    [desk, 3],
  ] as const) {
    peer.send(HELLO);
    await peer.until('live');
    peer.send({ kind: 'ping', unreadable });
    await peer.until('pong');
  }
  assert.deepEqual(gauges(), { devices: 2, unreadableMessages: 5 });
  phone.send({ kind: 'ping' });
  await until('it can open all', async () => gauges()['unreadableMessages'] === 3, 5_000);
  phone.socket.close();
  await phone.closed();
  const liar = await opened(t, branch, me);
  liar.send(HELLO);
  await liar.until('live');
  liar.socket.send(encode({ kind: 'ping', unreadable: 1e9 }));
  assert.equal(await liar.closed(), CLOSE.malformed);
  desk.socket.close();
  await desk.closed();
  await until('all are gone', async () => gauges()['devices'] === 0, 5_000);
});

test('a version or a subprotocol that nobody knows is refused', TIMEOUT, async (t) => {
  const { branch, me } = await branchWithClerk(t);
  const future = await opened(t, branch, me);
  future.send({ kind: 'hello', versions: [7], capabilities: [] });
  assert.equal(await future.closed(), CLOSE.noVersion);
  const [error] = await once(new Peer(branch, me, 'canopy.v9').socket, 'error');
  assert.match(String(error), /403/);
});

test('nobody gets a socket without a session, and losing the session closes it', TIMEOUT, async (t) => {
  const { branch, me } = await branchWithClerk(t);
  const [error] = await once(new Peer(branch, { ...me, token: 'A'.repeat(43) }).socket, 'error');
  assert.match(String(error), /401/);
  const peer = await opened(t, branch, me);
  peer.send(HELLO);
  await peer.until('live');
  const closed = peer.closed();
  await branch.accounts.sessions.endAll(me.user.id, 'revoked');
  assert.equal(await closed, CLOSE.sessionEnded);
});

test('a message into a conversation of others, or to nobody, is refused by name', TIMEOUT, async (t) => {
  const { branch, me } = await branchWithClerk(t);
  const engineer = await loggedIn(t, branch, 'engineer');
  const boss = await loggedIn(t, branch, 'boss');
  const peer = await opened(t, branch, me);
  peer.send(HELLO);
  await peer.until('live');
  const foreign = directConversationId(engineer.user.id, boss.user.id);
  const id = parseMessageId('3f0c8b8e-4a53-4d38-9a44-0f6a5a1c9d10');
  peer.send({
    kind: 'submit',
    id,
    conversation: foreign,
    recipients: [engineer.user.id],
    expires: 0,
    body: new Uint8Array(3),
  });
  await peer.until('error');
  const refusal = peer.frames.find((frame) => frame.kind === 'error');
  assert.ok(refusal?.kind === 'error');
  assert.deepEqual([refusal.code, refusal.ref], ['conversation-unknown', id]);
  peer.frames.length = 0;
  peer.send({ kind: 'read', conversation: foreign, id });
  await peer.until('error');
});

test('a cursor of another incarnation is told to be worth nothing', TIMEOUT, async (t) => {
  const { branch, me } = await branchWithClerk(t);
  const peer = await opened(t, branch, me);
  peer.send({ ...HELLO, cursor: { incarnation: 99, n: 12 } });
  await peer.until('live');
  const [hello] = peer.frames;
  assert.ok(hello?.kind === 'hello' && hello.reset);
});

test('a reader that does not read costs the others nothing', TIMEOUT, async (t) => {
  const { branch, me } = await branchWithClerk(t);
  const engineer = await loggedIn(t, branch, 'engineer');
  const slow = await opened(t, branch, engineer);
  slow.send(HELLO);
  await slow.until('live');
  slow.socket.pause();
  const clerk = await opened(t, branch, me);
  clerk.send(HELLO);
  await clerk.until('live');
  const conversation = directConversationId(me.user.id, engineer.user.id);
  const count = 300;
  for (let i = 0; i < count; i++) {
    const id = parseMessageId(`00000000-0000-4000-8000-${String(i).padStart(12, '0')}`);
    const body = new Uint8Array(60_000);
    clerk.send({ kind: 'submit', id, conversation, recipients: [engineer.user.id], expires: 0, body });
  }
  const stored = () => clerk.frames.filter((frame) => frame.kind === 'stored').length;
  while (stored() < count) await once(clerk.socket, 'message');
  slow.socket.resume();
  const arrived = () => slow.frames.flatMap((frame) => (frame.kind === 'event' ? [frame.message.id] : []));
  while (arrived().length < count) await once(slow.socket, 'message');
  assert.equal(new Set(arrived()).size, count);
});
