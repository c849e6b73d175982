// What stands between a signed-in user whose account is open and the server: encryption, what is held here, sending and receiving.
// It exists as long as the account is open on this device, and everything in it belongs to that user.

import type { MadeContent } from '../crypto/content.ts';
import { type RosterKind, roleOf } from '../crypto/roster.ts';
import type { ClientFrame } from '../protocols/lan/frames.ts';
import type { FrameMessage, Stamp } from '../protocols/lan/wire.ts';
import type { Clock } from '../realm/clock.ts';
import { CanopyError, RefusedError } from '../realm/errors.ts';
import { type ConversationId, type MessageId, parseMessageId } from '../realm/ids.ts';
import type { RandomBytes } from '../realm/random.ts';
import { parseUserAddress } from '../realm/user-address.ts';
import type { Account } from './account/account.ts';
import type { ClientCache } from './cache/cache.ts';
import { cacheStorage } from './cache/cache-storage.ts';
import { sentenceOf } from './catalogue/catalogue.ts';
import { english } from './catalogue/en.ts';
import { Chats } from './chats.ts';
import type { Emitter } from './emitter.ts';
import { Engine } from './engine/engine.ts';
import { failure } from './failure.ts';
import { Files } from './files/files.ts';
import { findMessages, type SearchHit } from './finding.ts';
import { Groups } from './groups.ts';
import type { Http } from './http.ts';
import { Incoming, type OtherFrame } from './incoming.ts';
import { Library } from './library.ts';
import type { Outgoing } from './outgoing.ts';
import type { People } from './people.ts';
import { randomId } from './random-id.ts';
import { SearchIndex, type SearchOptions } from './search/search-index.ts';
import { Sending } from './sending.ts';
import type { Act, ClientEvents, Me } from './surface.ts';
import { CatchingUp } from './sync/catching-up.ts';
import { Holding } from './sync/holding.ts';
import type { OpenedEvent } from './timeline/events.ts';

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
  readonly #parts: DeskComponents;
  readonly #holding: Holding;
  readonly #index: SearchIndex;
  readonly #catchingUp: CatchingUp;
  readonly #over = new AbortController();
  #filling: Promise<void> | undefined;
  readonly #unsent = new Map<MessageId, OpenedEvent>();

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
      onNews: () => {},
      onOpened: (opened) => void this.#keep(opened),
      onTrouble,
    });
    this.groups = new Groups({
      engine: this.engine,
      me: me.user.id,
      home: parseUserAddress(me.user.address).realm,
      describe: (conversation, name) => this.act(conversation, { kind: 'profile', name }),
    });
    const open = (message: FrameMessage) => this.engine.open(message);
    this.library = new Library({ http, people, me: () => me, open });
    this.chats = new Chats({
      cache,
      me: me.user.id,
      clock,
      kindOf: (conversation) => this.#kindOf(conversation),
      settled: () => [],
      unsent: (conversation) => [...this.#unsent.values()].filter((event) => event.conversation === conversation),
    });
    this.#catchingUp = new CatchingUp({
      source: this.library,
      cache,
      holding: this.#holding,
      open,
      onHeld: (_conversation, held) => this.chats.events(held),
    });
    const shared = { ...components, storage: cacheStorage(cache) };
    this.files = new Files({ ...shared, me: () => me.user.id });
    this.sending = new Sending({
      ...shared,
      library: this.library,
      seal: (entry) => this.#seal(entry),
      onQueued: (entry) => this.#queued(entry),
      onStored: (entry, stamp) => this.#stored(entry, stamp),
    });
    this.incoming = new Incoming({
      ...shared,
      sending: this.sending,
      open,
      onEvent: (event) => this.#keep([event]),
      onOther: (frame) => this.#other(frame),
      isStored: () => this.#holding.isStored(),
    });
  }

  static async open(components: DeskComponents): Promise<Desk> {
    const desk = new Desk(components, await SearchIndex.open(components.cache));
    await desk.#holding.open();
    await desk.#catchingUp.open();
    await desk.incoming.open();
    await desk.sending.open();
    await desk.engine.ready();
    return desk;
  }

  /** After the server's hello: what waits goes out, what waits there comes in. */
  connected(): void {
    this.sending.resend();
    void this.engine.connected().then(() => this.catchUp());
  }

  /** The server went on without telling all, or this device is new: what is missing is fetched by conversation, newest first. */
  catchUp(): Promise<void> {
    this.#filling ??= this.#fill().finally(() => {
      this.#filling = undefined;
    });
    return this.#filling;
  }

  /** Says or does something in a conversation that there is. Resolves with its id once it is queued. */
  async act(conversation: ConversationId, act: Act): Promise<MessageId> {
    const { me, people, clock } = this.#parts;
    const group = (await this.#group(conversation)) ?? (await this.engine.group(conversation));
    if (!group) throw failure(RefusedError, 'conversation-unknown');
    const { kind, members } = group.roster;
    const others = members.map(({ user }) => user).filter((user) => user !== me.user.id);
    const recipients = kind === 'direct' ? (others.length > 0 ? others : [me.user.id]) : [];
    const seen = await this.chats.timeline(conversation);
    const after = seen.view().heads;
    seen.close();
    const sentAt = clock.now();
    const content: MadeContent = { ...act, sentAt, ...(after.length > 0 && { after }) };
    const id = parseMessageId(randomId());
    const to = await Promise.all(recipients.map((user) => people.byId(user).catch(() => undefined)));
    const known = to.filter((user) => user !== undefined);
    await this.sending.submit({ id, conversation, recipients, sentAt, content }, known);
    return id;
  }

  search(question: string, options: SearchOptions): Promise<readonly SearchHit[]> {
    const { cache, me } = this.#parts;
    const kindOf = (conversation: ConversationId) => this.#kindOf(conversation);
    return findMessages(question, options, { index: this.#index, cache, me: me.user.id, kindOf });
  }

  /** Before the connection closes. */
  disconnected(): void {
    this.incoming.stop();
    this.sending.stop();
  }

  async close(): Promise<void> {
    this.#over.abort();
    this.disconnected();
    await this.#filling;
    this.engine.close();
    await this.incoming.close();
    await this.#holding.close();
    await this.#parts.cache.close();
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

  #seal({ id, conversation, recipients, content }: Outgoing): Promise<Uint8Array> {
    const { user, device } = this.#parts.me;
    return this.engine.seal(content, { conversation, message: id, sender: user.id, device }, recipients[0]);
  }

  async #keep(events: readonly OpenedEvent[]): Promise<void> {
    for (const event of events) await this.#holding.hold(event.conversation, { events: [event] });
    this.chats.events(events);
  }

  #queued({ id, conversation, recipients, content }: Outgoing): void {
    const { user, device } = this.#parts.me;
    const ids = { id, conversation, sender: user.id, device, recipients };
    const event: OpenedEvent = { ...ids, role: 'owner', state: 'queued', content };
    this.#unsent.set(id, event);
    this.chats.events([event]);
  }

  /** The server has it: it is held like what others wrote. */
  async #stored({ id }: Outgoing, stamp: Stamp): Promise<void> {
    const event = this.#unsent.get(id);
    if (!event) return;
    this.#unsent.delete(id);
    const group = await this.#group(event.conversation);
    const role = (group && roleOf(group.roster, event.sender)) ?? 'member';
    await this.#keep([{ ...event, role, state: 'stored', stamp }]);
  }

  async #other(frame: OtherFrame): Promise<void> {
    switch (frame.kind) {
      case 'receipt': {
        const { conversation, ids, by, state, at, code } = frame;
        const receipts = ids.map((id) => ({ id, by, state, at, ...(code !== undefined && { code }) }));
        this.chats.receipts(conversation, receipts);
        return this.#holding.hold(conversation, { receipts });
      }
      case 'commit':
        return this.engine.committed(frame.conversation);
      case 'mail':
        return this.engine.mailed();
      case 'vault':
        await this.#parts.account.vault.refresh().catch(passing);
        return;
      case 'position':
      case 'removed':
      case 'cleared':
        return;
    }
  }

  async #kindOf(conversation: ConversationId): Promise<RosterKind> {
    return (await this.#group(conversation))?.roster.kind ?? 'direct';
  }

  #group(conversation: ConversationId) {
    return this.engine.present(conversation);
  }
}

function passing(error: unknown): void {
  if (!(error instanceof CanopyError)) throw error;
}
