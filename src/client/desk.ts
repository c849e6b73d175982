// What stands between a signed-in user whose account is open and the server: encryption, what is held here, sending and receiving.
// It exists as long as the account is open on this device, and everything in it belongs to that user.

import { toString } from 'uint8arrays/to-string';
import type { RosterKind } from '../crypto/roster.ts';
import type { ClientFrame } from '../protocols/lan/frames.ts';
import type { FrameMessage } from '../protocols/lan/wire.ts';
import type { Clock } from '../realm/clock.ts';
import { CanopyError } from '../realm/errors.ts';
import { type ConversationId, directConversationId, type MessageId, type UserId } from '../realm/ids.ts';
import type { RandomBytes } from '../realm/random.ts';
import { parseUserAddress } from '../realm/user-address.ts';
import type { Account } from './account/account.ts';
import { isMessage, readMessage } from './bodies.ts';
import type { ClientCache } from './cache/cache.ts';
import { cacheStorage } from './cache/cache-storage.ts';
import { sentenceOf } from './catalogue/catalogue.ts';
import { english } from './catalogue/en.ts';
import { Chats } from './chats.ts';
import { Contacts } from './contacts.ts';
import type { Emitter } from './emitter.ts';
import { Engine } from './engine/engine.ts';
import type { GroupNews } from './engine/group-following.ts';
import type { Reopened } from './engine/mailroom.ts';
import { Files } from './files/files.ts';
import { findMessages, type SearchHit } from './finding.ts';
import { Groups } from './groups.ts';
import type { Http } from './http.ts';
import { Incoming, type OtherFrame } from './incoming.ts';
import { Library } from './library.ts';
import type { People } from './people.ts';
import { Personal } from './personal/personal.ts';
import { SearchIndex, type SearchOptions } from './search/search-index.ts';
import { Sending } from './sending.ts';
import type { Act, ClientEvents, Conversation, Me } from './surface.ts';
import { CatchingUp } from './sync/catching-up.ts';
import { Holding } from './sync/holding.ts';
import type { OpenedEvent, SystemLine } from './timeline/events.ts';
import { linesOf } from './timeline/system-lines.ts';
import { Writing } from './writing.ts';

/** Cache records of what was told once. */
const TOLD = 'told';

export interface DeskComponents {
  readonly me: Me;
  readonly account: Account;
  readonly cache: ClientCache;
  readonly http: Http;
  readonly people: People;
  readonly events: Emitter<ClientEvents>;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly send: (frame: ClientFrame) => boolean;
  readonly isConnected: () => boolean;
  readonly onLive: () => void;
}

export class Desk {
  readonly library: Library;
  readonly sending: Sending;
  readonly incoming: Incoming;
  readonly chats: Chats;
  readonly engine: Engine;
  readonly files: Files;
  readonly groups: Groups;
  readonly personal: Personal;
  readonly contacts: Contacts;
  readonly #parts: DeskComponents;
  readonly #holding: Holding;
  readonly #index: SearchIndex;
  readonly #catchingUp: CatchingUp;
  readonly #kinds = new Map<ConversationId, RosterKind>();
  readonly #over = new AbortController();
  #filling: Promise<void> | undefined;
  readonly #writing: Writing;
  readonly #unlisten: () => void;

