// The client: what a signed-in user does, put together of the parts beside this file. Frames are worked off one after the
// other, so that events come in the order in which the server told them.
import type { ClientFrame, ServerFrame } from '../protocols/lan/frames.ts';
import { ACCOUNT, ISLANDS, LIVE_VERSION, MAX_WATCHED } from '../protocols/lan/limits.ts';
import { serverAnswer } from '../protocols/lan/routes.ts';
import type { User } from '../protocols/lan/wire.ts';
import { type Clock, systemClock } from '../realm/clock.ts';
import { codeOf, RefusedError } from '../realm/errors.ts';
import { type ConversationId, directConversationId, type MessageId, type UserId } from '../realm/ids.ts';
import { systemRandom } from '../realm/random.ts';
import type { Account } from './account/account.ts';
import { AccountGate, type AccountState } from './account/account-gate.ts';
import { storedDeviceKeys } from './account/device-keeping.ts';
import { Opening, type Owner } from './account/opening.ts';
import type { ClientCache } from './cache/cache.ts';
import { memoryCache } from './cache/memory-cache.ts';
import { Desk } from './desk.ts';
import { Emitter } from './emitter.ts';
import { failure } from './failure.ts';
import type { Files } from './files/files.ts';
import { globalFetch, globalSocket } from './globals.ts';
import type { Groups } from './groups.ts';
import { Http } from './http.ts';
import { LiveConnection } from './live.ts';
import { People } from './people.ts';
import { type ClientStorage, memoryStorage } from './platform.ts';
import { SigningIn } from './signing-in.ts';
import type {
  Act,
  Client,
  ClientEvents,
  ClientInit,
  ConnectionState,
  Islands,
  LoginOptions,
  Me,
  SendRequest,
} from './surface.ts';
import { TypingPace } from './typing-pace.ts';

/** Arrivals that are told one by one; a device that missed more catches up by conversation. */
const MOST_TOLD = 500;

export class Session implements Client {
  readonly #events = new Emitter<ClientEvents>();
  readonly #storage: ClientStorage;
  readonly #clock: Clock;
  readonly #http: Http;
  readonly #people: People;
  readonly #signingIn: SigningIn;
  readonly #gate: AccountGate;
  readonly #live: LiveConnection;
  readonly #openCache: (user: UserId) => Promise<ClientCache>;
  readonly #typing: TypingPace;
  #watched: readonly UserId[] = [];
  #me: Me | undefined;
  #desk: Desk | undefined;

