// Who is signed in here, and the live connection: logs in and out, opens the account, and hands out the desk (desk.ts) of the user who
// is there. It knows that frames come, and leaves what they mean to the desk.
import type { ClientFrame, ServerFrame } from '../protocols/lan/frames.ts';
import { ACCOUNT, ISLANDS, LIVE_VERSION, MAX_WATCHED } from '../protocols/lan/limits.ts';
import { serverAnswer } from '../protocols/lan/routes.ts';
import { type Clock, systemClock } from '../realm/clock.ts';
import { codeOf, RefusedError, UnreachableError } from '../realm/errors.ts';
import type { UserId } from '../realm/ids.ts';
import { systemRandom } from '../realm/random.ts';
import { parseUserAddress } from '../realm/user-address.ts';
import type { Account } from './account/account.ts';
import { AccountGate, type AccountState } from './account/account-gate.ts';
import { ChosenPasswords } from './account/chosen-password.ts';
import { storedDeviceKeys } from './account/device-keeping.ts';
import { Opening, type Owner } from './account/opening.ts';
import { memoryCache } from './cache/memory-cache.ts';
import type { Desk } from './desk.ts';
import { Emitter } from './emitter.ts';
import { failure } from './failure.ts';
import { globalFetch, globalSocket } from './globals.ts';
import { Http } from './http.ts';
import { LiveConnection } from './live.ts';
import { People } from './people.ts';
import { type ClientStorage, memoryStorage } from './platform.ts';
import { Seat } from './seat.ts';
import { SignedInHere } from './signed-in-here.ts';
import { SigningIn } from './signing-in.ts';
import type { ClientEvents, ClientInit, ConnectionState, LoginOptions, LogoutOptions, Me } from './surface.ts';

/** Arrivals that are told one by one; a device that missed more catches up by conversation. */
const MOST_TOLD = 500;

