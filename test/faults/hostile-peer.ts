// Peers as no honest program is one: bare sockets, and libp2p hosts that speak the right encrypter up to Noise and then what
// they like.
import { connect } from 'node:net';
import { noise } from '@chainsafe/libp2p-noise';
import { yamux } from '@chainsafe/libp2p-yamux';
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys';
import { identify } from '@libp2p/identify';
import type { Connection, ConnectionEncrypter, MessageStream, SecuredConnection } from '@libp2p/interface';
import { tcp } from '@libp2p/tcp';
import { multiaddr } from '@multiformats/multiaddr';
import { createLibp2p, type Libp2p } from 'libp2p';
import { decodeAnswer, encodeHello, encodeVerdict } from '../../src/overlay/admission/codec.ts';
import type { NoiseComponents } from '../../src/overlay/admission/encrypter.ts';
import { handshakeFrames } from '../../src/overlay/wire.ts';
import type { Chain } from '../../src/pki/chain.ts';

/** So long a test waits for a connection to be closed; the answer is far shorter. */
const PATIENCE = 12_000;
const MAX_FRAME = 20_000;

export interface Heard {
  readonly text: string;
  /** Milliseconds until the other side closed. */
  readonly took: number;
}

/** What a bare socket hears, after each of these pieces, until it is closed. */
export function hear(port: number, ...pieces: readonly Uint8Array[]): Promise<Heard> {
  return new Promise((resolve, reject) => {
    const begun = performance.now();
    const socket = connect(port, '127.0.0.1', () => pieces.forEach((piece) => socket.write(piece)));
    let text = '';
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error('the connection is still open'));
    }, PATIENCE);
    socket.on('data', (data) => (text += data.toString('latin1')));
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(timer);
      resolve({ text, took: performance.now() - begun });
    });
  });
}

/** Runs behind Noise, before any muxer. */
export type Misbehave = (connection: MessageStream) => Promise<void>;

export interface HostileInit {
  /** A raw Ed25519 seed; undefined: a new key. */
  readonly seed?: Uint8Array;
  /** Undefined: an ordinary host of libp2p. */
  readonly misbehave?: Misbehave;
}

export async function startHostile({ seed, misbehave }: HostileInit = {}): Promise<Libp2p> {
  const privateKey = seed && (await generateKeyPairFromSeed('Ed25519', seed));
  return createLibp2p({
    ...(privateKey ? { privateKey } : {}),
    transports: [tcp()],
    streamMuxers: [yamux()],
    connectionEncrypters: [misbehave ? misbehaving(misbehave) : noise()],
    services: { identify: identify() },
  });
}

function misbehaving(misbehave: Misbehave) {
  return (components: NoiseComponents): ConnectionEncrypter => {
    const inner = noise()(components);
    return {
      protocol: '/canopy/noise/1',
      secureInbound: () => Promise.reject(new Error('dials only')),
      secureOutbound: async (connection, options): Promise<SecuredConnection> => {
        const secured = await inner.secureOutbound(connection, options);
        await misbehave(secured.connection);
        return secured;
      },
    };
  };
}

/** Shows the chain and goes on whatever the answer is. @returns the answer: `ok` or the code of the refusal */
export async function showChain(connection: MessageStream, chain: Chain): Promise<string> {
  const signal = AbortSignal.timeout(PATIENCE);
  const frames = handshakeFrames(connection, MAX_FRAME);
  await frames.write(encodeHello({ chain, instance: new Uint8Array(16) }), { signal });
  const answer = decodeAnswer((await frames.read({ signal })).subarray());
  if (answer.kind === 'ok') await frames.write(encodeVerdict({ kind: 'ok' }), { signal });
  frames.unwrap();
  return answer.kind === 'ok' ? 'ok' : answer.code;
}

/** Dials; resolves with milliseconds until the connection is over, however it ends. */
export async function untilCutOff(host: Libp2p, address: string): Promise<number> {
  const begun = performance.now();
  const signal = AbortSignal.timeout(PATIENCE);
  const connection = await host.dial(multiaddr(address), { signal }).catch(() => undefined);
  if (connection?.status === 'open') await closed(connection);
  return performance.now() - begun;
}

function closed(connection: Connection): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the connection is still open')), PATIENCE);
    connection.addEventListener('close', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