  constructor(init: ClientInit) {
    this.#storage = init.storage ?? memoryStorage();
    this.#clock = init.clock ?? systemClock;
    const clock = this.#clock;
    const { server, fetch = globalFetch, openSocket = globalSocket, random = Math.random } = init;
    this.#http = new Http({ server, fetch, clock, token: () => this.#signingIn.token });
    this.#signingIn = new SigningIn({
      http: this.#http,
      storage: this.#storage,
      form: init.session ?? 'bearer',
      deviceName: init.deviceName ?? '',
      rewrapped: (exportKey, send) => {
        const { account } = this.#gate;
        return account ? account.rewrapped(exportKey, send) : send();
      },
      passwords: async () => init.passwords ?? import('../crypto/login.ts'),
    });
    const opening = new Opening({
      http: this.#http,
      storage: this.#storage,
      keeping: init.deviceKeys ?? storedDeviceKeys(this.#storage),
      clock,
      random: systemRandom,
      onIdentityChanged: (user) => this.#events.emit('identity-changed', { user }),
    });
    const onState = (state: AccountState) => this.#events.emit('account', state);
    this.#gate = new AccountGate({ http: this.#http, opening, onState });
    this.#people = new People(this.#http);
    this.#openCache = init.openCache ?? memoryCache;
    this.#typing = new TypingPace(clock);
    this.#live = new LiveConnection({ server, openSocket, clock, random }, this.#handlers());
  }

  get me(): Me | undefined {
    return this.#me;
  }

  get connection(): ConnectionState {
    return this.#live.state;
  }

  on<K extends keyof ClientEvents>(type: K, listener: (event: ClientEvents[K]) => void): () => void {
    return this.#events.on(type, listener);
  }

  server(signal?: AbortSignal) {
    return this.#http.get('/server', serverAnswer, signal);
  }

  async login(address: string, password: string, options?: LoginOptions): Promise<Me> {
    await this.#leave();
    const { me, exportKey } = await this.#signingIn.login(address, password, options);
    return this.#enter(me, exportKey);
  }

  async resume(token?: string): Promise<Me | undefined> {
    const me = await this.#resumed(token);
    if (!me) return undefined;
    return this.#enter(me);
  }

  async changePassword(password: string, newPassword: string): Promise<Me> {
    const before = this.#present();
    const wasConnected = this.connection !== 'offline';
    this.disconnect();
    try {
      const { me, exportKey } = await this.#signingIn.changePassword(before.user.address, password, newPassword);
      this.#me = me;
      if (!this.#gate.account) await this.#gate.enter(ownerOf(me), exportKey);
      await this.#sitDown();
      return me;
    } finally {
      // A refused change ends nothing.
      if (wasConnected) this.connect();
    }
  }

  async logout(): Promise<void> {
    const signingIn = this.#signingIn;
    const [account, me] = [this.#gate.account, this.#me];
    await this.#leave();
    // A guest leaves no keys behind, and no device that nobody will use again.
    if (signingIn.isGuest && account) await account.leaveDevice();
    await signingIn.logout();
    if (signingIn.isGuest && me) await this.#wipe([me.user.id]);
  }

  get account(): Account | undefined {
    return this.#gate.account;
  }

  get files(): Files | undefined {
    return this.#desk?.files;
  }

  get accountState(): AccountState {
    return this.#gate.state;
  }

  async recoverAccount(recoveryKey: string): Promise<void> {
    await this.#gate.recover(recoveryKey);
    await this.#sitDown();
  }

  async beginAccountAnew(): Promise<void> {
    await this.#gate.beginAnew();
    await this.#sitDown();
  }

  connect(): void {
    this.#atDesk();
    this.#live.start();
  }

  disconnect(): void {
    this.#desk?.disconnected();
    this.#live.stop();
  }

  async drained(signal?: AbortSignal): Promise<void> {
    await this.#desk?.sending.drained(signal);
  }

  async send(request: SendRequest) {
    const { sending } = this.#atDesk();
    return sending.send(request, await this.#userOf(request.to));
  }

  async retry(id: MessageId): Promise<void> {
    return this.#atDesk().sending.retry(id);
  }

  async typing(to: string | User): Promise<void> {
    const user = await this.#userOf(to);
    const conversation = this.conversationWith(user);
    if (!this.#typing.isDue(conversation)) return;
    this.#live.send({ kind: 'typing', conversation, to: [user.id] });
  }

  async markRead(id: MessageId): Promise<void> {
    const { incoming, library } = this.#atDesk();
    const conversation = incoming.conversationOf(id) ?? (await library.opened(id)).conversation;
    incoming.markRead(conversation, id);
  }

  watch(users: readonly User[]): void {
    this.#people.remember(users);
    this.#watched = users.slice(0, MAX_WATCHED).map((user) => user.id);
    this.#live.send({ kind: 'watch', users: [...this.#watched] });
  }

  findUser(address: string, signal?: AbortSignal) {
    return this.#people.byAddress(address, signal);
  }

  searchUsers(prefix: string, signal?: AbortSignal) {
    return this.#people.search(prefix, signal);
  }

  userById(id: UserId, signal?: AbortSignal) {
    return this.#people.byId(id, signal);
  }

  async conversations(signal?: AbortSignal) {
    return this.#atDesk().library.conversations(signal);
  }

  async history(conversation: ConversationId, options?: { before?: string; limit?: number; signal?: AbortSignal }) {
    return this.#atDesk().library.history(conversation, options);
  }

  async explain(id: MessageId, signal?: AbortSignal) {
    return this.#atDesk().library.explain(id, signal);
  }

  get islands(): Islands {
    return this.#desk?.incoming.islands ?? { realms: [] };
  }

  async route(id: MessageId, signal?: AbortSignal) {
    return this.#atDesk().library.route(id, signal);
  }

  async timeline(conversation: ConversationId) {
    return this.#atDesk().chats.timeline(conversation);
  }

  async act(conversation: ConversationId, act: Act): Promise<MessageId> {
    return this.#atDesk().act(conversation, act);
  }

  async search(
    question: string,
    { limit = 50, ...more }: { conversation?: ConversationId; before?: string; limit?: number } = {},
  ) {
    return this.#atDesk().search(question, { ...more, limit });
  }

  get groups(): Groups {
    return this.#atDesk().groups;
  }

  counters(): Record<string, number> {
    return this.#desk?.engine.counters() ?? {};
  }

  conversationWith(user: User): ConversationId {
    return directConversationId(this.#present().user.id, user.id);
  }

  #handlers() {
    return {
      hello: async (): Promise<ClientFrame> => {
        const cursor = await this.#desk?.incoming.cursor();
        const from = cursor ? { cursor } : {};
        return { kind: 'hello', versions: [LIVE_VERSION], capabilities: [ISLANDS, ACCOUNT], most: MOST_TOLD, ...from };
      },
      headers: (): Record<string, string> => {
        const { token } = this.#signingIn;
        return token === undefined ? {} : { authorization: `Bearer ${token}` };
      },
      onFrame: (frame: ServerFrame) => {
        if (frame.kind === 'hello') this.#greeted();
        if (frame.kind === 'wipe') return void this.#wipe();
        this.#desk?.incoming.take(frame);
      },
      onState: (state: ConnectionState, code?: string, retryIn?: number) => {
        if (state === 'waiting' || state === 'offline') this.#desk?.incoming.lost();
        this.#events.emit('connection', {
          state,
          ...(code === undefined ? {} : { code }),
          ...(retryIn === undefined ? {} : { retryIn }),
        });
      },
      onFinal: (code: string) => void this.#leave().then(() => this.#events.emit('signed-out', { code })),
      mayRetry: () => this.#mayRetry(),
    };
  }

  /** A refused upgrade looks like a dead server from here; a plain question tells the two apart. */
  async #mayRetry(): Promise<boolean> {
    try {
      return (await this.#resumed()) !== undefined;
    } catch {
      return true;
    }
  }

  #greeted(): void {
    this.#live.send({ kind: 'watch', users: [...this.#watched] });
    this.#desk?.connected();
  }

  #becameLive(): void {
    this.#live.caughtUp();
    this.#events.emit('ready', { me: this.#present() });
  }

  async #enter(me: Me, exportKey?: string): Promise<Me> {
    this.#me = me;
    this.#people.remember([me.user]);
    await this.#gate.enter(ownerOf(me), exportKey);
    await this.#sitDown();
    return me;
  }

  /** Once the account is open. */
  async #sitDown(): Promise<void> {
    const { account } = this.#gate;
    if (!account || this.#desk) return;
    const me = this.#present();
    this.#desk = await Desk.open({
      me,
      account,
      cache: await this.#openCache(me.user.id),
      http: this.#http,
      people: this.#people,
      events: this.#events,
      clock: this.#clock,
      random: systemRandom,
      send: (frame) => this.#live.send(frame),
      isConnected: () => this.#live.state === 'live' || this.#live.state === 'catching-up',
      onLive: () => this.#becameLive(),
    });
  }

  async #leave(): Promise<void> {
    this.disconnect();
    const desk = this.#desk;
    this.#desk = undefined;
    this.#me = undefined;
    this.#gate.leave();
    this.#watched = [];
    this.#people.forget();
    await desk?.close();
  }

  /** Whoever was signed out for good wipes what is held here, then is nobody. */
  async #resumed(token?: string): Promise<Me | undefined> {
    try {
      return await this.#signingIn.resume(token);
    } catch (error) {
      if (codeOf(error) !== 'device-wiped') throw error;
      await this.#wipe();
      return undefined;
    }
  }

  async #wipe(given?: readonly UserId[]): Promise<void> {
    const users = given ?? (this.#me ? [this.#me.user.id] : await this.#signingIn.usersHere());
    for (const user of users) {
      await this.#gate.wipe(user);
      for (const key of await this.#storage.keys(`${user}/`)) await this.#storage.delete(key);
    }
    await this.#signingIn.forgetDevice();
    this.#events.emit('wiped', {});
  }

  /** @throws RefusedError `session-missing`, `account-locked` */
  #atDesk(): Desk {
    this.#present();
    if (!this.#desk) throw failure(RefusedError, 'account-locked');
    return this.#desk;
  }

  #present(): Me {
    if (!this.#me) throw failure(RefusedError, 'session-missing');
    return this.#me;
  }

  async #userOf(to: string | User): Promise<User> {
    if (typeof to !== 'string') return to;
    const user = await this.#people.byAddress(to);
    if (!user) throw failure(RefusedError, 'user-unknown', { address: to.slice(0, 80) });
    return user;
  }
}

function ownerOf({ user, device }: Me): Owner {
  return { user: user.id, device };
}
