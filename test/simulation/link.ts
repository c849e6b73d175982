// The link between the relays of two realms. Which path it uses, and when it is given up or bettered, is decided by the real
// state machine (src/overlay/links/supervisor.ts), one for each end; what its attempts find is simulated.
//
// The real relay pings each connection every three seconds. Here the silence of a broken path is noticed a black hole's time after it broke
// and up to a ping later: the same, without a million pings a day.
import type { LinkPath } from '../../src/overlay/links/links.ts';
import { PUNCH_WAYS } from '../../src/overlay/links/links.ts';
import { BLACK_HOLE } from '../../src/overlay/links/liveness.ts';
import {
  initialLink,
  type LinkAction,
  type LinkEvent,
  type LinkSettings,
  type LinkState,
  step,
} from '../../src/overlay/links/supervisor.ts';
import type { Clock, Timer } from '../../src/realm/clock.ts';
import { isWithin, type RealmName } from '../../src/realm/names.ts';
import type { Random } from './random.ts';
import type { Terrain } from './terrain.ts';

type Attempt = Extract<LinkAction, { kind: 'attempt' }>['attempt'];
type Untimed<Event> = Event extends unknown ? Omit<Event, 'at'> : never;
export type LinkEnds = readonly [RealmName, RealmName];

export interface LinkInit {
  readonly clock: Clock;
  readonly random: Random;
  readonly terrain: Terrain;
  /** The best path of both ends is another one, or there is none. */
  readonly onChange: (link: Link) => void;
  /** A path is gone: the streams on it are reset. */
  readonly onDrop: (link: Link, path: LinkPath) => void;
  readonly onExhausted: (link: Link, end: RealmName) => void;
  /** That end has reached a realm above it plainly: the real relay tries all its waiting links again then. */
  readonly onNear: (end: RealmName) => void;
}

/** Milliseconds an attempt takes that succeeds. */
const SUCCESS: Readonly<Record<string, number>> = { locate: 60, relayed: 200, tcp: 90, 'tcp-punch': 300, webrtc: 700 };
/** Milliseconds until one that fails has failed. */
const FAILURE = 4_000;
/** How much later than BLACK_HOLE a silence may be noticed: the gap between two pings. */
export const PING = 3_000;
const RANKING: readonly LinkPath[] = ['direct-tcp', 'direct-webrtc', 'relayed'];
const WAYS: Readonly<Record<string, LinkPath>> = {
  relayed: 'relayed',
  tcp: 'direct-tcp',
  'tcp-punch': 'direct-tcp',
  webrtc: 'direct-webrtc',
};

interface End {
  readonly self: RealmName;
  readonly settings: LinkSettings;
  state: LinkState;
  timer: Timer | undefined;
}

export class Link {
  readonly ends: LinkEnds;
  readonly #init: LinkInit;
  readonly #sides: readonly [End, End];
  /** Open paths, and since when each is broken. */
  readonly #open = new Map<LinkPath, number | undefined>();
  #via: RealmName | undefined;

  constructor(ends: LinkEnds, init: LinkInit) {
    this.ends = ends;
    this.#init = init;
    const [a, b] = ends;
    this.#sides = [this.#end(a, b), this.#end(b, a)];
  }

  /** What both ends would use now. */
  get best(): LinkPath | undefined {
    return RANKING.find((path) => this.#open.has(path));
  }

  get via(): RealmName | undefined {
    return this.best === 'relayed' ? this.#via : undefined;
  }

  /** A path that is no longer the best one stays open for what runs on it. */
  has(path: LinkPath): boolean {
    return this.#open.has(path);
  }

  /** Whether a frame on this path gets through at this moment. */
  works(path: LinkPath): boolean {
    const [a, b] = this.ends;
    const { terrain } = this.#init;
    if (path !== 'relayed') return terrain.passes(a, b);
    const via = this.#via;
    return via !== undefined && terrain.passes(a, via) && terrain.passes(via, b);
  }

  /** Somebody at this end needs a path. */
  ask(self: RealmName): void {
    this.#feed(this.#sideOf(self), { kind: 'wanted' });
    if (!this.best) this.#feed(this.#sideOf(self), { kind: 'hurry' });
  }

  /** Something in the world has changed. */
  weather(): void {
    const now = this.#init.clock.monotonic();
    for (const [path, brokenSince] of this.#open) {
      const works = this.works(path);
      if (works) this.#open.set(path, undefined);
      else if (brokenSince === undefined) this.#breaks(path, now);
    }
  }

  /** The relay of one end has gone: its connections end at once, without a black hole, and it knows nothing any more. */
  restart(): void {
    for (const path of RANKING) this.#close(path);
  }

  /** An ancestor or the network of these ends is back: what waits there tries again. */
  renew(ends: readonly RealmName[] = this.ends): void {
    for (const side of this.#sides) if (ends.includes(side.self)) this.#feed(side, { kind: 'renewed' });
  }

  #end(self: RealmName, other: RealmName): End {
    const { clock } = this.#init;
    const settings = { ways: PUNCH_WAYS, initiator: self < other, dialFirst: isWithin(self, other) };
    return { self, settings, state: initialLink(clock.monotonic()), timer: undefined };
  }

  #sideOf(self: RealmName): End {
    return this.#sides[0].self === self ? this.#sides[0] : this.#sides[1];
  }

