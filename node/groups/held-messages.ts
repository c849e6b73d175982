// Messages to groups that came before the commit that explains them: their sender is not on this realm's roster yet, they were sealed in
// a later epoch, or the group is not known here at all. They are kept, bounded for each realm that they come from, and taken in once the commit is there.
import { decodeEnvelope } from '../../src/crypto/envelope.ts';
import type { Clock } from '../../src/realm/clock.ts';
import { messageOf } from '../../src/realm/errors.ts';
import type { ConversationId, MessageId, UserId } from '../../src/realm/ids.ts';
import type { Log } from '../../src/realm/log.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { Database } from '../../src/store/database.ts';
import type { Write } from '../../src/store/engine.ts';
import type { Delivered, JudgedElsewhere, Outcome } from '../conversations/delivered.ts';
import { isAhead } from '../conversations/group-state.ts';
import type { GroupBook } from './group-book.ts';
import { type GroupStore, type HeldMessage, heldRemoval, heldWrite } from './group-store.ts';

export interface HeldMessagesComponents {
  readonly store: GroupStore;
  readonly book: GroupBook;
  readonly database: Pick<Database, 'commit'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
  readonly ingest: (
    items: readonly Delivered[],
    finish: (outcomes: readonly Outcome[]) => Write[],
  ) => Promise<Outcome[]>;
  readonly mayBeLate: (conversation: ConversationId, user: UserId, stampedAt: number) => Promise<boolean>;
  readonly onGap: (conversation: ConversationId, group: undefined, ask: RealmName) => void;
}

/** Messages of one realm, and of all, that are kept at one time, and bytes of them. */
const MAX_OF_REALM = 1000;
const MAX_IN_ALL = 10_000;
export const MAX_BYTES_OF_REALM: number = 16 * 1024 * 1024;
const MAX_BYTES_IN_ALL = 64 * 1024 * 1024;
/** Milliseconds: a commit that has not come by then will not. */
const MAX_AGE = 7 * 24 * 3600_000;
/** Milliseconds: whom the roster at hand names hears then what its members may read; the epoch may be of an order that was lost. */
const AHEAD_LIFE = 10 * 60_000;

interface Count {
  readonly messages: number;
  readonly bytes: number;
}

const NONE: Count = { messages: 0, bytes: 0 };

const added = (one: Count, other: Count): Count => ({
  messages: one.messages + other.messages,
  bytes: one.bytes + other.bytes,
});

export class HeldMessages {
  readonly #parts: HeldMessagesComponents;
  readonly #counts = new Map<RealmName, Count>();
  readonly #counters = { held: 0, released: 0, expired: 0, refused: 0 };

  constructor(parts: HeldMessagesComponents) {
    this.#parts = parts;
  }

  async start(): Promise<void> {
    const conversations = await this.#recount();
    // The power may have gone between a commit and what it let in.
    for (const conversation of conversations) await this.release(conversation);
  }

  async #recount(): Promise<Set<ConversationId>> {
    this.#counts.clear();
    const conversations = new Set<ConversationId>();
    for (const { origin, bytes } of await this.#parts.store.held(MAX_IN_ALL)) {
      this.#count(origin, 1, bytes.length);
      conversations.add(decodeEnvelope(bytes).envelope.conversation);
    }
    return conversations;
  }

  counters(): Record<string, number> {
    return { ...this.#counters };
  }

  async hold({ encoded, origin, path, pathRef }: Delivered): Promise<JudgedElsewhere> {
    const { clock, onGap } = this.#parts;
    const { conversation, sender, id } = encoded.envelope;
    if (!this.#hasRoom(origin, encoded.bytes.length)) {
      this.#counters.refused++;
      return { outcome: { kind: 'rejected', code: 'not-a-member' } };
    }
    this.#count(origin, 1, encoded.bytes.length);
    this.#counters.held++;
    const held = { origin, at: clock.now(), path, pathRef, bytes: encoded.bytes };
    return {
      outcome: { kind: 'accepted' },
      plan: () => ({ writes: [heldWrite(conversation, sender, id, held)] }),
      after: () => onGap(conversation, undefined, origin),
    };
  }

  /** The group has changed: whoever is on its roster now is heard. */
  async release(conversation: ConversationId): Promise<void> {
    for (const held of await this.#parts.store.held(MAX_IN_ALL, conversation)) {
      await this.#releaseOne(held).catch((error: unknown) => {
        this.#parts.log.warn({ conversation, error: messageOf(error) }, 'held message not released');
      });
    }
  }

  async #releaseOne({ origin, at, path, pathRef, bytes }: HeldMessage): Promise<void> {
    const { book, clock, ingest, mayBeLate } = this.#parts;
    const encoded = decodeEnvelope(bytes);
    const { conversation, sender, id, stamp, body } = encoded.envelope;
    const group = await book.find(conversation);
    const isKnown = group?.members.has(sender) === true;
    if (!isKnown && !(await mayBeLate(conversation, sender, stamp.ms))) return;
    const isOverdue = at + AHEAD_LIFE <= clock.now();
    if (group && !isOverdue && isAhead(body, group)) return;
    await ingest([{ encoded, origin, path, pathRef, isOverdue }], () => [heldRemoval(conversation, sender, id)]);
    this.#counters.released++;
    this.#count(origin, -1, -bytes.length);
  }

  /** Drops what waited too long, and lets go what waited for its epoch. */
  async sweep(): Promise<void> {
    const oldest = this.#parts.clock.now() - MAX_AGE;
    const expired = (await this.#parts.store.held(MAX_IN_ALL)).filter(({ at }) => at < oldest);
    await this.#parts.database.commit(expired.map(({ bytes }) => removalOf(bytes)));
    // Counted anew: what came twice lies there once.
    for (const conversation of await this.#recount()) await this.release(conversation);
    this.#counters.expired += expired.length;
  }

  #hasRoom(origin: RealmName, bytes: number): boolean {
    const mine = this.#counts.get(origin) ?? NONE;
    const all = [...this.#counts.values()].reduce(added, NONE);
    const isFull = mine.messages >= MAX_OF_REALM || all.messages >= MAX_IN_ALL;
    return !isFull && mine.bytes + bytes <= MAX_BYTES_OF_REALM && all.bytes + bytes <= MAX_BYTES_IN_ALL;
  }

  #count(origin: RealmName, messages: number, bytes: number): void {
    const count = added(this.#counts.get(origin) ?? NONE, { messages, bytes });
    this.#counts.set(origin, { messages: Math.max(0, count.messages), bytes: Math.max(0, count.bytes) });
  }
}

function removalOf(bytes: Uint8Array): Write {
  const { conversation, sender, id }: { conversation: ConversationId; sender: UserId; id: MessageId } =
    decodeEnvelope(bytes).envelope;
  return heldRemoval(conversation, sender, id);
}
