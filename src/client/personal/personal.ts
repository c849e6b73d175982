// What is the user's own in conversations: read marks, what is hidden or deleted, drafts, pins, and what disappears. Puts the parts beside this
// file together, and follows what the server tells of them. A history is deleted here because the vault says so: a server that claims it
// makes this device look into the vault, no more.
import type { RosterKind } from '../../crypto/roster.ts';
import { emptyAnswer } from '../../protocols/lan/routes.ts';
import type { BlobId } from '../../realm/blob-id.ts';
import type { Clock } from '../../realm/clock.ts';
import { CanopyError } from '../../realm/errors.ts';
import type { ConversationId, MessageId, UserId } from '../../realm/ids.ts';
import { fileOf } from '../bodies.ts';
import { type ClientCache, changesOf } from '../cache/cache.ts';
import type { Chats } from '../chats.ts';
import type { Http } from '../http.ts';
import type { Library } from '../library.ts';
import type { Going, Holding } from '../sync/holding.ts';
import { erased, type OpenedEvent, type Receipt } from '../timeline/events.ts';
import { disappearsAt, isCleared } from '../timeline/reading.ts';
import { emptyTimeline, reduceTimeline, type TimelineAction } from '../timeline/state.ts';
import type { Vault } from '../vault/vault.ts';
import { Deletions } from './deletions.ts';
import { Disappearing } from './disappearing.ts';
import { Drafts } from './drafts.ts';
import type { Draft } from './forms.ts';
import { Pins } from './pins.ts';
import { ServerErasures } from './server-erasures.ts';
import { Settled } from './settled.ts';

/** Events among which the last one that arrived is. */
const PAGE = 200;

export interface PersonalComponents {
  readonly vault: Vault;
  readonly cache: ClientCache;
  readonly http: Pick<Http, 'post'>;
  readonly clock: Clock;
  readonly me: UserId;
  readonly holding: Holding;
  readonly chats: Chats;
  readonly library: Pick<Library, 'opened'>;
  /** Bodies that are kept for a while as they came. */
  readonly forgetSealed: (
    conversation: ConversationId,
    ids: readonly MessageId[],
    blobs?: readonly BlobId[],
  ) => Promise<void>;
  readonly members: (conversation: ConversationId) => Promise<readonly UserId[]>;
  readonly kindOf: (conversation: ConversationId) => Promise<RosterKind | undefined>;
  readonly onDraft: (conversation: ConversationId, draft: Draft | undefined) => void;
  readonly onPins: (pinned: readonly ConversationId[]) => void;
}

export class Personal {
  readonly drafts: Drafts;
  readonly pins: Pins;
  readonly #parts: PersonalComponents;
  readonly #settled: Settled;
  readonly #disappearing: Disappearing;
  readonly #erasures: ServerErasures;
  readonly #deletions: Deletions;