  #breaks(path: LinkPath, now: number): void {
    const { clock, random } = this.#init;
    this.#open.set(path, now);
    for (const side of this.#sides) {
      clock.after(BLACK_HOLE + 1 + random() * PING, () => {
        if (this.#open.get(path) === now) this.#close(path);
        this.#feed(side, { kind: 'tick' });
      });
    }
  }

  #feed(side: End, event: Untimed<LinkEvent>): void {
    const [state, actions] = step(side.state, { ...event, at: this.#init.clock.monotonic() }, side.settings);
    side.state = state;
    for (const action of actions) this.#act(side, action);
    this.#plan(side);
  }

  /** The next round of attempts begins at a tick. */
  #plan(side: End): void {
    const { clock } = this.#init;
    side.timer?.cancel();
    const { roundAt, wanted, running } = side.state;
    if (roundAt === undefined || !wanted || running) return;
    side.timer = clock.after(roundAt - clock.monotonic() + 1, () => this.#feed(side, { kind: 'tick' }));
  }

  #act(side: End, action: LinkAction): void {
    switch (action.kind) {
      case 'attempt':
        return this.#attempt(side, action.number, action.attempt);
      case 'exhausted':
        return this.#init.onExhausted(this, side.self);
    }
  }

  #attempt(side: End, number: number, attempt: Attempt): void {
    const { clock, random } = this.#init;
    const takes = this.#succeeds(attempt) ? (SUCCESS[attempt] ?? 100) * (0.5 + random()) : FAILURE;
    clock.after(takes, () => {
      if (side.state.running?.number !== number) return;
      const ok = this.#succeeds(attempt);
      const path = WAYS[attempt];
      if (ok && path) this.#opened(path);
      if (ok && attempt === 'ask') this.#feed(this.#other(side), { kind: 'hurry' });
      this.#feed(side, { kind: 'ended', number, ok });
    });
  }

  #other(side: End): End {
    return this.#sides[0] === side ? this.#sides[1] : this.#sides[0];
  }

  #succeeds(attempt: Attempt): boolean {
    const [a, b] = this.ends;
    const { terrain } = this.#init;
    const routers = [terrain.router(a), terrain.router(b)];
    const passes = terrain.passes(a, b);
    switch (attempt) {
      case 'locate':
      case 'relayed':
        return terrain.carrier(a, b) !== undefined;
      case 'tcp':
        return passes && routers.includes('open');
      case 'tcp-punch':
      case 'webrtc':
        return passes && !routers.includes('symmetric');
      default:
        return this.best !== undefined;
    }
  }

  #opened(path: LinkPath): void {
    if (this.#open.has(path)) return;
    const before = this.best;
    this.#open.set(path, undefined);
    if (path === 'relayed') this.#via = this.#init.terrain.carrier(...this.ends);
    this.#tellPaths();
    // A relay wants a link to whoever comes to it.
    for (const side of this.#sides) this.#feed(side, { kind: 'wanted' });
    if (this.best !== before) this.#init.onChange(this);
    if (path !== 'direct-tcp') return;
    for (const { self, settings } of this.#sides) if (settings.dialFirst) this.#init.onNear(self);
  }

  #close(path: LinkPath): void {
    const before = this.best;
    if (!this.#open.delete(path)) return;
    this.#init.onDrop(this, path);
    this.#tellPaths();
    if (this.best !== before) this.#init.onChange(this);
  }

  #tellPaths(): void {
    const open = [...this.#open.keys()];
    for (const side of this.#sides) this.#feed(side, { kind: 'paths', open });
  }
}
