// Who of a large group has a message, and who has read it: in groups above MAX_TOLD nobody is told by receipts, so whoever wrote it asks.
// What users of this realm have is here; of the others each realm with members is asked.
import { RateLimiter } from '../../src/overlay/stun/rate-limit.ts';
import {
  decodeReaders,
  decodeReadersQuestion,
  encodeReaders,
  encodeReadersQuestion,
  READERS_ERRAND,
  type Reader,
  type ReadersQuestion,
} from '../../src/protocols/readers/index.ts';
import type { Clock } from '../../src/realm/clock.ts';
import { within } from '../../src/realm/deadline.ts';
import { codeOf, RefusedError } from '../../src/realm/errors.ts';
import type { MessageId, UserId } from '../../src/realm/ids.ts';
import type { Log } from '../../src/realm/log.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { Directory } from '../directory/directory.ts';
import type { Errands } from '../errands/errands.ts';
import type { Cursor } from './conversations.ts';
import type { EventStore } from './event-store.ts';
import { isAfter } from './event-writes.ts';
import { type GroupState, membersAt, realmsOf } from './group-state.ts';
import type { Hides } from './reading-marks.ts';
import type { Rosters } from './rosters.ts';

export interface ReadersComponents {
  readonly realm: RealmName;
  readonly store: Pick<EventStore, 'message' | 'messagesOf' | 'delivered' | 'readPosition' | 'hasArrived' | 'receipts'>;
  readonly rosters: Pick<Rosters, 'find'>;
  readonly directory: Pick<Directory, 'findById'>;
  readonly hides: Hides;
  readonly errands: Pick<Errands, 'ask' | 'answer'>;
  readonly clock: Clock;
  readonly log: Log;
}

export interface ReadersView {
  readonly readers: readonly Reader[];
  /** Realms with members of which nobody knows anything now. */
  readonly away: readonly RealmName[];
}

/** Questions of one user, and of all. */
const OF_USER = { perSecond: 0.2, burst: 20 };
const OF_ALL_USERS = { perSecond: 2, burst: 50 };
/** Questions of one realm, and of all. */
const OF_REALM = { perSecond: 2, burst: 100 };
const OF_ALL_REALMS = { perSecond: 20, burst: 500 };
/** Realms that are asked for one message: an errand is for a few. */
const MAX_ASKED = 40;
/** Milliseconds that a person waits. */
const DEADLINE = 10_000;

export class Readers {
  readonly #parts: ReadersComponents;
  readonly #users: RateLimiter;
  readonly #realms: RateLimiter;

  constructor(parts: ReadersComponents) {
    this.#parts = parts;
    this.#users = new RateLimiter(parts.clock, OF_USER, OF_ALL_USERS);
    this.#realms = new RateLimiter(parts.clock, OF_REALM, OF_ALL_REALMS);
    parts.errands.answer(READERS_ERRAND, async (origin, body) => encodeReaders(await this.#answer(origin, body)));
  }

  /** For whoever wrote it. @throws RefusedError `message-unknown`, `readers-rate` */
  async of(sender: UserId, message: MessageId, signal: AbortSignal): Promise<ReadersView> {
    const { store, rosters, realm } = this.#parts;
    const entry = await store.message(message, sender);
    if (!entry) throw unknown(message);
    const group = await rosters.find(entry.conversation);
    if (!group) return { readers: await this.#told(message, sender), away: [] };
    if (!this.#users.take(sender)) throw tooMany(sender);
    const question = { conversation: entry.conversation, message, sender };
    const others = [...realmsOf(group)].filter((one) => one !== realm);
    const asked = others.slice(0, MAX_ASKED);
    const answers = await Promise.all(asked.map((one) => this.#ask(one, group, question, signal)));
    const away = [...asked.filter((_, i) => answers[i] === undefined), ...others.slice(MAX_ASKED)];
    const here = await this.#here(question, group);
    return { readers: [...here, ...answers.flatMap((one) => one ?? [])], away };
  }

  /** In a conversation of two the receipts have come. */
  async #told(message: MessageId, sender: UserId): Promise<Reader[]> {
    const receipts = await this.#parts.store.receipts(message, sender);
    return receipts.flatMap(({ user, state }) => (state === 'failed' ? [] : [{ user, state }]));
  }

  async #ask(
    realm: RealmName,
    group: GroupState,
    question: ReadersQuestion,
    signal: AbortSignal,
  ): Promise<readonly Reader[] | undefined> {
    const { clock, errands, log } = this.#parts;
    try {
      const body = await within(clock, DEADLINE, `answer of ${realm}`, signal, (limited) =>
        errands.ask(realm, READERS_ERRAND, encodeReadersQuestion(question), limited),
      );
      // A realm speaks for its own users only.
      const theirs = new Set(membersAt(group, realm));
      return decodeReaders(body).filter(({ user }) => theirs.has(user));
    } catch (error) {
      if (signal.aborted) throw error;
      log.info({ realm, code: codeOf(error) }, 'a realm did not tell who has a message');
      return undefined;
    }
  }

  async #answer(origin: RealmName, body: Uint8Array): Promise<Reader[]> {
    if (!this.#realms.take(origin)) throw tooMany(origin);
    const question = decodeReadersQuestion(body);
    const group = await this.#parts.rosters.find(question.conversation);
    const entry = await this.#parts.store.message(question.message, question.sender);
    if (!group || entry?.conversation !== question.conversation) throw unknown(question.message);
    const home = this.#parts.directory.findById(question.sender)?.home ?? group.members.get(question.sender)?.home;
    if (home !== origin) throw new RefusedError('foreign-sender', `${question.sender} is not of ${origin}`);
    return this.#here(question, group);
  }

  /** Users of this realm who have it. */
  async #here({ conversation, message, sender }: ReadersQuestion, group: GroupState): Promise<Reader[]> {
    const { realm, store, hides } = this.#parts;
    const entry = await store.message(message, sender);
    if (!entry) return [];
    const found = await Promise.all(
      membersAt(group, realm).map(async (user): Promise<Reader[]> => {
        if (user === sender || !(await store.hasArrived(user, entry.cursor))) return [];
        const position = await store.readPosition(user, conversation);
        if (reaches(position?.at, entry.cursor) && !hides.reading(user, sender)) return [{ user, state: 'read' }];
        if (hides.delivery?.(user) || !reaches(await store.delivered(user), entry.cursor)) return [];
        return [{ user, state: 'delivered' }];
      }),
    );
    return found.flat();
  }
}

function reaches(mark: Cursor | undefined, at: Cursor): boolean {
  return mark !== undefined && !isAfter(at, mark);
}

function unknown(message: MessageId): RefusedError {
  return new RefusedError('message-unknown', `no message ${message} that may be asked about`);
}

function tooMany(who: string): RefusedError {
  return new RefusedError('readers-rate', `${who} asks too often who has read something`, {
    hint: 'Try again in a minute.',
  });
}
