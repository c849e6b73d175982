// A line that carries so many Mbit/s each way: whatever is connected through it shares one queue for each direction, first
// in, first out, as at a router with a large buffer.
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

const TICK = 2;
/** Bytes in the queue above which nothing more is read: 100 ms at 20 Mbit/s. */
const QUEUE = 256 * 1024;

interface Waiting {
  readonly from: Socket;
  readonly to: Socket;
  readonly bytes: Buffer;
}

class Direction {
  readonly #rate: number;
  readonly #queue: Waiting[] = [];
  readonly #paused = new Set<Socket>();
  #queued = 0;
  #allowance = 0;
  #last = performance.now();
  isStill = false;

  constructor(bytesPerMs: number) {
    this.#rate = bytesPerMs;
  }

  add(from: Socket, to: Socket, bytes: Buffer): void {
    this.#queue.push({ from, to, bytes });
    this.#queued += bytes.length;
    if (this.#queued < QUEUE) return;
    from.pause();
    this.#paused.add(from);
  }

  tick(): void {
    const now = performance.now();
    this.#allowance = this.isStill ? 0 : Math.min(this.#rate * 50, this.#allowance + (now - this.#last) * this.#rate);
    this.#last = now;
    for (let next = this.#queue[0]; next && next.bytes.length <= this.#allowance; next = this.#queue[0]) {
      this.#queue.shift();
      this.#allowance -= next.bytes.length;
      this.#queued -= next.bytes.length;
      if (!next.to.destroyed) next.to.write(next.bytes);
    }
    if (this.#queued >= QUEUE) return;
    for (const socket of this.#paused) socket.resume();
    this.#paused.clear();
  }
}

/** Pieces that leave by themselves: a whole read at once would be a burst. */
const PIECE = 1_400;

export class SlowLine {
  readonly #server: Server;
  readonly #directions: readonly [Direction, Direction];
  readonly #sockets = new Set<Socket>();
  readonly #timer: NodeJS.Timeout;

  private constructor(target: number, mbit: number) {
    this.#directions = [new Direction((mbit * 1_000) / 8), new Direction((mbit * 1_000) / 8)];
    this.#server = createServer((socket) => this.#carry(socket, connect(target, '127.0.0.1')));
    this.#timer = setInterval(() => this.#directions.forEach((direction) => direction.tick()), TICK);
  }

  /** To a port of this host. */
  static async open(target: number, mbit: number): Promise<SlowLine> {
    const line = new SlowLine(target, mbit);
    line.#server.listen(0, '127.0.0.1');
    await once(line.#server, 'listening');
    return line;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address ? address.port : 0;
  }

  /** Carries nothing for a while, without a word to anybody. */
  async standStill(after: number, milliseconds: number): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, after));
    for (const direction of this.#directions) direction.isStill = true;
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    for (const direction of this.#directions) direction.isStill = false;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #carry(near: Socket, far: Socket): void {
    const [up, down] = this.#directions;
    for (const [from, to, direction] of [
      [near, far, up],
      [far, near, down],
    ] as const) {
      this.#sockets.add(from);
      from.setNoDelay(true);
      from.on('error', () => {});
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
      from.on('data', (data) => {
        for (let at = 0; at < data.length; at += PIECE) direction.add(from, to, data.subarray(at, at + PIECE));
      });
    }
  }
}
