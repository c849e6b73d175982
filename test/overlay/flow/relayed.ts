// Asks of two branches that several tests share.
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { BulkResult } from './orders.ts';
import type { Process, TwoBranches } from './processes.ts';

const TO = 'lviv.acme.ua';
const EVERY = 100;
const TEXTS = 10;
const IDLE_TEXTS = 20;
const TRIES = 200;

/** Waits until the path between the two is of this kind. */
export async function settle(branches: TwoBranches, kind: string): Promise<void> {
  let told: unknown;
  for (let tries = 0; tries < TRIES; tries++) {
    told = await branches.nodes.kyiv.ask({ kind: 'ping', to: TO, patience: 20_000 });
    if (JSON.stringify(told).includes(`"kind":"${kind}"`)) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`the path is not ${kind}: ${JSON.stringify(told)}`);
}

export async function bulk(
  branches: TwoBranches,
  bytes: number,
  protocol?: string,
): Promise<BulkResult & { readonly mbit: number }> {
  const order = { kind: 'bulk', to: TO, bytes, ...(protocol === undefined ? {} : { protocol }) } as const;
  // The program answers such an order with such a result.
  const result = (await branches.nodes.kyiv.ask(order)) as BulkResult;
  return { ...result, mbit: (result.bytes * 8) / 1_000 / result.ms };
}

export async function texts(branches: TwoBranches, count: number): Promise<number[]> {
  return (await branches.nodes.kyiv.ask({ kind: 'texts', to: TO, count, every: EVERY })) as number[];
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

/** Texts with and without something else going on, in turns. */
export class TextRounds {
  readonly #branches: TwoBranches;
  readonly #idle: number[] = [];
  readonly #busy: number[] = [];

  constructor(branches: TwoBranches) {
    this.#branches = branches;
  }

  async idle(): Promise<void> {
    this.#idle.push(...(await texts(this.#branches, IDLE_TEXTS)));
  }

  /** Texts that were still on their way when the work ended count as well. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    const done = new AbortController();
    const result = work().finally(() => done.abort());
    do this.#busy.push(...(await texts(this.#branches, TEXTS)));
    while (!done.signal.aborted);
    return result;
  }

  get p95(): { readonly idle: number; readonly busy: number } {
    return { idle: percentile(this.#idle, 0.95), busy: percentile(this.#busy, 0.95) };
  }
}

const FAIR_TRIES = 3;

/** What else this machine does makes texts later under bulk, never earlier: one fair try of a few is enough. */
export async function untilFair(
  t: TestContext,
  branches: TwoBranches,
  work: (rounds: TextRounds) => Promise<void>,
): Promise<void> {
  for (let tries = 1; ; tries++) {
    const rounds = new TextRounds(branches);
    await work(rounds);
    const { idle, busy } = rounds.p95;
    const most = 3 * idle + 50;
    t.diagnostic(
      `p95 of texts ${idle.toFixed(1)} ms idle, ${busy.toFixed(1)} ms under bulk, at most ${most.toFixed(1)}`,
    );
    if (busy < most) return;
    assert.ok(tries < FAIR_TRIES, `${busy} ms under bulk, ${idle} ms idle`);
  }
}

/** MiB by which a relay may grow. */
const GROWTH = 64;

/** How much the relays grow. */
export class Growth {
  readonly #relays: readonly Process[];
  readonly #before: readonly number[];

  constructor({ relays }: TwoBranches) {
    this.#relays = Object.values(relays);
    this.#before = this.#relays.map(({ memory }) => memory);
    for (const relay of this.#relays) relay.forgetPeak();
  }

  check(t: TestContext): void {
    const grew = this.#relays.map(({ peak }, index) => peak - (this.#before[index] ?? 0));
    t.diagnostic(`the relays grew by ${grew.map((mib) => mib.toFixed(1)).join(', ')} MiB`);
    for (const mib of grew) assert.ok(mib < GROWTH, `a relay grew by ${mib} MiB`);
  }
}
