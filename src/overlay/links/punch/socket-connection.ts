// A connected socket as libp2p's upgrader takes it. @libp2p/tcp has the same inside and doesn't export it.
import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { AbortOptions, Logger, MultiaddrConnection } from '@libp2p/interface';
import { AbstractMultiaddrConnection, type SendResult } from '@libp2p/utils';
import type { Multiaddr } from '@multiformats/multiaddr';
import type { Uint8ArrayList } from 'uint8arraylist';

/** The liveness stream speaks each 3 s: a socket that is silent for so long is dead. */
const INACTIVITY = 60_000;

export interface SocketConnectionInit {
  readonly socket: Socket;
  /** Ends in `/p2p/<peer id>`, so that the upgrader takes nobody else. */
  readonly remoteAddr: Multiaddr;
  readonly direction: 'inbound' | 'outbound';
  readonly log: Logger;
}

class SocketConnection extends AbstractMultiaddrConnection {
  readonly #socket: Socket;

  constructor({ socket, remoteAddr, direction, log }: SocketConnectionInit) {
    super({ remoteAddr, direction, log });
    this.#socket = socket;
    socket.setTimeout(INACTIVITY);
    socket.on('data', (data) => this.onData(data));
    socket.on('error', (error) => this.abort(error));
    socket.on('drain', () => this.safeDispatchEvent('drain'));
    socket.once('timeout', () => this.abort(new Error('the socket was silent for too long')));
    socket.once('end', () => this.onTransportClosed());
    socket.once('close', () => this.onTransportClosed());
  }

  sendData(data: Uint8ArrayList): SendResult {
    let sentBytes = 0;
    for (const bytes of data) {
      sentBytes += bytes.byteLength;
      if (!this.#socket.write(bytes)) return { sentBytes, canSendMore: false };
    }
    return { sentBytes, canSendMore: true };
  }

  async sendClose(options?: AbortOptions): Promise<void> {
    if (this.#socket.destroyed) return;
    this.#socket.destroySoon();
    await once(this.#socket, 'close', options?.signal ? { signal: options.signal } : {});
  }

  sendReset(): void {
    if (this.#socket.writableEnded) this.#socket.destroy();
    else this.#socket.resetAndDestroy();
  }

  sendPause(): void {
    this.#socket.pause();
  }

  sendResume(): void {
    this.#socket.resume();
  }
}

export function socketConnection(init: SocketConnectionInit): MultiaddrConnection {
  return new SocketConnection(init);
}
