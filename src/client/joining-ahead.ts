// A device that is new comes into the newest conversations of its user before anybody uses them there, so that it can write at once, also when
// a home goes away later. Few, one after the other, and none that is large: each costs all members a commit.
import { type Clock, sleep } from '../realm/clock.ts';
import { CanopyError } from '../realm/errors.ts';
import type { ConversationId } from '../realm/ids.ts';
import type { Engine } from './engine/engine.ts';

/** Conversations that are joined in one connection. */
const MAX_JOINED = 20;
/** Members of a group that is joined only when it is used. */
const MAX_MEMBERS = 200;
/** Milliseconds between two. */
const PAUSE = 250;

export interface JoiningAheadComponents {
  readonly engine: Pick<Engine, 'present' | 'group' | 'seen'>;
  /** Whoever sits at a strange desk for an hour leaves no device behind in twenty groups. */
  readonly isGuest: (signal: AbortSignal) => Promise<boolean>;
  /** The newest first. */
  readonly conversations: (signal: AbortSignal) => Promise<readonly { readonly id: ConversationId }[]>;
  readonly clock: Clock;
}

export class JoiningAhead {
  readonly #c: JoiningAheadComponents;
  readonly #over = new AbortController();
  #work: Promise<void> | undefined;

  constructor(components: JoiningAheadComponents) {
    this.#c = components;
  }

  /** In the background; once at a time. */
  start(): void {
    this.#work ??= this.#join()
      .catch((error: unknown) => {
        if (!(error instanceof CanopyError)) throw error;
      })
      .finally(() => {
        this.#work = undefined;
      });
  }

  async close(): Promise<void> {
    this.#over.abort(new CanopyError('closed', 'the client is closing'));
    await this.#work;
  }

  async #join(): Promise<void> {
    const { engine, conversations, clock, isGuest } = this.#c;
    const { signal } = this.#over;
    if (await isGuest(signal)) return;
    const newest = (await conversations(signal)).slice(0, MAX_JOINED);
    for (const { id: conversation } of newest) {
      if (await engine.present(conversation)) continue;
      // What no other device of the user was in is joined by its welcome, or when it is used.
      const seen = engine.seen(conversation);
      if (!seen || seen.roster.members.length > MAX_MEMBERS) continue;
      await sleep(clock, PAUSE, signal);
      await engine.group(conversation).catch((error: unknown) => {
        if (!(error instanceof CanopyError)) throw error;
      });
    }
  }
}
