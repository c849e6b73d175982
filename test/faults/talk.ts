// Two people who write to each other without a pause while something happens to the network between them.
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '../../src/client/client.ts';
import type { MessageId } from '../../src/realm/ids.ts';

const EACH = 250;

/** A message each 250 ms until it is told to stop; arrivals with their times. */
export class Talk {
  readonly sent: MessageId[] = [];
  readonly came = new Map<MessageId, number>();
  #talking = true;
  readonly #ended: Promise<void>;

  constructor(from: Client, to: Client, address: string) {
    to.on('message', ({ id }) => {
      assert.ok(!this.came.has(id), 'a message came twice');
      this.came.set(id, performance.now());
    });
    this.#ended = this.#talk(from, address);
  }

  async end(): Promise<void> {
    this.#talking = false;
    await this.#ended;
  }

  /** The longest time without an arrival, milliseconds. */
  get gap(): number {
    const times = [...this.came.values()].toSorted((a, b) => a - b);
    return Math.max(...times.slice(1).map((time, index) => time - (times[index] ?? 0)));
  }

  async #talk(from: Client, to: string): Promise<void> {
    while (this.#talking) {
      const { id } = await from.send({ to, text: `number ${this.sent.length}` });
      this.sent.push(id);
      await pause(EACH);
    }
  }
}
