// The middle of a slow line (slow-line.ts): takes what comes out of one end's tunnel and hands it to the other's, late, in
// order, or not at all. Arguments: the address to listen on, the one to send to, the two ports, the quality as JSON; further
// lines of JSON on stdin change the quality.
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { LineQuality } from './slow-line.ts';

/** Milliseconds of traffic that wait before a thin line; more is dropped, as at a real one. */
const QUEUE = 300;

const [here = '', there = '', portA = '', portB = '', first = '{}'] = process.argv.slice(2);
let quality: LineQuality = JSON.parse(first);

/** One direction. Packets leave in the order in which they came. */
class Direction {
  readonly #to: Socket;
  readonly #port: number;
  readonly #waiting: { readonly packet: Buffer; readonly due: number }[] = [];
  #free = 0;
  #lastDue = 0;
  #isArmed = false;

  constructor(to: Socket, port: number) {
    this.#to = to;
    this.#port = port;
  }

  take(packet: Buffer): void {
    const { delay, jitter = 0, loss = 0, rate = Number.POSITIVE_INFINITY } = quality;
    const now = performance.now();
    if (Math.random() < loss || this.#free - now > QUEUE) return;
    this.#free = Math.max(this.#free, now) + (packet.length / rate) * 1000;
    this.#lastDue = Math.max(this.#lastDue, this.#free + delay + Math.random() * jitter);
    this.#waiting.push({ packet, due: this.#lastDue });
    if (!this.#isArmed) this.#arm(this.#lastDue - now);
  }

  #flush(): void {
    this.#isArmed = false;
    const now = performance.now();
    for (let next = this.#waiting[0]; next && next.due <= now; next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#to.send(next.packet, this.#port, there);
    }
    const next = this.#waiting[0];
    if (next) this.#arm(next.due - now);
  }

  #arm(wait: number): void {
    this.#isArmed = true;
    setTimeout(() => this.#flush(), wait);
  }
}

const ends = [createSocket('udp4'), createSocket('udp4')] as const;
const forth = new Direction(ends[1], Number(portB));
const back = new Direction(ends[0], Number(portA));
ends[0].on('message', (packet) => forth.take(packet)).bind(Number(portA), here);
ends[1].on('message', (packet) => back.take(packet)).bind(Number(portB), here);
await Promise.all(ends.map((end) => once(end, 'listening')));
console.log('up');
for await (const line of createInterface({ input: process.stdin })) quality = JSON.parse(line);
process.exit();
