// Changes of a group that wait for its home: what was asked for while it was out of reach, shown as pending, and done by the first member
// who has the right to and reaches the home, removal first. Whoever does it checks that its author had the right to it as well.

import { type Intent, isFulfilled, type SignedIntent, wishedRoster } from '../crypto/intent.ts';
import type { GroupChange } from '../crypto/mls/committing.ts';
import type { MlsGroup } from '../crypto/mls/mls-group.ts';
import { assertMayChange } from '../crypto/mls/rights.ts';
import { type Roster, roleOf } from '../crypto/roster.ts';
import { type Clock, sleep } from '../realm/clock.ts';
import { CanopyError, codeOf, UnreachableError } from '../realm/errors.ts';
import { type ConversationId, type MessageId, parseConversationId, parseMessageId, type UserId } from '../realm/ids.ts';
import type { RandomBytes } from '../realm/random.ts';
import type { ClientCache } from './cache/cache.ts';
import type { Engine } from './engine/engine.ts';
import type { Intents } from './engine/intents.ts';
import { randomId } from './random-id.ts';

/** Cache records: conversations in which something was pending when this device looked last. */
const AREA = 'pending';
/** Changes that are made at one go. */
const MAX_AT_ONCE = 50;
/** Milliseconds that one waits at most so that not all who could make the same commit do. */
const MAX_DELAY = 2_000;

/** What is asked for of one person. */
export type Wish = Pick<Intent, 'act' | 'subject' | 'role'>;

export interface PendingChange extends Wish {
  readonly id: MessageId;
  readonly by: UserId;
  /** By the author's clock, milliseconds since 1970. */
  readonly at: number;
}

export interface PendingChangesComponents {
  readonly engine: Pick<Engine, 'known' | 'changeGroup' | 'packagesOf'> & {
    readonly intents: Pick<Intents, 'propose' | 'list'>;
  };
  readonly me: UserId;
  readonly cache: Pick<ClientCache, 'records' | 'setRecords'>;
  readonly clock: Clock;
  readonly random: RandomBytes;
  /** What is pending there may be other than before. */
  readonly onChange: (conversation: ConversationId, pending: readonly PendingChange[]) => Promise<void>;
  /** Somebody was let in, who has read nothing of before. */
  readonly onJoined: (conversation: ConversationId) => Promise<void>;
}

export class PendingChanges {
  readonly #c: PendingChangesComponents;
  /** Where something was pending when this device looked last. */
  readonly #open = new Set<ConversationId>();
  readonly #working = new Map<ConversationId, Promise<void>>();
  readonly #over = new AbortController();

  constructor(components: PendingChangesComponents) {
    this.#c = components;
  }