  private constructor(components: DeskComponents, index: SearchIndex) {
    this.#parts = components;
    this.#index = index;
    const { me, account, cache, http, people, events, clock, random } = components;
    const onTrouble = (code: string) => events.emit('error', { code, params: {}, message: sentenceOf(english, code) });
    this.#holding = new Holding({ cache, index, clock, onTrouble });
    this.engine = new Engine({
      account,
      cache,
      http,
      clock,
      random,
      home: parseUserAddress(me.user.address).realm,
      onNews: (conversation, news) => void this.#news(conversation, news),
      onOpened: (opened) => void this.#reopened(opened),
      onTrouble,
    });
    this.groups = new Groups({
      engine: this.engine,
      me: me.user.id,
      home: parseUserAddress(me.user.address).realm,
      describe: (conversation, name) => this.act(conversation, { kind: 'profile', name }),
      restate: (conversation) => this.#writing.restate(conversation),
    });
    const open = (message: FrameMessage) => this.engine.open(message);
    this.library = new Library({ http, people, me: () => me, open });
    this.chats = new Chats({
      cache,
      me: me.user.id,
      clock,
      kindOf: (conversation) => this.#kindOf(conversation),
      settled: (conversation) => this.personal.settled(conversation),
      unsent: (conversation) => this.#writing.unsent(conversation),
    });
    this.#writing = new Writing({
      ...components,
      engine: this.engine,
      chats: this.chats,
      sending: () => this.sending,
      onSent: (event) => this.#sent(event),
    });
    this.personal = new Personal({
      ...components,
      me: me.user.id,
      vault: account.vault,
      holding: this.#holding,
      chats: this.chats,
      library: this.library,
      members: (conversation) => this.#membersOf(conversation),
      onDraft: (conversation, draft) => events.emit('draft', { conversation, draft }),
    });
    this.contacts = new Contacts({ http, account, personal: this.personal });
    this.#unlisten = events.on('identity-changed', ({ user }) => void this.#identityChanged(user).catch(passing));
    this.#catchingUp = new CatchingUp({
      source: this.library,
      cache,
      holding: this.#holding,
      open,
      onHeld: (_conversation, held) => {
        this.chats.events(held);
        void this.personal.held(held);
      },
    });
    const shared = { ...components, storage: cacheStorage(cache) };
    this.files = new Files({ ...shared, me: () => me.user.id });
    this.sending = new Sending({
      ...shared,
      library: this.library,
      seal: (entry) => this.#writing.seal(entry),
      onQueued: (entry) => this.#writing.queued(entry),
      onStored: (entry, stamp) => this.#writing.stored(entry, stamp),
    });
    this.incoming = new Incoming({
      ...shared,
      sending: this.sending,
      open,
      isWaiting: (id) => this.engine.isWaiting(id),
      onEvent: (event) => this.#keep([event]),
      onOther: (frame) => this.#other(frame),
      isStored: () => this.#holding.isStored(),
    });
  }

  static async open(components: DeskComponents): Promise<Desk> {
    const desk = new Desk(components, await SearchIndex.open(components.cache));
    await desk.#holding.open();
    await desk.#catchingUp.open();
    await desk.personal.open();
    await desk.incoming.open();
    await desk.sending.open();
    await desk.engine.ready();
    return desk;
  }

  /** After the server's hello: what waits goes out, what waits there comes in. */
  connected(): void {
    this.sending.resend();
    this.personal.connected();
    void this.engine.connected().then(() => this.catchUp());
  }

  /** The server went on without telling all, or this device is new: what is missing is fetched by conversation, newest first. */
  catchUp(): Promise<void> {
    this.#filling ??= this.#fill().finally(() => {
      this.#filling = undefined;
    });
    return this.#filling;
  }

  act(conversation: ConversationId, act: Act): Promise<MessageId> {
    return this.#writing.act(conversation, act);
  }

  /** Everything in the message's conversation up to it is read: at once here, and told to the server. */
  async markRead(id: MessageId, known?: ConversationId): Promise<void> {
    const conversation = known ?? this.incoming.conversationOf(id) ?? (await this.library.opened(id)).conversation;
    this.incoming.markRead(conversation, id);
    await this.personal.read(conversation, id);
  }

  /** What is unread is counted by what is held here: the server counts what nobody sees, too. */
  async conversations(signal?: AbortSignal): Promise<readonly Conversation[]> {
    const listed = await this.library.conversations(signal);
    return Promise.all(
      listed.map(async (one) =>
        one.unread === 0 ? one : { ...one, ...(await this.chats.unread(one.id, one.unread)) },
      ),
    );
  }

  search(question: string, options: SearchOptions): Promise<readonly SearchHit[]> {
    const { cache, me, clock } = this.#parts;
    const kindOf = async (conversation: ConversationId) => (await this.#kindOf(conversation)) ?? 'direct';
    return findMessages(question, options, {
      index: this.#index,
      cache,
      me: me.user.id,
      kindOf,
      clock,
      settled: (conversation) => this.personal.settled(conversation),
    });
  }

  /** Before the connection closes. */
  disconnected(): void {
    this.incoming.stop();
    this.sending.stop();
  }

  async close(): Promise<void> {
    await this.#rise();
    await this.#holding.close();
    await this.#parts.cache.close();
  }

  /** Nothing of it stays on this device. */
  async wipe(): Promise<void> {
    await this.#rise();
    await this.#parts.cache.wipe();
  }

  async #rise(): Promise<void> {
    this.#over.abort();
    this.#unlisten();
    this.disconnected();
    await this.#filling;
    this.engine.close();
    await this.incoming.close();
    await this.personal.close();
  }

  async #fill(): Promise<void> {
    try {
      await this.#catchingUp.look(this.#over.signal);
      await this.#catchingUp.fill(this.#over.signal);
    } catch (error) {
      // The gaps are written down: the next connection goes on with them.
      if (!this.#over.signal.aborted) passing(error);
    }
  }

  /** Told now that it says something; again, when its key took long. */
  async #reopened(opened: readonly Reopened[]): Promise<void> {
    const { events, people, me } = this.#parts;
    await this.#keep(opened.map(({ event }) => event));
    for (const { message, event } of opened) {
      if (isMessage(event)) events.emit('message', await readMessage(message, event, people, me.user.id));
    }
  }

  async #keep(events: readonly OpenedEvent[]): Promise<void> {
    for (const event of events) await this.#holding.hold(event.conversation, { events: [event] });
    this.chats.events(events);
    await this.personal.held(events);
  }

  async #sent(event: OpenedEvent): Promise<void> {
    await this.#keep([event]);
    if (event.content?.kind === 'delete') await this.personal.deleted(event.content.targets);
  }

  /** What a commit did to the members, as lines of the timeline. */
  async #news(conversation: ConversationId, news: GroupNews): Promise<void> {
    await this.#line(conversation, linesOf(news, this.#parts.me.user.id));
    this.#parts.events.emit('members', { conversation });
  }

  async #line(conversation: ConversationId, lines: readonly SystemLine[]): Promise<void> {
    if (lines.length === 0) return;
    this.chats.take(conversation, { kind: 'lines', lines });
    await this.#holding.hold(conversation, { lines });
  }

  /** Once for each new identity, in the conversation with that person. */
  async #identityChanged(user: UserId): Promise<void> {
    const { account, cache, clock, me } = this.#parts;
    const { changedTo } = await account.keysOf(user);
    if (!changedTo) return;
    const id = `identity/${user}/${toString(changedTo, 'hex')}`;
    if (await cache.record(TOLD, id)) return;
    const line = { id, what: 'identity-changed', users: [user], stamp: { ms: clock.now(), counter: 0 } } as const;
    await this.#line(directConversationId(me.user.id, user), [line]);
    await cache.setRecords(TOLD, new Map([[id, new Uint8Array()]]));
  }

  async #other(frame: OtherFrame): Promise<void> {
    switch (frame.kind) {
      case 'receipt': {
        const { conversation, ids, by, state, at, code } = frame;
        const receipts = ids.map((id) => ({ id, by, state, at, ...(code !== undefined && { code }) }));
        this.chats.receipts(conversation, receipts);
        await this.#holding.hold(conversation, { receipts });
        return this.personal.receipts(receipts);
      }
      case 'commit':
        return this.engine.committed(frame.conversation);
      case 'mail':
        return this.engine.mailed();
      case 'vault':
        await this.#parts.account.vault.refresh().catch(passing);
        return;
      case 'position':
        return this.personal.read(frame.conversation, frame.upTo, frame.at);
      case 'removed':
        return this.personal.removed(frame.conversation, frame.id);
      case 'cleared':
        await this.personal.cleared();
        return this.#parts.events.emit('cleared', { conversation: frame.conversation });
    }
  }

  /** Also of a conversation that this device has not joined: what other devices of the user keep in the vault says it. Never changes. */
  async #kindOf(conversation: ConversationId): Promise<RosterKind | undefined> {
    const kind = this.#kinds.get(conversation) ?? (await this.engine.kind(conversation));
    if (kind !== undefined) this.#kinds.set(conversation, kind);
    return kind;
  }

  async #membersOf(conversation: ConversationId): Promise<readonly UserId[]> {
    return (await this.#group(conversation))?.roster.members.map(({ user }) => user) ?? [];
  }

  #group(conversation: ConversationId) {
    return this.engine.present(conversation);
  }
}

function passing(error: unknown): void {
  if (!(error instanceof CanopyError)) throw error;
}
