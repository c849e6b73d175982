// Keeps following chains at those who hold them: one stream a holder, each chain at the best holder that answers. A holder that does
// not answer is tried again after 1 s, twice as long after each failure up to 60 s, and at once when the way to it has become
// usable again; meanwhile the next one serves.
import type { Network, Peer } from '../../src/overlay/seam.ts';
import { HolderSession } from '../../src/protocols/ledger/client.ts';
import type { ChainId } from '../../src/protocols/ledger/entry.ts';
import type { LedgerFrame, Tip } from '../../src/protocols/ledger/frames.ts';
import type { FraudProof } from '../../src/protocols/ledger/fraud.ts';
import { MAX_FOLLOWED } from '../../src/protocols/ledger/index.ts';
import type { Intake } from '../../src/protocols/ledger/intake.ts';
import type { LedgerStore } from '../../src/protocols/ledger/ledger-store.ts';
import { type Clock, sleep } from '../../src/realm/clock.ts';
import { type CanopyError, codeOf } from '../../src/realm/errors.ts';
import type { Log } from '../../src/realm/log.ts';
import type { RealmName } from '../../src/realm/names.ts';
import { HolderChoice } from './holder-choice.ts';

export interface FollowingComponents {
  readonly store: LedgerStore;
  readonly intake: Intake;
  readonly network: Network;
  readonly clock: Clock;
  readonly log: Log;
  /** From 0 to 1; spreads the retries of many nodes. */
  readonly random: () => number;
}

export interface FollowingEvents {
  onFraud(proof: FraudProof): void;
  onBad(id: ChainId, holder: RealmName, error: CanopyError): void;
  onGossip(frame: LedgerFrame, peer: Peer): Promise<void>;
}

/** A realm at which chains are followed, or will be once it answers. */
interface Holder {
  readonly stopping: AbortController;
  wake: AbortController;
  session: HolderSession;
  loop: Promise<void>;
}

const FIRST_DELAY = 1000;
const MAX_DELAY = 60_000;

export class Following {
  readonly #parts: FollowingComponents;
  readonly #events: FollowingEvents;
  readonly #choice: HolderChoice;
  readonly #holders = new Map<RealmName, Holder>();
  readonly #ending = new Set<Promise<void>>();
  #wanted: readonly ChainId[] = [];
  #unsubscribe: () => void = () => {};
  #running = false;

  constructor(
    components: FollowingComponents,
    events: FollowingEvents,
    holdersOf: (id: ChainId) => readonly RealmName[],
  ) {
    this.#parts = components;
    this.#events = events;
    this.#choice = new HolderChoice(components.clock, holdersOf);
  }

  start(): void {
    this.#running = true;
    this.#unsubscribe = this.#parts.network.onPath(({ realm, kind }) => {
      if (kind !== 'unreachable') this.#holders.get(realm)?.wake.abort();
    });
    this.#assign();
  }

  async stop(): Promise<void> {
    this.#running = false;
    this.#unsubscribe();
    for (const realm of this.#holders.keys()) this.#drop(realm);
    await Promise.all(this.#ending);
  }

  /** From now on these and no others. */
  want(chains: readonly ChainId[]): void {
    this.#wanted = chains.slice(0, MAX_FOLLOWED);
    this.#assign();
  }

  sessions(): HolderSession[] {
    return [...this.#holders.values()].map(({ session }) => session);
  }

  /** Where the chain comes from at the moment. */
  holdersNow(id: ChainId): RealmName[] {
    return [...this.#holders]
      .filter(([realm, { session }]) => this.#choice.isUp(realm) && session.follows(id))
      .map(([of]) => of);
  }

  /** What this holder has of the chain is not enough, or not right: others are asked for a while. */
  demote(id: ChainId, holder: RealmName): void {
    this.#choice.demote(id, holder);
    this.#assign();
  }

  /** Asks that realm for the chain, too. */
  prefer(id: ChainId, holder: RealmName): void {
    this.#choice.prefer(id, holder);
    this.#assign();
  }

  #assign(): void {
    if (!this.#running) return;
    const plan = this.#choice.plan(this.#wanted);
    for (const realm of this.#holders.keys()) if (!plan.has(realm)) this.#drop(realm);
    for (const [realm, ids] of plan) {
      const { session } = this.#holders.get(realm) ?? this.#add(realm);
      session.ask(ids).catch((error: unknown) => this.#note(realm, error));
    }
  }

  #add(realm: RealmName): Holder {
    const stopping = new AbortController();
    const holder: Holder = {
      stopping,
      wake: new AbortController(),
      session: this.#session(realm),
      loop: Promise.resolve(),
    };
    this.#holders.set(realm, holder);
    holder.loop = this.#run(realm, holder);
    this.#ending.add(holder.loop);
    holder.loop.finally(() => this.#ending.delete(holder.loop)).catch(() => undefined);
    return holder;
  }

  #drop(realm: RealmName): void {
    const holder = this.#holders.get(realm);
    this.#holders.delete(realm);
    this.#choice.forget(realm);
    holder?.stopping.abort(new Error('No longer followed here'));
    holder?.wake.abort();
  }

  #session(realm: RealmName): HolderSession {
    return new HolderSession(this.#parts, realm, {
      onOpen: () => {
        this.#choice.opened(realm);
        this.#assign();
      },
      onTip: (tip) => this.#onTip(tip, realm),
      onFraud: (proof) => this.#events.onFraud(proof),
      onBad: (id, error) => {
        this.#events.onBad(id, realm, error);
        this.demote(id, realm);
      },
      onGossip: (frame, peer) => this.#events.onGossip(frame, peer),
    });
  }

  #onTip(tip: Tip, realm: RealmName): void {
    const isNews = tip.n === 0 ? this.#choice.lacks(tip, realm) : this.#choice.has(tip, realm);
    if (isNews) this.#assign();
  }

  async #run(realm: RealmName, holder: Holder): Promise<void> {
    const { signal } = holder.stopping;
    for (let failures = 0; !signal.aborted; ) {
      // The first session is asked by whoever adds the holder.
      await Promise.resolve();
      try {
        await holder.session.run(signal);
      } catch (error) {
        if (!signal.aborted) this.#note(realm, error);
      }
      if (signal.aborted) return;
      failures = this.#choice.isUp(realm) ? 1 : failures + 1;
      holder.session = this.#session(realm);
      if (this.#choice.failed(realm)) this.#assign();
      if (!(await this.#pause(holder, failures))) failures = 0;
    }
  }

  #note(holder: RealmName, error: unknown): void {
    this.#parts.log.info({ holder, code: codeOf(error), why: String(error) }, 'ledger holder is out of reach');
  }

  /** Waits; false when a path that came back cut it short. */
  async #pause(holder: Holder, failures: number): Promise<boolean> {
    const { clock, random } = this.#parts;
    holder.wake = new AbortController();
    if (holder.stopping.signal.aborted) return false;
    const delay = Math.min(MAX_DELAY, FIRST_DELAY * 2 ** Math.min(failures - 1, 10)) * (0.75 + random() / 2);
    return sleep(clock, delay, holder.wake.signal).then(
      () => true,
      () => false,
    );
  }
}
