// Brings a user's arrivals to one reader, each once and in order, whatever the reader's pace. Pages come from the store
// while the reader lags; one that has everything gets the next arrival at once.
import type { ServerFrame } from '../../../src/protocols/lan/frames.ts';
import type { Cursor } from '../../../src/protocols/lan/wire.ts';
import { codeOf } from '../../../src/realm/errors.ts';
import type { UserId } from '../../../src/realm/ids.ts';
import type { UserEvent } from '../../conversations/conversations.ts';
import type { LanComponents } from '../components.ts';
import { viewFrameMessage, viewUserById } from '../views.ts';

const PAGE = 200;

export interface Reader {
  send(frame: ServerFrame): void;
  drained(): Promise<void>;
  failed(error: unknown): void;
}

export class ArrivalPump {
  readonly #components: Pick<LanComponents, 'conversations' | 'directory'>;
  readonly #user: UserId;
  readonly #reader: Reader;
  #cursor: Cursor | undefined;
  #state: 'idle' | 'pumping' | 'ended' = 'idle';
  #isLive = false;
  /** Something arrived while a page was under way; it may or may not be in that page. */
  #more = false;

  constructor(components: Pick<LanComponents, 'conversations' | 'directory'>, user: UserId, reader: Reader) {
    this.#components = components;
    this.#user = user;
    this.#reader = reader;
  }

  /**
   * Chooses where to begin. `reset`: the cursor that was given means nothing here. `skipped`: more than `most` arrivals wait, and the
   * reader begins behind them.
   */
  async begin(cursor: Cursor | undefined, most?: number): Promise<{ reset: boolean; skipped: boolean }> {
    const { conversations } = this.#components;
    this.#cursor = cursor ?? (await conversations.deliveredUpTo(this.#user));
    let reset = false;
    try {
      await conversations.eventsSince(this.#user, this.#cursor, 1);
    } catch (error) {
      if (codeOf(error) !== 'cursor-unknown') throw error;
      this.#cursor = await conversations.deliveredUpTo(this.#user);
      reset = true;
    }
    return { reset, skipped: most !== undefined && (await this.#skip(most)) };
  }

  async #skip(most: number): Promise<boolean> {
    const { conversations } = this.#components;
    const newest = conversations.head();
    if (!this.#cursor || !(await conversations.lags(this.#user, this.#cursor, most))) return false;
    this.#cursor = newest;
    return true;
  }

  wake(): void {
    if (this.#state === 'idle') void this.#pump();
    else this.#more = true;
  }

  arrived(event: UserEvent): void {
    const upToDate = this.#state === 'idle' && this.#isLive;
    if (upToDate) this.#deliver(event);
    else this.#more = true;
  }

  end(): void {
    this.#state = 'ended';
  }

  async #pump(): Promise<void> {
    this.#state = 'pumping';
    try {
      do {
        this.#more = false;
        await this.#pages();
      } while (this.#more && !this.#isEnded());
      if (this.#isEnded()) return;
      this.#state = 'idle';
      if (!this.#isLive) this.#reader.send({ kind: 'live' });
      this.#isLive = true;
    } catch (error) {
      if (!this.#isEnded()) this.#reader.failed(error);
    }
  }

  async #pages(): Promise<void> {
    for (let more = true; more && this.#cursor && !this.#isEnded(); ) {
      const page = await this.#components.conversations.eventsSince(this.#user, this.#cursor, PAGE);
      for (const event of page.events) {
        if (this.#isEnded()) return;
        this.#deliver(event);
        await this.#reader.drained();
      }
      this.#cursor = page.cursor;
      more = page.more;
    }
  }

  #isEnded(): boolean {
    return this.#state === 'ended';
  }

  #deliver(event: UserEvent): void {
    const { incarnation, n } = event.cursor;
    this.#cursor = { incarnation, n };
    this.#reader.send(this.#frameOf(event));
    // While it is up to date a reader may still fall behind: from there on it is served by pages.
    if (this.#state === 'idle') void this.#waitForReader();
  }

  async #waitForReader(): Promise<void> {
    this.#state = 'pumping';
    await this.#reader.drained();
    if (this.#isEnded()) return;
    this.#state = 'idle';
    if (this.#more) void this.#pump();
  }

  #frameOf(event: UserEvent): ServerFrame {
    const { conversation } = event;
    const cursor = { incarnation: event.cursor.incarnation, n: event.cursor.n };
    switch (event.kind) {
      case 'message': {
        const user = viewUserById(this.#components.directory, event.message.envelope.sender);
        return { kind: 'event', cursor, message: viewFrameMessage(event.message), user };
      }
      case 'state': {
        const { user: by, state, at, code } = event.receipt;
        const told = { kind: 'receipt' as const, cursor, conversation, ids: [...event.ids], by, state, at };
        return code === undefined ? told : { ...told, code };
      }
      case 'position':
        return { kind: 'position', cursor, conversation, upTo: event.upTo, at: event.at };
      case 'commit': {
        const { group, epoch, sender, device, at } = event;
        return { kind: 'commit', cursor, conversation, group, epoch, user: sender, device, at };
      }
      case 'intent':
        return { kind: 'intent', cursor, conversation, id: event.id, user: event.sender, at: event.at };
      case 'cleared':
        return { kind: 'cleared', cursor, conversation, entirely: event.entirely };
      case 'removed':
        return { kind: 'removed', cursor, conversation, id: event.id };
    }
  }
}