  constructor(components: PersonalComponents) {
    this.#parts = components;
    const { vault, clock, onDraft, onPins } = components;
    this.#erasures = new ServerErasures(components);
    this.#settled = new Settled({ vault, clock, onSettled: (id, actions) => this.#onSettled(id, actions) });
    this.drafts = new Drafts({ ...components, onChange: onDraft });
    this.pins = new Pins({ ...components, onChange: onPins });
    this.#deletions = new Deletions({ ...components, erase: (id, events) => this.#erase(id, events) });
    this.#disappearing = new Disappearing({
      ...components,
      settled: (conversation) => this.settled(conversation),
      erase: (conversation, events) => this.#erase(conversation, events),
      eraseForAll: (ids) => this.#erasures.add(ids),
    });
  }

  async open(): Promise<void> {
    await this.drafts.open();
    await this.pins.open();
    await this.#disappearing.open();
    await this.#deletions.open(this.#settled.hidden());
    // Of histories that were deleted while this device was off.
    for (const id of this.#settled.cleared()) await this.#parts.holding.clear(id, this.#settled.clearedUpTo(id));
  }

  settled(conversation: ConversationId): readonly TimelineAction[] {
    return this.#settled.of(conversation);
  }

  /** What the server could not be asked before. */
  connected(): void {
    void this.#erasures.ask();
  }

  /** Before these are held. @throws LocalError `cache-full`, `cache-failed` */
  note(events: readonly OpenedEvent[]): Promise<void> {
    return this.#disappearing.note(events);
  }

  held(events: readonly OpenedEvent[]): void {
    void this.#disappearing.held(events);
  }

  /** Of these are held: deletions for all, whose bodies go here, too. Never rejects. */
  deletedForAll(events: readonly OpenedEvent[]): Promise<void> {
    return this.#deletions.forAll(events);
  }

  /** Read long enough ago, hidden, or in a history that was deleted, on whichever device: nobody is told of it as of something new. */
  isOver(event: OpenedEvent): boolean {
    const { conversation } = event;
    const state = this.settled(conversation).reduce(reduceTimeline, emptyTimeline(conversation));
    const gone = disappearsAt(state, event, this.#parts.me) ?? Number.POSITIVE_INFINITY;
    return gone <= this.#parts.clock.now() || state.hidden.has(event.id) || isCleared(state, event);
  }

  /** Deleted by the user for himself alone. */
  isHidden({ conversation, id }: Pick<OpenedEvent, 'conversation' | 'id'>): boolean {
    return this.#settled.isHidden(conversation, id);
  }

  /**
   * The cache has lost what these said. What the own user changed in a message that is over goes at the servers with it.
   * @throws LocalError `cache-full`, `cache-failed`
   */
  async gone(conversation: ConversationId, events: readonly OpenedEvent[], how: Going): Promise<void> {
    // Not by their ids alone: others may have used them.
    this.#parts.chats.events(events.map(erased));
    const ids = events.map(({ id }) => id);
    await this.#parts.forgetSealed(conversation, ids, blobsOf(events));
    if (how === 'removed') return;
    for (const { id, sender, content } of events) {
      if (sender !== this.#parts.me || content?.kind !== 'edit') continue;
      const { target } = content;
      if (this.isHidden({ conversation, id: target }) || (await this.#disappearing.changed(target, id))) continue;
      await this.#erasures.add([id]);
    }
  }

  receipts(receipts: readonly Receipt[]): void {
    const read = receipts.filter(({ state }) => state === 'read');
    if (read.length > 0) void this.#disappearing.told(read.map(({ id }) => id));
  }

  /**
   * Everything up to the message is read, as of now: at once here, and on the other devices by the vault. On another device it was before
   * now, whatever a server says: what is to disappear must not wait for a time that it made up.
   */
  async read(conversation: ConversationId, id: MessageId, told = Number.POSITIVE_INFINITY): Promise<void> {
    const at = Math.min(told, this.#parts.clock.now());
    const event = await this.#find(conversation, id);
    const arrivedAt = event?.arrivedAt ?? event?.stamp?.ms;
    if (arrivedAt !== undefined) this.#settled.read(conversation, { arrivedAt, at });
  }

  /** Its sender took it back, or its time was over. */
  async removed(conversation: ConversationId, id: MessageId): Promise<void> {
    const [event] = await this.#parts.cache.find(conversation, [{ id }]);
    if (event) await this.#erase(conversation, await this.#withChanges(event));
    else this.#parts.chats.take(conversation, { kind: 'gone', ids: [id] });
  }

  /** The server says that another device deleted a history: whether the user did is in the vault. */
  async cleared(): Promise<void> {
    await this.#parts.vault.refresh().catch(passing);
  }

  /** Deletes for the own user alone, on all devices. */
  hide(conversation: ConversationId, ids: readonly MessageId[]): Promise<void> {
    return this.#settled.hide(conversation, ids);
  }

  /** Deletes the history for the own user, on all devices and at the server. `entirely`: it leaves the list of conversations, too. */
  async clear(conversation: ConversationId, entirely: boolean): Promise<void> {
    const { events } = await this.#parts.cache.page(conversation, { limit: PAGE });
    const upTo = Math.max(0, ...events.map(({ arrivedAt, stamp }) => arrivedAt ?? stamp?.ms ?? 0));
    await this.#settled.clear(conversation, upTo);
    if (entirely) await this.pins.set(conversation, false);
    await this.#parts.http.post(`/conversations/${conversation}/clear`, { entirely }, emptyAnswer);
  }

  /** A deletion for all has reached the server, and is not yet held here: the bodies are to go there, too. */
  async deleted(conversation: ConversationId, targets: readonly MessageId[]): Promise<void> {
    const { cache, me } = this.#parts;
    const held = await cache.find(
      conversation,
      targets.map((id) => ({ id, sender: me })),
    );
    const events = await Promise.all(held.map((event) => this.#withChanges(event)));
    await this.#erasures.add([...new Set([...targets, ...events.flat().map(({ id }) => id)])]);
  }

  async close(): Promise<void> {
    await this.#settled.close();
    await this.drafts.close();
    this.pins.close();
    await this.#deletions.close();
    await this.#disappearing.close();
  }

  /** What was changed in a message says as much as the message. */
  async #withChanges(event: OpenedEvent): Promise<readonly OpenedEvent[]> {
    return [event, ...(await changesOf(this.#parts.cache, event))];
  }

  /** It is shown no more at once, be there room for its erasure or not. */
  #erase(conversation: ConversationId, events: readonly OpenedEvent[]): Promise<boolean> {
    this.#parts.chats.take(conversation, { kind: 'gone', ids: events.map(({ id }) => id) });
    return this.#parts.holding.erase(conversation, events);
  }

  #onSettled(conversation: ConversationId, actions: readonly TimelineAction[]): void {
    const { chats, holding } = this.#parts;
    chats.take(conversation, ...actions);
    for (const action of actions) {
      if (action.kind === 'cleared') void holding.clear(conversation, action.upTo);
      if (action.kind === 'hidden') void this.#deletions.hidden(action.ids.map((id) => ({ conversation, id })));
      if (action.kind === 'read') void this.#disappearing.read(conversation);
    }
  }

  async #find(conversation: ConversationId, id: MessageId): Promise<OpenedEvent | undefined> {
    const [held] = await this.#parts.cache.find(conversation, [{ id }]);
    return held ?? (await this.#parts.library.opened(id).catch(passing));
  }
}

function blobsOf(events: readonly OpenedEvent[]): readonly BlobId[] {
  return events.flatMap((event) => fileOf(event).file?.blob ?? []);
}

/** What can't be asked now is settled by what comes next. */
function passing(error: unknown): undefined {
  if (!(error instanceof CanopyError)) throw error;
}
