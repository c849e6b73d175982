// The link to one relay: the supervisor's state with its clock and its attempts.
import type { Clock } from '../../realm/clock.ts';
import type { RealmName } from '../../realm/names.ts';
import type { Phase } from './links.ts';
import {
  type Attempt,
  type Best,
  initialLink,
  type LinkAction,
  type LinkEvent,
  type LinkSettings,
  type LinkState,
  phaseOf,
  step,
} from './supervisor.ts';

type Untimed<Event> = Event extends unknown ? Omit<Event, 'at'> : never;

/** A relay, and the realm that it is a relay of. */
export interface LinkEnd {
  readonly realm: RealmName;
  readonly peerId: string;
}

export interface LinkComponents {
  readonly clock: Clock;
  readonly settings: (end: LinkEnd) => LinkSettings;
  readonly run: (attempt: Attempt, end: LinkEnd, signal: AbortSignal) => Promise<boolean>;
  readonly changed: (end: LinkEnd) => void;
  /** A whole round found no path. */
  readonly exhausted: (end: LinkEnd) => void;
}

export class Link {
  readonly end: LinkEnd;
  readonly #components: LinkComponents;
  readonly #running = new Map<number, AbortController>();
  #state: LinkState;

  constructor(end: LinkEnd, components: LinkComponents) {
    this.end = end;
    this.#components = components;
    this.#state = initialLink(components.clock.monotonic());
  }

  get best(): Best {
    return this.#state.best;
  }

  get phase(): Phase {
    return phaseOf(this.#state);
  }

  get rounds(): number {
    return this.#state.rounds;
  }

  /** Milliseconds until the next round of attempts, when one is due. */
  get nextRoundIn(): number | undefined {
    const { roundAt } = this.#state;
    return roundAt === undefined ? undefined : Math.max(0, roundAt - this.#components.clock.monotonic());
  }

  /** Somebody needs this link now. */
  ask(): void {
    this.feed({ kind: 'wanted' });
    if (this.best === 'none') this.feed({ kind: 'hurry' });
  }

  feed(event: Untimed<LinkEvent>): void {
    const { clock, settings } = this.#components;
    const [state, actions] = step(this.#state, { ...event, at: clock.monotonic() }, settings(this.end));
    this.#state = state;
    for (const action of actions) this.#act(action);
  }

  stop(): void {
    for (const controller of this.#running.values()) controller.abort();
  }

  #act(action: LinkAction): void {
    switch (action.kind) {
      case 'attempt':
        return this.#begin(action.number, action.attempt);
      case 'cancel':
        return this.#running.get(action.number)?.abort();
      case 'changed':
        return this.#components.changed(this.end);
      case 'exhausted':
        return this.#components.exhausted(this.end);
    }
  }

  #begin(number: number, attempt: Attempt): void {
    const controller = new AbortController();
    this.#running.set(number, controller);
    void this.#finish(number, controller, this.#components.run(attempt, this.end, controller.signal));
  }

  /** `run` never throws. A cancelled attempt's end is no news. */
  async #finish(number: number, controller: AbortController, attempt: Promise<boolean>): Promise<void> {
    const ok = await attempt;
    this.#running.delete(number);
    if (!controller.signal.aborted) this.feed({ kind: 'ended', number, ok });
  }
}
