// Nodes killed while messages are sent, and a branch that is away for a while: real programs over loopback, killed and started again.
import assert from 'node:assert/strict';
import { randomInt, randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { MessageState } from '../../src/client/client.ts';
import { type MessageId, parseMessageId } from '../../src/realm/ids.ts';
import { arrivals } from './arrival-log.ts';
import { type Branch, startTwoBranches, type TwoBranches } from './two-branches.ts';

export interface Ordeal {
  readonly messages: number;
  /** Numbers of messages seen stored at which a node is killed: a random one of each span. */
  readonly kills: readonly { readonly victim: 'kyiv' | 'lviv'; readonly from: number; readonly to: number }[];
  /** Milliseconds for which a branch is stopped. */
  readonly away: number;
}

/** Messages on their way to be stored at a time. */
const WINDOW = 100;
const LIMIT = { timeout: 300_000 };

/** Registers the tests. */
export function describeKilled({ messages, kills: spans, away }: Ordeal): void {
  describe('fault case 17', LIMIT, () => {
    let branches: TwoBranches;
    let states: States;
    const signal = AbortSignal.timeout(LIMIT.timeout);

    before(async () => {
      branches = await startTwoBranches(signal);
      states = new States(branches.kyiv, signal);
    });
    after(() => branches.stop());

    test(
      `fault 17: nodes killed while ${messages} messages are sent lose nothing that was stored, and double nothing`,
      LIMIT,
      async (t) => {
        const { kyiv, lviv } = branches;
        const ids = newIds(messages);
        const kills = spans.map(({ victim, from, to }) => ({ victim, at: randomInt(from, to) }));
        let next = kills[0];
        const killing = (async () => {
          for (const [index, { victim, at }] of kills.entries()) {
            await states.until(() => states.count(ids, 'stored') >= at, `${at} stored`);
            t.diagnostic(`${victim} killed after ${states.count(ids, 'stored')} were stored`);
            next = kills[index + 1];
            await branches[victim].crash('node');
          }
        })();
        for (const [sent, id] of ids.entries()) {
          // So that every kill falls into the middle of the sending.
          const limit = (): number => Math.min(states.count(ids, 'stored'), next?.at ?? messages) + WINDOW;
          await states.until(() => sent < limit(), 'room to send');
          await kyiv.client.send({ id, to: lviv.address, text: `number ${id}` });
        }
        await killing;
        await states.until(() => states.count(ids, 'delivered') === messages, 'all delivered');
        assert.deepEqual((await arrivals(lviv.url, lviv.client)).toSorted(), ids.toSorted());
      },
    );

    test(
      `a branch that was away for ${away / 1000} s gets what was stored meanwhile, once, and the sender sees it delivered`,
      LIMIT,
      async () => {
        const { kyiv, lviv } = branches;
        const before = await arrivals(lviv.url, lviv.client);
        await lviv.program('node').stop();
        const ids = newIds(200);
        for (const id of ids) await kyiv.client.send({ id, to: lviv.address, text: `number ${id}` });
        await states.until(() => states.count(ids, 'stored') === ids.length, 'all stored');
        await pause(away);
        assert.equal(states.count(ids, 'delivered'), 0);
        await lviv.start('node');
        await states.until(() => states.count(ids, 'delivered') === ids.length, 'all delivered');
        const now = await arrivals(lviv.url, lviv.client);
        assert.deepEqual(now.slice(0, before.length), before);
        assert.deepEqual(now.slice(before.length).toSorted(), ids.toSorted());
      },
    );
  });
}

const newIds = (count: number): MessageId[] => Array.from({ length: count }, () => parseMessageId(randomUUID()));

const ORDER: readonly MessageState[] = ['queued', 'stored', 'delivered', 'read'];

/** How far the sender has seen each message come. */
class States {
  readonly #reached = new Map<MessageId, number>();
  readonly #signal: AbortSignal;

  constructor({ client }: Branch, signal: AbortSignal) {
    this.#signal = signal;
    client.on('state', ({ id, state }) => {
      this.#reached.set(id, Math.max(this.#reached.get(id) ?? 0, ORDER.indexOf(state)));
    });
  }

  count(ids: readonly MessageId[], state: MessageState): number {
    const least = ORDER.indexOf(state);
    return ids.reduce((count, id) => count + Number((this.#reached.get(id) ?? 0) >= least), 0);
  }

  async until(condition: () => boolean, what: string): Promise<void> {
    while (!condition()) {
      if (this.#signal.aborted) throw new Error(`never: ${what}`);
      await pause(20);
    }
  }
}
