// One realm's link: the supervisor's state with its clock, its attempts and those who wait for it.
import type { Clock } from '../../realm/clock.ts';
import { UnreachableError } from '../../realm/errors.ts';
import type { RealmName } from '../../realm/names.ts';
import type { LinkPath } from './links.ts';
import {
  type Attempt,
  type Best,
  initialLink,
  type LinkAction,
  type LinkEvent,
  type LinkSettings,
  type LinkState,
  type Phase,
  phaseOf,
  step,
} from './supervisor.ts';

type Untimed<Event> = Event extends unknown ? Omit<Event, 'at'> : never;

export interface LinkComponents {
  readonly clock: Clock;
  readonly settings: (realm: RealmName) => LinkSettings;
  readonly run: (attempt: Attempt, realm: RealmName, signal: AbortSignal) => Promise<boolean>;
  readonly drop: (realm: RealmName, path: LinkPath) => void;
  readonly changed: (link: Link) => void;
}

/** At a cold start the ancestors are a moment away: a round that ends sooner is not the last word. */
const PATIENCE = 3_000;

interface Waiter {
  /** Monotonic milliseconds. */
  readonly since: number;
  resolve(): void;
  reject(error: Error): void;
}

export class Link {
  readonly realm: RealmName;
  readonly #components: LinkComponents;
  readonly #running = new Map<number, AbortController>();
  readonly #waiters = new Set<Waiter>();
  #state: LinkState;
  /** Milliseconds since 1970. */
  #since: number;
  /** Monotonic milliseconds of the last time that somebody asked for this link. */
  #askedAt = Number.NEGATIVE_INFINITY;

  constructor(realm: RealmName, components: LinkComponents) {
    this.realm = realm;
    this.#components = components;
    this.#state = initialLink(components.clock.monotonic());
    this.#since = components.clock.now();
  }

  get best(): Best {
    return this.#state.best;
  }

  get phase(): Phase {
    return phaseOf(this.#state);
  }

  get since(): number {
    return this.#since;
  }

  get askedAt(): number {
    return this.#askedAt;
  }

  /** Somebody needs this link now. */
  ask(): void {
    this.#askedAt = this.#components.clock.monotonic();
    this.feed({ kind: 'wanted' });
    if (this.best === 'none') this.feed({ kind: 'hurry' });
  }

  feed(event: Untimed<LinkEvent>): void {
    const [state, actions] = step(
      this.#state,
      { ...event, at: this.#components.clock.monotonic() },
      this.#components.settings(this.realm),
    );
    this.#state = state;
    for (const action of actions) this.#act(action);
  }

  /** Resolves once there is a path. @throws UnreachableError `no-path` when a whole round found none */
  async usable(signal: AbortSignal): Promise<void> {
    this.ask();
    if (this.best !== 'none') return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter: Waiter = { since: this.#components.clock.monotonic(), resolve, reject };
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    this.#waiters.add(waiter);
    try {
      await promise;
    } finally {
      this.#waiters.delete(waiter);
      signal.removeEventListener('abort', onAbort);
    }
  }

  stop(): void {
    for (const controller of this.#running.values()) controller.abort();
    for (const { reject } of this.#waiters) reject(new UnreachableError('stopped', 'this relay is stopping'));
  }

  #act(action: LinkAction): void {
    switch (action.kind) {
      case 'attempt':
        return this.#begin(action.number, action.attempt);
      case 'cancel':
        return this.#running.get(action.number)?.abort();
      case 'drop':
        return this.#components.drop(this.realm, action.path);
      case 'changed':
        return this.#announce();
      case 'exhausted':
        return this.#giveUp();
    }
  }

  #giveUp(): void {
    const before = this.#components.clock.monotonic() - PATIENCE;
    for (const { since, reject } of this.#waiters) {
      if (since <= before) reject(new UnreachableError('no-path', `no way leads to ${this.realm} now`));
    }
  }

  #announce(): void {
    this.#since = this.#components.clock.now();
    if (this.best !== 'none') for (const { resolve } of this.#waiters) resolve();
    this.#components.changed(this);
  }

  #begin(number: number, attempt: Attempt): void {
    const controller = new AbortController();
    this.#running.set(number, controller);
    void this.#finish(number, controller, this.#components.run(attempt, this.realm, controller.signal));
  }

  /** `run` never throws. A cancelled attempt's end is no news. */
  async #finish(number: number, controller: AbortController, attempt: Promise<boolean>): Promise<void> {
    const ok = await attempt;
    this.#running.delete(number);
    if (!controller.signal.aborted) this.feed({ kind: 'ended', number, ok });
  }
}
