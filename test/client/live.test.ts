// The live connection with a clock and a socket that the test drives: pauses, heartbeat, black holes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LiveConnection } from '../../src/client/live.ts';
import type { LiveSocket } from '../../src/client/platform.ts';
import { CLOSE } from '../../src/protocols/lan/close-codes.ts';
import {
  type ClientFrame,
  decodeClientFrame,
  encodeServerFrame,
  type ServerFrame,
} from '../../src/protocols/lan/frames.ts';
import type { Clock } from '../../src/realm/clock.ts';
import { parseDeviceId, parseUserId } from '../../src/realm/ids.ts';
import { parseRealmName } from '../../src/realm/names.ts';

const ID = '7a1f9d0e-6a55-4f2e-8a0b-51c3b2a49d10';
const HELLO: ServerFrame = {
  kind: 'hello',
  version: 1,
  capabilities: [],
  realm: parseRealmName('kyiv.acme.ua'),
  user: { id: parseUserId(ID), address: 'clerk@kyiv.acme.ua', name: 'Clerk', kind: 'person' },
  device: parseDeviceId(ID),
  time: 0,
  heartbeat: 1000,
  reset: false,
};

class HandClock implements Clock {
  #now = 0;
  #timers: { at: number; callback: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  after(delay: number, callback: () => void) {
    const timer = { at: this.#now + delay, callback };
    this.#timers.push(timer);
    return { cancel: () => void (this.#timers = this.#timers.filter((other) => other !== timer)) };
  }

  /** To the next timer. */
  async step(): Promise<void> {
    const next = this.#timers.sort((a, b) => a.at - b.at).shift();
    if (!next) assert.fail('no timer runs');
    this.#now = next.at;
    next.callback();
    await settled();
  }

  get running(): number {
    return this.#timers.length;
  }
}

/** Long enough for every promise that waits for nothing outside. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

class FakeSocket implements LiveSocket {
  binaryType = '';
  readonly bufferedAmount = 0;
  readonly sent: string[] = [];
  readonly frames: ClientFrame[] = [];
  isClosed = false;
  readonly #listeners = new Map<string, ((event: never) => void)[]>();

  addEventListener(type: string, listener: (event: never) => void): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }

  send(data: Uint8Array): void {
    const frame = decodeClientFrame(data);
    this.frames.push(frame);
    this.sent.push(frame.kind);
  }

  close(): void {
    this.isClosed = true;
  }

  async happen(type: string, event: object = {}): Promise<void> {
    for (const listener of this.#listeners.get(type) ?? []) listener(event as never);
    await settled();
  }

  receive(frame: ServerFrame): Promise<void> {
    return this.happen('message', { data: new Uint8Array(encodeServerFrame(frame)).buffer });
  }
}

function connection(whyOver?: string, unreadable = 0) {
  const clock = new HandClock();
  const sockets: FakeSocket[] = [];
  const pauses: number[] = [];
  const finals: string[] = [];
  const live = new LiveConnection(
    {
      server: 'http://kyiv.localhost:1',
      clock,
      random: () => 1,
      openSocket: () => {
        const socket = new FakeSocket();
        sockets.push(socket);
        return socket;
      },
    },
    {
      hello: async () => ({ kind: 'hello', versions: [1], capabilities: [] }),
      headers: () => ({}),
      onFrame: () => {},
      unreadable: () => unreadable,
      onState: (_state, _code, retryIn) => void (retryIn !== undefined && pauses.push(retryIn)),
      onFinal: (code) => void finals.push(code),
      whyOver: async () => whyOver,
    },
  );
  const last = () => sockets.at(-1) ?? assert.fail();
  return { clock, sockets, pauses, finals, live, last };
}

test('pauses between tries double up to a limit, and begin anew after a connection', async () => {
  const { clock, pauses, live, last } = connection();
  live.start();
  for (let i = 0; i < 9; i++) {
    await last().happen('close', { code: 1006 });
    await clock.step();
  }
  assert.deepEqual(pauses, [250, 500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000]);
  await last().happen('open');
  await last().receive(HELLO);
  await last().receive({ kind: 'live' });
  live.caughtUp();
  assert.equal(live.state, 'live');
  await last().happen('close', { code: CLOSE.stopping });
  assert.equal(pauses.at(-1), 250);
  live.stop();
  assert.equal(clock.running, 0);
});

test('each ping says how many messages wait for a key, where there are any', async () => {
  for (const [unreadable, ping] of [
    [0, { kind: 'ping' }],
    [3, { kind: 'ping', unreadable: 3 }],
  ] as const) {
    const { clock, live, last } = connection(undefined, unreadable);
    live.start();
    await last().happen('open');
    await last().receive(HELLO);
    await clock.step();
    assert.deepEqual(last().frames.at(-1), ping);
  }
});

test('a silent socket is pinged, then given up and opened anew', async () => {
  const { clock, sockets, live, last } = connection();
  live.start();
  await last().happen('open');
  await last().receive(HELLO);
  await clock.step();
  await clock.step();
  assert.deepEqual(last().sent, ['hello', 'ping', 'ping']);
  await clock.step();
  assert.equal(live.state, 'waiting');
  assert.equal(sockets[0]?.isClosed, true);
  await clock.step();
  assert.equal(sockets.length, 2);
  live.stop();
});

test('a socket that never opens is given up too', async () => {
  const { clock, live } = connection();
  live.start();
  await clock.step();
  assert.equal(live.state, 'waiting');
  live.stop();
});

test('the end of the session is the end of trying', async () => {
  const codes = new Map<number, string>([
    [CLOSE.sessionEnded, 'session-ended'],
    [CLOSE.noVersion, 'session-ended'],
    [CLOSE.branchLocked, 'branch-locked'],
  ]);
  for (const [code, why] of codes) {
    const { clock, finals, live, last } = connection();
    live.start();
    await last().happen('open');
    await last().receive(HELLO);
    await last().happen('close', { code });
    assert.deepEqual([live.state, finals, clock.running], ['offline', [why], 0]);
  }
  const refused = connection('branch-locked');
  refused.live.start();
  await refused.last().happen('close', { code: 1006 });
  await refused.clock.step();
  assert.deepEqual([refused.live.state, refused.finals], ['offline', ['branch-locked']]);
});

test('a frame that fits no form ends the socket, not the client', async () => {
  const { live, last } = connection();
  live.start();
  await last().happen('open');
  await last().happen('message', { data: Uint8Array.of(0xff).buffer });
  assert.equal(live.state, 'waiting');
  live.stop();
});