export class Session {
  readonly events = new Emitter<ClientEvents>();
  readonly #storage: ClientStorage;
  readonly #clock: Clock;
  readonly #http: Http;
  readonly people: People;
  readonly #signingIn: SigningIn;
  readonly #gate: AccountGate;
  readonly #chosen: ChosenPasswords;
  readonly #live: LiveConnection;
  readonly #seat: Seat;
  #watched: readonly UserId[] = [];
  #me: Me | undefined;
  readonly #signedIn: SignedInHere;

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
      onChosen: (user, exportKey) => this.#chosen.note(user, exportKey),
      rewrapped: (exportKey, send) => {
        const { account } = this.#gate;
        return account ? account.rewrapped(exportKey, send) : send();
      },
      passwords: async () => init.passwords ?? import('../crypto/login.ts'),
    });
    this.#chosen = new ChosenPasswords(this.#storage);
    this.#signedIn = new SignedInHere(this.#storage);
    const opening = new Opening({
      http: this.#http,
      chosen: this.#chosen,
      storage: this.#storage,
      keeping: init.deviceKeys ?? storedDeviceKeys(this.#storage),
      clock,
      random: systemRandom,
      realmOf: async (user, anew = false) => {
        const known = await (anew ? this.people.anew(user) : this.people.byId(user));
        return known && parseUserAddress(known.address).realm;
      },
      root: init.root?.toLowerCase(),
      onIdentityChanged: (user) => this.events.emit('identity-changed', { user }),
      onIdentityUnproven: (user) => this.events.emit('identity-unproven', { user }),
    });
    const onState = (state: AccountState) => this.events.emit('account', state);
    this.#gate = new AccountGate({ http: this.#http, opening, onState });
    this.people = new People(this.#http);
    this.#live = new LiveConnection({ server, openSocket, clock, random }, this.#handlers());
    this.#seat = new Seat({
      openCache: init.openCache ?? memoryCache,
      http: this.#http,
      people: this.people,
      events: this.events,
      clock,
      random: systemRandom,
      send: (frame) => this.#live.send(frame),
      isConnected: () => this.#live.state === 'live' || this.#live.state === 'catching-up',
      onLive: () => this.#becameLive(),
    });
  }

  get me(): Me | undefined {
    return this.#me;
  }

  get connection(): ConnectionState {
    return this.#live.state;
  }

  /** Undefined until the account is open. */
  get desk(): Desk | undefined {
    return this.#seat.desk;
  }

  server(signal?: AbortSignal) {
    return this.#http.get('/server', serverAnswer, signal);
  }

  async login(address: string, password: string, options?: LoginOptions): Promise<Me> {
    await this.#leave();
    const { me, exportKey, realm, isNew } = await this.#signingIn.login(address, password, options);
    // What the device was that is no more stays with nobody.
    if (this.#signingIn.wasRemoved) {
      await this.#wipe([me.user.id]);
      if (isNew) await this.#chosen.note(me.user.id, exportKey);
    }
    await this.#enter(me, exportKey);
    const state = this.#gate.state;
    if (state.kind !== 'locked' || state.why !== 'password-not-chosen') return me;
    // The server says that this password may stay; a vault is begun only for one that nobody but the person knows.
    await this.#leave();
    const chosen = await this.#signingIn.choose(password, realm, options ?? {});
    return this.#enter(chosen.me, chosen.exportKey);
  }

  /** While the server is away, whoever was signed in last on this device goes on with what it holds. */
  async resume(token?: string): Promise<Me | undefined> {
    // whoever asks was in: what being in needs comes while the server is asked; what fails here is told when it is needed
    void import('./desk.ts').catch(() => undefined);
    try {
      const me = await this.#resumed(token);
      if (me) return await this.#enter(me);
      await this.#signedIn.forget();
      return undefined;
    } catch (error) {
      // while the server is away as well: a locked branch opens on no device
      if (codeOf(error) === 'branch-locked') await this.#signedIn.forget();
      const me = error instanceof UnreachableError ? await this.#signedIn.load(this.#signingIn.token) : undefined;
      if (!me) throw error;
      return this.#enter(me).catch(async (why: unknown) => {
        await this.#leave();
        throw why;
      });
    }
  }

  async changePassword(password: string, newPassword: string): Promise<Me> {
    const before = this.present();
    const wasConnected = this.connection !== 'offline';
    this.disconnect();
    try {
      const { me, exportKey } = await this.#signingIn.changePassword(before.user.address, password, newPassword);
      this.#me = me;
      if (this.#gate.account) await this.#gate.passwordChanged();
      else await this.#gate.enter(await this.#ownerOf(me), exportKey);
      await this.#sitDown();
      return me;
    } finally {
      // A refused change ends nothing.
      if (wasConnected) this.connect();
    }
  }

  async logout({ keepDevice = false }: LogoutOptions = {}): Promise<void> {
    const [account, me] = [this.#gate.account, this.#me];
    await this.#leave(keepDevice ? 'keep' : 'wipe');
    await this.#signedIn.forget();
    try {
      // A device that nobody will use again is to count for nobody.
      if (!keepDevice && account) await account.leaveDevice();
      await this.#signingIn.logout();
    } finally {
      if (!keepDevice && me) {
        await this.#wipe([me.user.id]);
        await this.#signingIn.forgetDevice();
      }
    }
  }

  get account(): Account | undefined {
    return this.#gate.account;
  }

  get accountState(): AccountState {
    return this.#gate.state;
  }

  async recoverAccount(recoveryKey: string): Promise<void> {
    await this.#gate.recover(recoveryKey);
    await this.#sitDown();
  }

  async acceptOlderVault(recoveryKey: string): Promise<void> {
    await this.#gate.giveUp(recoveryKey);
    await this.#sitDown();
  }

  acceptPassword(): Promise<void> {
    return this.#gate.acceptPassword();
  }

  async beginAccountAnew(): Promise<void> {
    await this.#gate.beginAnew();
    await this.#sitDown();
  }

  connect(): void {
    this.atDesk();
    this.#live.start();
  }

  disconnect(): void {
    this.desk?.disconnected();
    this.#live.stop();
  }

  /** @throws RefusedError `session-missing`, `account-locked` */
  atDesk(): Desk {
    this.present();
    if (!this.desk) throw failure(RefusedError, 'account-locked');
    return this.desk;
  }

  /** @throws RefusedError `session-missing` */
  present(): Me {
    if (!this.#me) throw failure(RefusedError, 'session-missing');
    return this.#me;
  }

  /** Goes out when the connection stands. */
  send(frame: ClientFrame): boolean {
    return this.#live.send(frame);
  }

  /** Whose presence is told, after each connection anew. */
  watch(users: readonly UserId[]): void {
    this.#watched = users.slice(0, MAX_WATCHED);
    this.#live.send({ kind: 'watch', users: [...this.#watched] });
  }

  #handlers() {
    return {
      hello: async (): Promise<ClientFrame> => {
        const cursor = await this.desk?.incoming.cursor();
        const from = cursor ? { cursor } : {};
        return { kind: 'hello', versions: [LIVE_VERSION], capabilities: [ISLANDS, ACCOUNT], most: MOST_TOLD, ...from };
      },
      headers: (): Record<string, string> => {
        const { token } = this.#signingIn;
        return token === undefined ? {} : { authorization: `Bearer ${token}` };
      },
      unreadable: () => this.desk?.engine.counters()['unable-to-decrypt'] ?? 0,
      onFrame: (frame: ServerFrame) => {
        if (frame.kind === 'hello') this.#greeted();
        if (frame.kind === 'wipe') return void this.#wipeAll();
        this.desk?.incoming.take(frame);
      },
      onState: (state: ConnectionState, code?: string, retryIn?: number) => {
        if (state === 'waiting' || state === 'offline') this.desk?.incoming.lost();
        this.events.emit('connection', {
          state,
          ...(code === undefined ? {} : { code }),
          ...(retryIn === undefined ? {} : { retryIn }),
        });
      },
      onFinal: (code: string) => void this.#endedBy(code),
      whyOver: () => this.#whyOver(),
    };
  }

  /** A refused upgrade looks like a dead server from here; a plain question tells the two apart. */
  async #whyOver(): Promise<string | undefined> {
    try {
      return (await this.#resumed()) ? undefined : 'session-ended';
    } catch (error) {
      return codeOf(error) === 'branch-locked' ? 'branch-locked' : undefined;
    }
  }

  async #endedBy(code: string): Promise<void> {
    await this.#leave();
    await this.#signedIn.forget();
    this.events.emit('signed-out', { code });
  }

  #greeted(): void {
    this.#live.send({ kind: 'watch', users: [...this.#watched] });
    void this.#settle();
  }

  async #settle(): Promise<void> {
    const { desk } = this;
    if (await this.#gate.settle()) return desk?.connected();
    // Nothing goes out from a desk whose vault is another than the server's.
    this.disconnect();
    await this.#seat.leave();
  }

  #becameLive(): void {
    this.#live.caughtUp();
    this.events.emit('ready', { me: this.present() });
  }

  async #enter(me: Me, exportKey?: string): Promise<Me> {
    this.#me = me;
    this.people.remember([me.user]);
    await this.#gate.enter(await this.#ownerOf(me), exportKey);
    await this.#signedIn.save(me);
    await this.#sitDown();
    return me;
  }

  /** Once the account is open. */
  async #sitDown(): Promise<void> {
    const { account } = this.#gate;
    if (account) await this.#seat.sitDown(this.present(), account);
  }

  async #leave(cache: 'keep' | 'wipe' = 'keep'): Promise<void> {
    this.disconnect();
    this.#me = undefined;
    this.#gate.leave();
    this.#watched = [];
    this.people.forget();
    await this.#seat.leave(cache);
  }

  async #ownerOf(me: Me): Promise<Owner> {
    return { user: me.user.id, device: me.device, cache: await this.#seat.cacheOf(me.user.id) };
  }

  /** Whoever was signed out for good wipes what is held here, then is nobody. */
  async #resumed(token?: string): Promise<Me | undefined> {
    try {
      return await this.#signingIn.resume(token);
    } catch (error) {
      if (codeOf(error) !== 'device-wiped') throw error;
      await this.#wipeAll();
      return undefined;
    }
  }

  /** This device was signed out for good: nothing of it stays here, of anybody when nobody is signed in. */
  async #wipeAll(): Promise<void> {
    const me = this.#me;
    const users = me ? [me.user.id] : await this.#signingIn.usersHere();
    if (me) await this.#leave('wipe');
    await this.#wipe(users);
    await this.#signedIn.forget();
    await this.#signingIn.forgetDevice();
    this.events.emit('wiped', { users });
  }

  /** Messages, keys and what is stored besides. */
  async #wipe(users: readonly UserId[]): Promise<void> {
    for (const user of users) {
      await this.#seat.wipe(user);
      await this.#gate.wipe(user);
      for (const key of await this.#storage.keys(`${user}/`)) await this.#storage.delete(key);
    }
  }
}