  /** What was pending when the client ended. */
  async open(): Promise<void> {
    for (const name of (await this.#c.cache.records(AREA)).keys()) this.#open.add(parseConversationId(name));
  }

  /** @throws PeerError `not-allowed`; what the server refuses; UnreachableError when it is away, too */
  async ask(conversation: ConversationId, wishes: readonly Wish[]): Promise<void> {
    const { engine, me, clock } = this.#c;
    const known = await engine.known(conversation);
    if (!known) throw new UnreachableError('home-away', 'nothing is known here of that group yet');
    const actor = { user: me, ownersGone: known.ownersGone };
    let wanted = known.roster;
    for (const wish of wishes) wanted = wishedRoster(wanted, wish);
    assertMayChange(known.roster, wanted, actor);
    for (const wish of wishes) {
      const id = parseMessageId(randomId());
      await engine.intents.propose({ ...wish, id, conversation, group: known.group, at: clock.now() });
    }
    await this.look(conversation);
  }

  /** Removal first. Nothing where the server shows nothing. */
  async list(conversation: ConversationId): Promise<readonly PendingChange[]> {
    const roster = (await this.#c.engine.known(conversation))?.roster;
    if (!roster || roster.kind === 'direct') return [];
    const intents = await this.#c.engine.intents.list(conversation);
    return intents.filter((intent) => isWanted(roster, intent)).map(pendingOf);
  }

  /** Somebody wants something changed, or something was changed. */
  async look(conversation: ConversationId): Promise<void> {
    const pending = await this.list(conversation);
    const before = this.#open.has(conversation);
    if (pending.length > 0) this.#open.add(conversation);
    else this.#open.delete(conversation);
    const kept = pending.length > 0 ? new Uint8Array() : undefined;
    if (before || kept) await this.#c.cache.setRecords(AREA, new Map([[conversation, kept]]));
    if (before || pending.length > 0) await this.#c.onChange(conversation, pending);
    if (pending.length > 0) this.fulfil(conversation);
  }

  /** A commit came: looked at again where something was pending. */
  async changed(conversation: ConversationId): Promise<void> {
    if (this.#open.has(conversation)) await this.look(conversation);
  }

  /** A home may be back. */
  retry(): void {
    for (const conversation of this.#open) this.fulfil(conversation);
  }

  /** In the background; what can't be done now is tried again with the next sign of life. */
  fulfil(conversation: ConversationId): void {
    if (this.#working.has(conversation) || this.#over.signal.aborted) return;
    const work = this.#fulfil(conversation)
      .catch(passing)
      .finally(() => this.#working.delete(conversation));
    this.#working.set(conversation, work);
  }

  async close(): Promise<void> {
    this.#over.abort(new UnreachableError('closed', 'the client is closing'));
    await Promise.all(this.#working.values());
  }

  async #fulfil(conversation: ConversationId): Promise<void> {
    const { engine, clock, random } = this.#c;
    const passed = new Set<MessageId>();
    for (let count = 0; count < MAX_AT_ONCE; count++) {
      if (!(await this.#next(conversation, passed))) break;
      await sleep(clock, ((random(1)[0] ?? 0) / 256) * MAX_DELAY, this.#over.signal);
      const next = await this.#next(conversation, passed);
      if (!next) break;
      passed.add(next.id);
      try {
        await engine.changeGroup(conversation, (group) => this.#changeOf(group, next));
        if (next.act === 'add') await this.#c.onJoined(conversation);
      } catch (error) {
        // One that can't be done must not hold up the others.
        if (!(error instanceof CanopyError) || error instanceof UnreachableError) throw error;
      }
    }
    await this.changed(conversation);
  }

  async #next(conversation: ConversationId, passed: ReadonlySet<MessageId>): Promise<SignedIntent | undefined> {
    const { engine, me } = this.#c;
    const known = await engine.known(conversation);
    if (!known || roleOf(known.roster, me) === undefined) return undefined;
    const { roster, ownersGone } = known;
    const intents = await engine.intents.list(conversation);
    return intents.find((intent) => !passed.has(intent.id) && mayDo({ roster, user: me, ownersGone }, intent));
  }

  /** Undefined when somebody was faster, or it may no longer be done. */
  async #changeOf(group: MlsGroup, intent: SignedIntent): Promise<GroupChange | undefined> {
    const { roster } = group;
    const { ownersGone } = group.actor;
    if (intent.group !== group.group || !mayDo({ roster, user: this.#c.me, ownersGone }, intent)) return undefined;
    const { subject, act } = intent;
    const leaving = group.members().filter(({ user }) => act === 'remove' && user === subject);
    const own = subject === this.#c.me;
    return {
      roster: wishedRoster(roster, intent),
      remove: own ? [] : leaving.map(({ user, device }) => ({ user, device })),
      add: act === 'add' ? await this.#c.engine.packagesOf([subject]) : [],
    };
  }
}

function isWanted(roster: Roster, intent: SignedIntent): boolean {
  return !isFulfilled(intent, roster) && may(roster, intent.certificate.user, false, intent);
}

function mayDo(
  { roster, user, ownersGone }: { roster: Roster; user: UserId; ownersGone: boolean },
  intent: SignedIntent,
): boolean {
  const { user: author } = intent.certificate;
  return (
    !isFulfilled(intent, roster) && may(roster, author, ownersGone, intent) && may(roster, user, ownersGone, intent)
  );
}

function may(roster: Roster, user: UserId, ownersGone: boolean, wish: Wish): boolean {
  if (roleOf(roster, user) === undefined) return false;
  try {
    const wanted = wishedRoster(roster, wish);
    assertMayChange(roster, wanted, { user, ownersGone });
    return wanted.members.some(({ role }) => role === 'owner');
  } catch (error) {
    if (codeOf(error) === 'not-allowed') return false;
    throw error;
  }
}

function pendingOf({ id, act, subject, role, at, certificate }: SignedIntent): PendingChange {
  return { id, act, subject, role, at, by: certificate.user };
}

function passing(error: unknown): void {
  if (!(error instanceof CanopyError)) throw error;
}
