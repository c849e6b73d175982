// Our looking at the users of one other realm: one stream that we open while anybody here looks at somebody there, opened
// anew after a back-off when it breaks, at once when a way opens up. While it is down their users count as offline.
import type { Network, Stream } from '../../src/overlay/seam.ts';
import {
  decodePresenceFrame,
  encodePresenceFrame,
  type PresenceFrame,
  type TypingFrame,
  type UserState,
} from '../../src/protocols/presence/frames.ts';
import { MAX_PRESENCE_FRAME, MAX_WATCHED, PRESENCE_PROTOCOL } from '../../src/protocols/presence/index.ts';
import { pauseAfter } from '../../src/realm/backoff.ts';
import { Bell } from '../../src/realm/bell.ts';
import type { Clock } from '../../src/realm/clock.ts';
import { within } from '../../src/realm/deadline.ts';
import { PeerError, UnreachableError } from '../../src/realm/errors.ts';
import type { UserId } from '../../src/realm/ids.ts';
import type { RealmName } from '../../src/realm/names.ts';

export interface PresenceLinkComponents {
  readonly network: Pick<Network, 'open'>;
  readonly clock: Pick<Clock, 'after'>;
  /** 0 up to 1. */
  readonly random: () => number;
  readonly onStates: (realm: RealmName, states: readonly UserState[]) => void;
  readonly onDown: (realm: RealmName) => void;
}

const OPEN_DEADLINE = 10_000;
const RETRY = { first: 500, longest: 30_000 } as const;
/** Frames of typing that wait for the stream; older ones are dropped, since they end by themselves. */
const MAX_WAITING = 64;

export class PresenceLink {
  readonly #parts: PresenceLinkComponents;
  readonly #realm: RealmName;
  readonly #stopped = new AbortController();
  readonly #work = new Bell();
  readonly #retry = new Bell();
  #running: Promise<void> | undefined;
  #users: readonly UserId[] = [];
  #isTold = true;
  #typing: TypingFrame[] = [];

  constructor(parts: PresenceLinkComponents, realm: RealmName) {
    this.#parts = parts;
    this.#realm = realm;
  }

  start(): void {
    const { signal } = this.#stopped;
    // It ends only by the signal.
    this.#running ??= this.#run(signal).catch(() => {});
  }

  async stop(): Promise<void> {
    this.#stopped.abort(new UnreachableError('stopped', 'presence was stopped'));
    await this.#running;
  }

  /** Whom somebody here looks at, from now on. */
  watch(users: readonly UserId[]): void {
    this.#users = users.slice(0, MAX_WATCHED);
    this.#isTold = false;
    this.#work.ring();
  }

  type(frame: TypingFrame): void {
    this.#typing = [...this.#typing, frame].slice(-MAX_WAITING);
    this.#work.ring();
  }

  /** The way to the realm became usable. */
  wake(): void {
    this.#retry.ring();
  }

  async #run(signal: AbortSignal): Promise<void> {
    for (let failures = 0; ; ) {
      while (this.#users.length === 0 && this.#typing.length === 0) await this.#work.heard(signal);
      const began = await this.#serve(signal);
      this.#parts.onDown(this.#realm);
      this.#typing = [];
      failures = began ? 0 : failures + 1;
      await this.#wait(failures, signal);
    }
  }

  async #wait(failures: number, signal: AbortSignal): Promise<void> {
    const delay = pauseAfter(failures, RETRY, this.#parts.random());
    await this.#retry.heardWithin(this.#parts.clock, delay, signal);
  }

  /** Resolves when the stream is over: true when it had stood. */
  async #serve(outer: AbortSignal): Promise<boolean> {
    const ended = new AbortController();
    const signal = AbortSignal.any([outer, ended.signal]);
    let stream: Stream | undefined;
    try {
      stream = await within(this.#parts.clock, OPEN_DEADLINE, `stream to ${this.#realm}`, outer, (soon) =>
        this.#parts.network.open(this.#realm, PRESENCE_PROTOCOL, { signal: soon, maxFrame: MAX_PRESENCE_FRAME }),
      );
      this.#isTold = false;
      await Promise.race([this.#tell(stream, signal), this.#listen(stream, signal)]);
    } catch {
      // Whatever it was: the link is down, and the next try is due.
    }
    ended.abort(new UnreachableError('stream-over', 'The presence stream is over'));
    stream?.abort(new UnreachableError('stream-over', 'The presence stream is over'));
    return stream !== undefined;
  }

  async #tell(stream: Stream, signal: AbortSignal): Promise<void> {
    for (;;) {
      const frame = this.#next();
      if (frame) await stream.write(encodePresenceFrame(frame), signal);
      else await this.#work.heard(signal);
    }
  }

  #next(): PresenceFrame | undefined {
    if (this.#isTold) return this.#typing.shift();
    this.#isTold = true;
    return { kind: 'watch', users: this.#users };
  }

  async #listen(stream: Stream, signal: AbortSignal): Promise<void> {
    for (;;) {
      const frame = await stream.read(signal);
      if (!frame) return;
      const decoded = decodePresenceFrame(frame);
      if (decoded.kind !== 'states') throw new PeerError('frame-malformed', `a ${decoded.kind} is not for the opener`);
      this.#parts.onStates(this.#realm, decoded.states);
    }
  }
}
