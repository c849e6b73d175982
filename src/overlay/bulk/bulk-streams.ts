// Bulk streams of one program: they share its pool of unread bytes, and those of one connection share its pace.
import type { Connection, Stream as RawStream } from '@libp2p/interface';
import type { Clock } from '../../realm/clock.ts';
import { BulkStream, type BulkStreamInit } from './bulk-stream.ts';
import { Pace } from './pace.ts';
import { ReceivePool } from './receive-window.ts';

export class BulkStreams {
  readonly #clock: Clock;
  readonly #pool = new ReceivePool();
  readonly #paces = new WeakMap<Connection, Pace>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  over(raw: RawStream, connection: Connection, init: Pick<BulkStreamInit, 'peer' | 'path' | 'maxFrame'>): BulkStream {
    const pace = this.#paces.get(connection) ?? new Pace(this.#clock);
    this.#paces.set(connection, pace);
    return new BulkStream(raw, { ...init, pace, pool: this.#pool, clock: this.#clock });
  }
}
