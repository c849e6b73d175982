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
import { Emitter } from './emitter.ts';
import { failure } from './failure.ts';
import { globalFetch, globalSocket } from './globals.ts';
import { Http } from './http.ts';
import { Incoming } from './incoming.ts';
import { Library } from './library.ts';
import { LiveConnection } from './live.ts';
import { People } from './people.ts';
import { type ClientStorage, memoryStorage } from './platform.ts';
import { Sending } from './sending.ts';
import { SigningIn } from './signing-in.ts';
import type {
  Client,
  ClientEvents,
  ClientInit,
  ConnectionState,
  Islands,
  LoginOptions,
  Me,
  SendRequest,
} from './surface.ts';

/** Milliseconds between two "typing" to one conversation. */
const TYPING_EVERY = 1000;

export class Session implements Client {
  readonly #events = new Emitter<ClientEvents>();
  readonly #storage: ClientStorage;
  readonly #clock: Clock;
  readonly #http: Http;
  readonly #people: People;
  readonly #signingIn: SigningIn;
  readonly #gate: AccountGate;
  readonly #library: Library;
  readonly #live: LiveConnection;
  readonly #sending: Sending;
  readonly #incoming: Incoming;
  readonly #typed = new Map<ConversationId, number>();
  #watched: readonly UserId[] = [];
  #me: Me | undefined;

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
    const me = () => this.#present();
    this.#library = new Library({ http: this.#http, people: this.#people, me });
    const send = (frame: ClientFrame) => this.#live.send(frame);
    const parts = { events: this.#events, storage: this.#storage, people: this.#people, clock, me, send };
    this.#sending = new Sending({ ...parts, library: this.#library });
    this.#incoming = new Incoming({ ...parts, sending: this.#sending, onLive: () => this.#becameLive() });
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
    this.#leave();
    const { me, exportKey } = await this.#signingIn.login(address, password, options);
    await this.#enter(me);
    await this.#gate.enter(ownerOf(me), exportKey);
    return me;
  }

  async resume(token?: string): Promise<Me | undefined> {
    const me = await this.#resumed(token);
    if (!me) return undefined;
    await this.#enter(me);
    await this.#gate.enter(ownerOf(me));
    return me;
  }

  async changePassword(password: string, newPassword: string): Promise<Me> {
    const before = this.#present();
    const wasConnected = this.connection !== 'offline';
    this.disconnect();
    try {
      const { me, exportKey } = await this.#signingIn.changePassword(before.user.address, password, newPassword);
      this.#me = me;
      if (!this.#gate.account) await this.#gate.enter(ownerOf(me), exportKey);
      return me;
    } finally {
      // A refused change ends nothing.
      if (wasConnected) this.connect();
    }
  }

  async logout(): Promise<void> {
    const signingIn = this.#signingIn;
    this.#leave();
    await signingIn.logout();
  }

  get account(): Account | undefined {
    return this.#gate.account;
  }

  get accountState(): AccountState {
    return this.#gate.state;
  }

  recoverAccount(recoveryKey: string): Promise<void> {
    return this.#gate.recover(recoveryKey);
  }

  beginAccountAnew(): Promise<void> {
    return this.#gate.beginAnew();
  }

  connect(): void {
    this.#present();
    this.#live.start();
  }

  disconnect(): void {
    this.#incoming.stop();
    this.#live.stop();
    this.#sending.stop();
  }

  drained(signal?: AbortSignal): Promise<void> {
    return this.#sending.drained(signal);
  }

  async send(request: SendRequest) {
    return this.#sending.send(request, await this.#userOf(request.to));
  }

  retry(id: MessageId): Promise<void> {
    return this.#sending.retry(id);
  }

  async typing(to: string | User): Promise<void> {
    const user = await this.#userOf(to);
    const conversation = this.conversationWith(user);
    const now = this.#clock.monotonic();
    if (now - (this.#typed.get(conversation) ?? -TYPING_EVERY) < TYPING_EVERY) return;
    this.#typed.set(conversation, now);
    this.#live.send({ kind: 'typing', conversation, to: [user.id] });
  }

  async markRead(id: MessageId): Promise<void> {
    const conversation = this.#incoming.conversationOf(id) ?? (await this.#library.message(id)).conversation;
    this.#incoming.markRead(conversation, id);
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

  conversations(signal?: AbortSignal) {
    return this.#library.conversations(signal);
  }

  history(conversation: ConversationId, options?: { before?: string; limit?: number; signal?: AbortSignal }) {
    return this.#library.history(conversation, options);
  }

  explain(id: MessageId, signal?: AbortSignal) {
    return this.#library.explain(id, signal);
  }

  get islands(): Islands {
    return this.#incoming.islands;
  }

  route(id: MessageId, signal?: AbortSignal) {
    return this.#library.route(id, signal);
  }

  conversationWith(user: User): ConversationId {
    return directConversationId(this.#present().user.id, user.id);
  }

  #handlers() {
    return {
      hello: async (): Promise<ClientFrame> => {
        const cursor = await this.#incoming.cursor();
        const from = cursor ? { cursor } : {};
        return { kind: 'hello', versions: [LIVE_VERSION], capabilities: [ISLANDS, ACCOUNT], ...from };
      },
      headers: (): Record<string, string> => {
        const { token } = this.#signingIn;
        return token === undefined ? {} : { authorization: `Bearer ${token}` };
      },
      onFrame: (frame: ServerFrame) => {
        if (frame.kind === 'hello') this.#greeted();
        if (frame.kind === 'wipe') return void this.#wipe();
        if (frame.kind === 'vault') return void this.#gate.account?.vault.refresh().catch(() => undefined);
        this.#incoming.take(frame);
      },
      onState: (state: ConnectionState, code?: string, retryIn?: number) => {
        if (state === 'waiting' || state === 'offline') this.#incoming.lost();
        this.#events.emit('connection', {
          state,
          ...(code === undefined ? {} : { code }),
          ...(retryIn === undefined ? {} : { retryIn }),
        });
      },
      onFinal: (code: string) => this.#signedOut(code),
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
    this.#sending.resend();
  }

  #becameLive(): void {
    this.#live.caughtUp();
    this.#events.emit('ready', { me: this.#present() });
  }

  async #enter(me: Me): Promise<Me> {
    this.#me = me;
    this.#people.remember([me.user]);
    await this.#incoming.open();
    await this.#sending.open();
    return me;
  }

  #leave(): void {
    this.disconnect();
    this.#me = undefined;
    this.#gate.leave();
    this.#watched = [];
    this.#people.forget();
    this.#sending.forget();
    this.#incoming.forget();
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

  async #wipe(): Promise<void> {
    const users = this.#me ? [this.#me.user.id] : await this.#signingIn.usersHere();
    for (const user of users) {
      await this.#gate.wipe(user);
      for (const key of await this.#storage.keys(`${user}/`)) await this.#storage.delete(key);
    }
    await this.#signingIn.forgetDevice();
    this.#events.emit('wiped', {});
  }

  #signedOut(code: string): void {
    this.#me = undefined;
    this.#gate.leave();
    this.#events.emit('signed-out', { code });
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
