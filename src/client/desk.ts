// What stands between a signed-in user whose account is open and the server: encryption, what is held here, sending and receiving.
// It exists as long as the account is open on this device, and everything in it belongs to that user.

import type { ClientFrame } from '../protocols/lan/frames.ts';
import { type ServerAnswer, serverAnswer } from '../protocols/lan/routes.ts';
import type { FrameMessage } from '../protocols/lan/wire.ts';
import type { Clock } from '../realm/clock.ts';
import type { ConversationId, MessageId } from '../realm/ids.ts';
import type { RandomBytes } from '../realm/random.ts';
import { parseUserAddress } from '../realm/user-address.ts';
import type { Account } from './account/account.ts';
import type { ClientCache } from './cache/cache.ts';
import { cacheStorage } from './cache/cache-storage.ts';
import { sentenceOf } from './catalogue/catalogue.ts';
import { english } from './catalogue/en.ts';
import { Chats } from './chats.ts';
import { Contacts } from './contacts.ts';
import { DeskNews } from './desk-news.ts';
import type { Emitter } from './emitter.ts';
import { Engine } from './engine/engine.ts';
import { Files } from './files/files.ts';
import { Groups } from './groups.ts';
import type { Http } from './http.ts';
import { Incoming } from './incoming.ts';
import { JoiningAhead } from './joining-ahead.ts';
import { Knowing } from './knowing.ts';
import { Library } from './library.ts';
import { Overview } from './overview.ts';
import { PendingChanges } from './pending-changes.ts';
import type { People } from './people.ts';
import { Personal } from './personal/personal.ts';
import { Retention } from './personal/retention.ts';
import { Reports } from './reports.ts';
import { SearchIndex } from './search/search-index.ts';
import { Sending } from './sending.ts';
import type { Act, ClientEvents, Me } from './surface.ts';
import { CatchingUp } from './sync/catching-up.ts';
import { Filling } from './sync/filling.ts';
import { Holding } from './sync/holding.ts';
import { RestoredServer } from './sync/restored-server.ts';
import { Telling } from './telling.ts';
import { Writing } from './writing.ts';

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
  readonly reports: Reports;
  readonly #parts: DeskComponents;
  readonly #holding: Holding;
  readonly overview: Overview;
  readonly #catchingUp: CatchingUp;
  readonly #filling: Filling;
  readonly #knowing: Knowing;
  readonly #writing: Writing;
  readonly pending: PendingChanges;
  readonly #news: DeskNews;
  readonly #ahead: JoiningAhead;
  readonly #restored: RestoredServer;
  readonly #retention: Retention;
  #mostBytes: number | undefined;

  private constructor(components: DeskComponents, index: SearchIndex) {
    this.#parts = components;
    const { me, account, cache, http, people, events, clock, random } = components;
    const { realm: home } = parseUserAddress(me.user.address);
    const onTrouble = (code: string) => events.emit('error', { code, params: {}, message: sentenceOf(english, code) });
    this.#holding = new Holding({
      cache,
      index,
      clock,
      onTrouble,
      onOver: () => events.emit('stored-again', {}),
      note: (held) => this.personal.note(held),
      onHeld: (held) => this.personal.held(held),
      isHidden: (event) => this.personal.isHidden(event),
      onGone: (conversation, gone, how) => this.personal.gone(conversation, gone, how),
    });
    const telling = new Telling(components);
    this.#news = new DeskNews({ ...components, holding: this.#holding, telling, desk: this });
    this.engine = new Engine({
      account,
      cache,
      http,
      clock,
      random,
      home,
      isConnected: components.isConnected,
      onNews: (conversation, news) => void this.#news.grouped(conversation, news),
      onOpened: (opened) => {
        for (const { message, event } of opened) this.#restored.keep(message, event);
        void this.#news.reopened(opened);
      },
      onTrouble,
    });
    this.#knowing = new Knowing(this.engine);
    this.pending = new PendingChanges({
      engine: this.engine,
      cache,
      me: me.user.id,
      clock,
      random,
      onChange: (conversation, pending) => this.#news.asked(conversation, pending),
      onJoined: (conversation) => this.#writing.restate(conversation),
    });
    this.groups = new Groups({
      engine: this.engine,
      pending: this.pending,
      me: me.user.id,
      home,
      describe: (conversation, name) => this.act(conversation, { kind: 'profile', name }),
      restate: (conversation) => this.#writing.restate(conversation),
    });
    const server = async (): Promise<ServerAnswer> => {
      const answer = await http.get('/server', serverAnswer);
      this.#mostBytes = answer.limits?.message;
      return answer;
    };
    this.#retention = new Retention({ vault: account.vault, holding: this.#holding, cache, server, home, clock });
    this.#restored = new RestoredServer({ ...components, engine: this.engine, files: () => this.files });
    const open = async (message: FrameMessage) => {
      const event = await this.engine.open(message);
      this.#restored.keep(message, event);
      return event;
    };
    // What is only looked at is not kept once more: it may have disappeared here.
    const seen = (message: FrameMessage) => this.engine.open(message);
    this.library = new Library({ http, people, me: () => me, open: seen, storage: cacheStorage(cache) });
    this.chats = new Chats({
      cache,
      me: me.user.id,
      clock,
      kindOf: (conversation) => this.#knowing.kindOf(conversation),
      settled: (conversation) => this.personal.settled(conversation),
      unsent: (conversation) => this.#writing.unsent(conversation),
    });
    this.#writing = new Writing({
      ...components,
      engine: this.engine,
      chats: this.chats,
      sending: () => this.sending,
      othersOf: (conversation) => this.library.othersOf(conversation),
      onSent: (event) => this.#news.sent(event),
    });
    this.personal = new Personal({
      ...components,
      me: me.user.id,
      vault: account.vault,
      holding: this.#holding,
      chats: this.chats,
      library: this.library,
      forgetSealed: (conversation, ids, blobs) => this.#restored.forget(conversation, ids, blobs),
      members: (conversation) => this.#knowing.membersOf(conversation),
      kindOf: (conversation) => this.#knowing.kindOf(conversation),
      onDraft: (conversation, draft) => events.emit('draft', { conversation, draft }),
      onPins: (conversations) => events.emit('pins', { conversations }),
    });
    this.overview = new Overview({
      index,
      cache,
      clock,
      me: me.user.id,
      library: this.library,
      people,
      chats: this.chats,
      knowing: this.#knowing,
      settled: (conversation) => this.personal.settled(conversation),
    });
    this.contacts = new Contacts({ http, account, personal: this.personal });
    this.reports = new Reports({
      cache,
      chats: this.chats,
      library: this.library,
      kept: (conversation, id) => this.#restored.sealed(conversation, id),
      openerOf: (body, context) => this.engine.openerOf(body, context),
      proofOf: (user) => account.identityProof(user),
    });
    this.#ahead = new JoiningAhead({
      engine: this.engine,
      isGuest: async (signal) => (await http.get('/server', serverAnswer, signal)).realm !== home,
      conversations: (signal) => this.library.heads(signal),
      clock,
    });
    this.#catchingUp = new CatchingUp({
      source: this.library,
      cache,
      holding: this.#holding,
      open,
      onHeld: async (_conversation, held) => {
        this.chats.events(held);
        await this.personal.deletedForAll(held);
      },
    });
    this.#filling = new Filling(this.#catchingUp);
    const shared = { ...components, storage: cacheStorage(cache) };
    this.files = new Files({ ...shared, me: () => me.user.id });
    this.sending = new Sending({
      ...shared,
      library: this.library,
      mostBytes: () => this.#mostBytes,
      timerOf: (conversation) => this.chats.timerOf(conversation),
      seal: (entry) => this.#writing.seal(entry),
      onQueued: (entry) => this.#writing.queued(entry),
      onStored: (entry, stamp) => this.#writing.stored(entry, stamp),
    });
    this.incoming = new Incoming({
      ...shared,
      sending: this.sending,
      open,
      telling,
      isWaiting: (id) => this.engine.isWaiting(id),
      onEvent: async (event) => (await this.#news.keep([event]))[0] ?? event,
      onOther: (frame) => this.#news.other(frame),
      isStored: () => this.#holding.isStored(),
    });
  }

  static async open(components: DeskComponents): Promise<Desk> {
    const desk = new Desk(components, await SearchIndex.open(components.cache));
    await desk.#holding.open();
    await desk.#catchingUp.open();
    await desk.personal.open();
    await desk.pending.open();
    await desk.incoming.open();
    await desk.sending.open();
    await desk.engine.ready();
    return desk;
  }

  /** What waits goes out, what waits there comes in. */
  connected(): void {
    this.personal.connected();
    void this.#comeUp();
  }

  async #comeUp(): Promise<void> {
    // Once the greeting is worked off, which tells whether the server was restored: then it refuses what is written in groups that it
    // has forgotten.
    await this.incoming.cursor();
    await this.#restored.run();
    this.sending.resend();
    await this.engine.connected();
    this.pending.retry();
    await this.catchUp();
    this.#ahead.start();
    await this.#retention.look();
  }

  catchUp(): Promise<void> {
    return this.#filling.start();
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

  disconnected(): void {
    this.incoming.stop();
    this.sending.stop();
    this.#holding.rest();
    this.engine.disconnected();
  }

  async close(): Promise<void> {
    await this.#rise();
    await this.#holding.close();
    await this.#parts.cache.close();
  }

  async wipe(): Promise<void> {
    await this.#rise();
    await this.#parts.cache.wipe();
  }

  async #rise(): Promise<void> {
    this.#news.close();
    this.#restored.close();
    this.#retention.close();
    this.disconnected();
    await this.#filling.close();
    await this.#ahead.close();
    await this.pending.close();
    this.engine.close();
    await this.incoming.close();
    await this.personal.close();
  }
}
