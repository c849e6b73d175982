// Fault cases 13, 14 and 22 on the relays' own protocols: a certified relay of the enterprise says what is malformed, falls
// silent in the middle of a frame, or never reads. What goes on beside it goes on.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Connection, Stream as RawStream } from '@libp2p/interface';
import { multiaddr } from '@multiformats/multiaddr';
import { encodeHeader } from '../../src/overlay/forward/codec.ts';
import { FORWARD_PROTOCOL, HEADER_DEADLINE, MAX_HEADER } from '../../src/overlay/forward/index.ts';
import { PIPE_PROTOCOL } from '../../src/overlay/pipe/index.ts';
import type { Stream } from '../../src/overlay/seam.ts';
import { parseRealmName } from '../../src/realm/names.ts';
import { startBranches, type TestBranch } from '../overlay/branches.ts';
import { startHost, until } from '../overlay/hosts.ts';
import { Realms } from '../overlay/realms.ts';
import { MALFORMED, randomFrames } from './malformed-frames.ts';

const LIMIT = { timeout: 120_000 };
const SEED = 20_261_123;
const RANDOM_FRAMES = 40;
const ua = new Realms('ua');
const KYIV = parseRealmName('kyiv.acme.ua');
const LVIV = parseRealmName('lviv.acme.ua');
const ODESA = parseRealmName('odesa.acme.ua');
const ECHO = '/canopy/test/1';
const signal = (): AbortSignal => AbortSignal.timeout(20_000);

interface Scene {
  readonly kyiv: TestBranch;
  readonly lviv: TestBranch;
  /** From the relay of a third branch, which was taken over, to Kyiv's. */
  readonly hostile: Connection;
  readonly hostileId: string;
}

async function scene(t: TestContext): Promise<Scene> {
  const [kyiv, lviv] = await startBranches(t, ua, [KYIV, LVIV]);
  assert.ok(kyiv && lviv);
  lviv.node.handle(ECHO, { allow: 'family' }, async (stream) => {
    for (let frame = await stream.read(); frame; frame = await stream.read()) await stream.write(frame);
  });
  const { host } = await startHost(t, await ua.identity(ODESA, 'relay'), { listen: [] });
  const hostile = await host.libp2p.dial(multiaddr(kyiv.relay.address), { signal: signal() });
  await until(() => kyiv.node.relay.connected && lviv.node.relay.connected);
  return { kyiv, lviv, hostile, hostileId: host.libp2p.peerId.toString() };
}

async function goesOn({ kyiv }: Scene): Promise<void> {
  for (const streamClass of ['interactive', 'bulk'] as const) {
    const stream: Stream = await kyiv.node.open(LVIV, ECHO, { signal: signal(), class: streamClass });
    await stream.write(Uint8Array.of(1, 2, 3), signal());
    assert.deepEqual(await stream.read(signal()), Uint8Array.of(1, 2, 3));
    await stream.close();
  }
}

function framed(bytes: Uint8Array, length = bytes.length): Uint8Array {
  const whole = new Uint8Array(4 + bytes.length);
  new DataView(whole.buffer).setUint32(0, length);
  whole.set(bytes, 4);
  return whole;
}

/** Milliseconds until the relay has ended its side. */
async function untilEnded(stream: RawStream): Promise<number> {
  const begun = performance.now();
  stream.addEventListener('message', () => {});
  await until(() => stream.status !== 'open' || stream.remoteWriteStatus === 'closed', 15_000);
  stream.abort(new Error('said'));
  return performance.now() - begun;
}

test('malformed headers, and lengths that lie, end their stream and nothing else', LIMIT, async (t) => {
  const here = await scene(t);
  const said = [...MALFORMED.values(), ...randomFrames(SEED, RANDOM_FRAMES)].map((frame) => framed(frame));
  const lies = [framed(new Uint8Array(8), 0xffff_ffff), framed(new Uint8Array(8), MAX_HEADER + 1)];
  for (const bytes of [...said, ...lies]) {
    const stream = await here.hostile.newStream([FORWARD_PROTOCOL], { signal: signal(), maxOutboundStreams: 512 });
    stream.send(bytes);
    assert.ok((await untilEnded(stream)) < HEADER_DEADLINE);
  }
  assert.equal(here.hostile.status, 'open');
  assert.equal(here.kyiv.relay.forwarder.openStreams, 0);
  await goesOn(here);
});

test('a header that lies about its sender, its origin or its destination is refused', LIMIT, async (t) => {
  const here = await scene(t);
  const hop = { realm: ODESA, role: 'relay', pid: 1, peerId: here.hostileId } as const;
  const honest = { class: 'bulk', origin: ODESA, destination: KYIV, hops: [hop] } as const;
  const lies = [
    { ...honest, hops: [{ ...hop, realm: LVIV }] },
    { ...honest, origin: LVIV },
    { ...honest, destination: LVIV },
    { ...honest, hops: [{ ...hop, role: 'node' as const }] },
  ];
  for (const lie of lies) {
    const stream = await here.hostile.newStream([FORWARD_PROTOCOL], { signal: signal() });
    stream.send(framed(encodeHeader(lie)));
    await untilEnded(stream);
  }
  assert.deepEqual([here.kyiv.relay.forwarder.openStreams, here.kyiv.relay.pipes.open], [0, 0]);
  await goesOn(here);
});

test('a header of which a byte comes now and then is given up after its deadline', LIMIT, async (t) => {
  const here = await scene(t);
  const stream = await here.hostile.newStream([FORWARD_PROTOCOL], { signal: signal() });
  stream.send(Uint8Array.of(0));
  assert.ok((await untilEnded(stream)) < HEADER_DEADLINE + 4_000);
  await until(() => here.kyiv.relay.forwarder.openStreams === 0);
  await goesOn(here);
});

test('a sister relay gets no tickets, a dial that it names is not made', LIMIT, async (t) => {
  const here = await scene(t);
  const stream = await here.hostile.newStream([PIPE_PROTOCOL], { signal: signal() }).catch(() => undefined);
  if (stream) await untilEnded(stream);
  const hop = { realm: ODESA, role: 'relay', pid: 1, peerId: here.hostileId } as const;
  const forward = await here.hostile.newStream([FORWARD_PROTOCOL], { signal: signal() });
  const pipe = { kind: 'dial', ticket: new Uint8Array(32), at: here.lviv.relay.host.libp2p.peerId.toString() } as const;
  forward.send(framed(encodeHeader({ class: 'bulk', origin: ODESA, destination: KYIV, hops: [hop], pipe })));
  await goesOn(here);
  assert.equal(here.kyiv.relay.pipes.open, 1);
  forward.abort(new Error('said'));
});
