// What came to a desk, worked off: opened events and lines are held and shown, frames that are no events go to the part that they concern.
import { toString } from 'uint8arrays/to-string';
import type { Clock } from '../realm/clock.ts';
import { CanopyError } from '../realm/errors.ts';
import { type ConversationId, directConversationId, type UserId } from '../realm/ids.ts';
import type { Account } from './account/account.ts';
import type { ClientCache } from './cache/cache.ts';
import type { Chats } from './chats.ts';
import type { Emitter } from './emitter.ts';
import type { Engine } from './engine/engine.ts';
import type { GroupNews } from './engine/group-following.ts';
import type { Reopened } from './engine/mailroom.ts';
import type { OtherFrame } from './incoming.ts';
import type { PendingChange, PendingChanges } from './pending-changes.ts';
import type { Personal } from './personal/personal.ts';
import type { ClientEvents, Me } from './surface.ts';
import type { Holding } from './sync/holding.ts';
import type { Telling } from './telling.ts';
import { erased, isErased, type OpenedEvent, type SystemLine, withTombstones } from './timeline/events.ts';
import { askedLines, linesOf } from './timeline/system-lines.ts';

/** Cache records of what was told once. */
const TOLD = 'told';

export interface DeskNewsComponents {
  readonly me: Me;
  readonly account: Account;
  readonly cache: ClientCache;
  readonly events: Emitter<ClientEvents>;
  readonly clock: Clock;
  readonly holding: Holding;
  readonly telling: Telling;
  /** Of the same desk; there once the first news comes. */
  readonly desk: {
    readonly chats: Chats;
    readonly personal: Personal;
    readonly engine: Engine;
    readonly pending: PendingChanges;
  };
}

export class DeskNews {
  readonly #c: DeskNewsComponents;
  readonly #unlisten: () => void;

  constructor(components: DeskNewsComponents) {
    this.#c = components;
    const changed = ({ user }: ClientEvents['identity-changed']) => void this.#identityChanged(user).catch(passing);
    const { events, desk } = components;
    const unlisten = [
      events.on('identity-changed', changed),
      // A home may be back.
      events.on('islands', () => desk.pending.retry()),
    ];
    this.#unlisten = () => unlisten.forEach((end) => end());
  }

  close(): void {
    this.#unlisten();
  }

  /** Resolves with them as they are to be told: what says nothing any more was over for this user before it came. */
  async keep(opened: readonly OpenedEvent[]): Promise<readonly OpenedEvent[]> {
    const { holding, desk } = this.#c;
    const events = withTombstones(opened);
    const gone: OpenedEvent[] = [];
    for (const event of events) gone.push(...(await holding.hold(event.conversation, { events: [event] })));
    desk.chats.events(events);
    await desk.personal.deletedForAll(events);
    const isOver = (event: OpenedEvent) => gone.some((one) => isSame(one, event)) || desk.personal.isOver(event);
    return opened.map((event) => (isOver(event) ? erased(event) : event));
  }

  async sent(event: OpenedEvent): Promise<void> {
    const { conversation, content } = event;
    if (content?.kind === 'delete') await this.#c.desk.personal.deleted(conversation, content.targets);
    await this.keep([event]);
  }

  /** Told now that it says something; again, when its key took long. */
  async reopened(opened: readonly Reopened[]): Promise<void> {
    const held = await this.keep(opened.map(({ event }) => event));
    for (const [at, { message }] of opened.entries()) {
      const event = held[at];
      if (event && !isErased(event)) await this.#c.telling.tell(message, event);
    }
  }

  /** What a commit did to the members, as lines of the timeline. */
  async grouped(conversation: ConversationId, news: GroupNews): Promise<void> {
    await this.#line(conversation, linesOf(news, this.#c.me.user.id));
    this.#c.events.emit('members', { conversation });
  }

  /** What members want and nobody could do yet: a line for each wish, which stays when it is done. */
  async asked(conversation: ConversationId, pending: readonly PendingChange[]): Promise<void> {
    await this.#line(conversation, askedLines(pending, this.#c.clock.now()));
    this.#c.events.emit('members', { conversation });
  }

  async other(frame: OtherFrame): Promise<void> {
    const { desk, account, events } = this.#c;
    switch (frame.kind) {
      case 'receipt':
        return this.#receipt(frame);
      case 'commit':
        await desk.engine.committed(frame.conversation);
        return this.#look(frame.conversation);
      case 'intent':
        return this.#look(frame.conversation, true);
      case 'mail':
        return desk.engine.mailed();
      case 'vault':
        await account.vault.refresh().catch(passing);
        return;
      case 'position':
        return desk.personal.read(frame.conversation, frame.upTo, frame.at);
      case 'removed':
        return desk.personal.removed(frame.conversation, frame.id);
      case 'cleared':
        await desk.personal.cleared();
        return events.emit('cleared', { conversation: frame.conversation });
    }
  }

  /** In its own time: the frames behind it wait for nothing that a home out of reach has to answer. */
  #look(conversation: ConversationId, isNew = false): void {
    const { pending } = this.#c.desk;
    void (isNew ? pending.look(conversation) : pending.changed(conversation)).catch(passing);
  }

  async #receipt(frame: Extract<OtherFrame, { kind: 'receipt' }>): Promise<void> {
    const { desk, holding } = this.#c;
    const { conversation, ids, by, state, at, code } = frame;
    const receipts = ids.map((id) => ({ id, by, state, at, ...(code !== undefined && { code }) }));
    desk.chats.receipts(conversation, receipts);
    await holding.hold(conversation, { receipts });
    return desk.personal.receipts(receipts);
  }

  async #line(conversation: ConversationId, lines: readonly SystemLine[]): Promise<void> {
    if (lines.length === 0) return;
    this.#c.desk.chats.take(conversation, { kind: 'lines', lines });
    await this.#c.holding.hold(conversation, { lines });
  }

  /** Once for each new identity, in the conversation with that person. */
  async #identityChanged(user: UserId): Promise<void> {
    const { account, cache, clock, me } = this.#c;
    const { changedTo } = await account.keysOf(user);
    if (!changedTo) return;
    const id = `identity/${user}/${toString(changedTo, 'hex')}`;
    if (await cache.record(TOLD, id)) return;
    const line = { id, what: 'identity-changed', users: [user], stamp: { ms: clock.now(), counter: 0 } } as const;
    await this.#line(directConversationId(me.user.id, user), [line]);
    await cache.setRecords(TOLD, new Map([[id, new Uint8Array()]]));
  }
}

function isSame(a: OpenedEvent, b: OpenedEvent): boolean {
  return a.id === b.id && a.sender === b.sender;
}

function passing(error: unknown): void {
  if (!(error instanceof CanopyError)) throw error;
}
