// Tickets that were given away and not yet used. Whoever dials with one is handed to whoever gave it.
import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Clock } from '../../realm/clock.ts';
import { RefusedError, UnreachableError } from '../../realm/errors.ts';
import { MAX_TICKETS, MAX_TICKETS_OF_PEER, PIPE_FAILED, TICKET_BYTES, TICKET_TTL, type Ticket } from './index.ts';

export interface IssuedTicket {
  readonly ticket: Ticket;
  /** Rejects when nobody comes in time. */
  readonly arrival: Promise<Socket>;
  /** Nobody is to come any more; a socket that has come is closed. */
  cancel(): void;
}

interface Waiting {
  readonly peerId: string;
  take(socket: Socket): void;
}

export class Tickets {
  readonly #clock: Pick<Clock, 'after'>;
  readonly #waiting = new Map<string, Waiting>();

  constructor(clock: Pick<Clock, 'after'>) {
    this.#clock = clock;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** @param peerId who is given it @throws RefusedError `quota` */
  issue(peerId: string): IssuedTicket {
    this.#checkQuota(peerId);
    const ticket = new Uint8Array(randomBytes(TICKET_BYTES));
    const key = keyOf(ticket);
    const { promise: arrival, resolve, reject } = Promise.withResolvers<Socket>();
    // Whoever waits for it may have gone by then.
    arrival.catch(() => {});
    const late = (): void => reject(new UnreachableError(PIPE_FAILED, 'nobody came with the ticket in time'));
    const timer = this.#clock.after(TICKET_TTL, () => {
      this.#waiting.delete(key);
      late();
    });
    const done = (): void => {
      timer.cancel();
      this.#waiting.delete(key);
    };
    const take = (socket: Socket): void => {
      done();
      resolve(socket);
    };
    this.#waiting.set(key, { peerId, take });
    const cancel = (): void => {
      done();
      late();
      arrival.then((socket) => socket.destroy()).catch(() => {});
    };
    return { ticket, arrival, cancel };
  }

  /** Whether the socket had a good ticket; then it belongs to whoever gave it. */
  redeem(ticket: Ticket, socket: Socket): boolean {
    const waiting = this.#waiting.get(keyOf(ticket));
    waiting?.take(socket);
    return waiting !== undefined;
  }

  #checkQuota(peerId: string): void {
    let ofPeer = 0;
    for (const waiting of this.#waiting.values()) if (waiting.peerId === peerId) ofPeer += 1;
    if (this.#waiting.size < MAX_TICKETS && ofPeer < MAX_TICKETS_OF_PEER) return;
    throw new RefusedError(
      'quota',
      `${peerId} has ${ofPeer} tickets that were not used, all together ${this.#waiting.size}`,
    );
  }
}

function keyOf(ticket: Ticket): string {
  return Buffer.from(ticket.buffer, ticket.byteOffset, ticket.byteLength).toString('base64');
}
