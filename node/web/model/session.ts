// Who is logged in, and the way there: opening, logging in, the first change of password, unlocking the keys, the recovery key.
import { type Signal, signal } from '@preact/signals';
import type { LogoutOptions, Me, ServerAnswer } from '../../../src/client/client.ts';
import { type Clock, sleep } from '../../../src/realm/clock.ts';
import { codeOf } from '../../../src/realm/errors.ts';
import type { AccountClient } from './account-client.ts';
import type { Failure } from './failure-text.ts';
import { forgetContacts } from './kept-contacts.ts';
import { type LocalStore, readLocal, writeLocal } from './local-store.ts';
import type { PageClient } from './page-client.ts';
import type { TabPlace } from './tab.ts';
import { Task } from './task.ts';

/** Milliseconds between two tries to reach the server when the page opens. */
const OPENING_RETRY = 3000;
/** Milliseconds by which a clock may be wrong before it counts: an answer takes its time, too. */
const MIN_SKEW = 120_000;
const BRANCH_LOCKED = 'branch-locked';
const SESSION_KEY = 'canopy.session';

export type Stage =
  | { readonly kind: 'opening'; readonly unreachable: boolean }
  /** Another tab of this browser has it. */
  | { readonly kind: 'elsewhere' }
  | { readonly kind: 'login'; readonly why?: LoginReason }
  | { readonly kind: 'new-password' }
  /** Logged in, but neither the password nor this device opens the keys. */
  | { readonly kind: 'locked' }
  /** The password of the login does not unlock the keys: a new one is chosen, or the person says that this is their own. */
  | { readonly kind: 'unproven' }
  /** The server shows older keys than this browser knows, or others: the person may go on from them. */
  | { readonly kind: 'older' }
  /** In, and asked once to keep a recovery key. */
  | { readonly kind: 'recovery-key'; readonly me: Me }
  | { readonly kind: 'in'; readonly me: Me };

/**
 * Why somebody who was in has to log in: the session ended, the device was signed out for good, its keys need the password, nobody
 * was there for a while, the branch was locked, the profile was deleted.
 */
export type LoginReason = 'ended' | 'wiped' | 'locked' | 'idle' | 'branch-locked' | 'deleted';

/** What the person may go on from all the same, by the recovery key. */
const MAY_GO_ON: readonly string[] = ['vault-rolled-back', 'vault-forked'];

/**
 * What the server can ask for before it lets somebody in, by the code of its refusal, and the step of the entrance that answers. Who
 * answers is asked for nothing twice: what was typed is kept meanwhile.
 */
const ASKED = new Map<string | undefined, Stage>([['password-change-required', { kind: 'new-password' }]]);

export interface SessionComponents {
  readonly client: PageClient & AccountClient;
  readonly tab: TabPlace;
  readonly clock: Clock;
  readonly store: LocalStore;
}

export class SessionModel {
  readonly stage: Signal<Stage> = signal({ kind: 'opening', unreachable: false });
  readonly server: Signal<ServerAnswer | undefined> = signal(undefined);
  /** Milliseconds by which this computer's clock is ahead of the branch's; 0 while it is about right. */
  readonly skew: Signal<number> = signal(0);
  /** The address of who was in, for the next login here. */
  readonly lastUser: Signal<string | undefined> = signal(undefined);
  readonly #task = new Task();
  readonly busy: Signal<boolean> = this.#task.busy;
  readonly failure: Signal<Failure | undefined> = this.#task.failure;
  readonly #client: PageClient & AccountClient;
  readonly #tab: TabPlace;
  readonly #clock: Clock;
  readonly #store: LocalStore;
  /** What was typed, until the person is in: a new password is chosen in its place. */
  #typed: { readonly address: string; readonly password: string } | undefined;
  /** The person gave the earlier keys up, and only a password of their own was missing. */
  #beginsAnew = false;

  constructor({ client, tab, clock, store }: SessionComponents) {
    this.#client = client;
    this.#tab = tab;
    this.#clock = clock;
    this.#store = store;
    client.on('signed-out', ({ code }) => {
      if (code === BRANCH_LOCKED) return this.#branchLocked();
      this.#remember(false);
      if (this.stage.value.kind === 'in') this.stage.value = { kind: 'login', why: 'ended' };
    });
    // it may have been opened while the server was away, and clocks are set at any time
    client.on('ready', () => void this.#askServer(true));
    client.on('account', (state) => {
      // found only now: what was opened here is not what the server shows
      if (state.kind === 'refused' && this.stage.peek().kind === 'in') this.stage.value = this.#refused(state.code);
    });
    client.on('wiped', ({ users }) => {
      for (const user of users) forgetContacts(store, user);
      this.#remember(false);
      this.stage.value = { kind: 'login', why: 'wiped' };
    });
  }

  /** Learns who serves here and takes up the session of the cookie; tries until the server answers. */
  async open(signal?: AbortSignal): Promise<void> {
    if (!(await this.#tab.enter())) this.stage.value = { kind: 'elsewhere' };
    else await this.#openUp(signal);
  }

  /** Ends the other tab's work and goes on here. */
  async openHere(): Promise<void> {
    await this.#tab.take();
    this.stage.value = { kind: 'opening', unreachable: false };
    await this.#openUp();
  }

  async #openUp(signal?: AbortSignal): Promise<void> {
    for (;;) {
      const stage = await this.#openOnce(signal);
      if (signal?.aborted) return;
      this.stage.value = stage;
      if (stage.kind !== 'opening') return;
      await sleep(this.#clock, OPENING_RETRY, signal).catch(() => undefined);
    }
  }

  /** Somebody who was in is in also while the server is away: the library opens what this device holds. */
  async #openOnce(signal?: AbortSignal): Promise<Stage> {
    try {
      const mayResume = this.#mayResume();
      // at once: each is a way there and back, and one tells nothing that the other asks with
      const asked = this.#askServer(mayResume, signal);
      const [isThere, me] = await Promise.all([asked, mayResume ? this.#client.resume() : undefined]);
      if (me && this.#client.accountState.kind === 'locked') return { kind: 'login', why: 'locked' };
      if (me) return this.#refused() ?? { kind: 'in', me };
      if (!isThere) return { kind: 'opening', unreachable: true };
      this.#remember(false);
      return { kind: 'login' };
    } catch (error) {
      // a first password: its session opens nothing, log in again and choose
      if (codeOf(error) === 'password-change-required') return { kind: 'login' };
      if (codeOf(error) === BRANCH_LOCKED) return { kind: 'login', why: BRANCH_LOCKED };
      return { kind: 'opening', unreachable: true };
    }
  }

  /** What the server shows is not what this device knows: nothing is opened, and the page says why. */
  #refused(code: string): Stage;
  #refused(): Stage | undefined;
  #refused(given?: string): Stage | undefined {
    const { accountState } = this.#client;
    const code = given ?? (accountState.kind === 'refused' ? accountState.code : undefined);
    if (code === undefined) return undefined;
    this.failure.value = { code, params: {} };
    return { kind: 'login', why: 'ended' };
  }

  /** @param mayFail whether something can be shown without it */
  async #askServer(mayFail: boolean, signal?: AbortSignal): Promise<boolean> {
    try {
      const server = await this.#client.server(signal);
      const skew = this.#clock.now() - server.time;
      this.skew.value = Math.abs(skew) < MIN_SKEW ? 0 : skew;
      this.server.value = server;
      return true;
    } catch (error) {
      if (!mayFail) throw error;
      return false;
    }
  }

  /** `username` may be the bare login of this branch. */
  async logIn(username: string, password: string): Promise<void> {
    const address = this.#complete(username);
    this.#beginsAnew = false;
    await this.#task.run(async () => {
      this.#typed = { address, password };
      try {
        this.#enter(await this.#client.login(address, password));
      } catch (error) {
        const step = ASKED.get(codeOf(error));
        if (!step) throw error;
        this.stage.value = step;
      }
    });
  }

  /** In place of a first one, of one that was reset, or of one that somebody else may know. */
  async choosePassword(newPassword: string): Promise<void> {
    const typed = this.#typed;
    if (!typed) return;
    const { address, password } = typed;
    await this.#task.run(async () => {
      const me = this.#client.me
        ? await this.#client.changePassword(password, newPassword)
        : await this.#client.login(address, password, { newPassword });
      this.#typed = { address, password: newPassword };
      if (this.#beginsAnew && this.#client.accountState.kind === 'locked') await this.#client.beginAccountAnew();
      this.#enter(me, true);
    });
  }

  /** The person says that the password of this login is one that they chose. */
  async acceptPassword(): Promise<void> {
    await this.#task.run(async () => {
      await this.#client.acceptPassword();
      this.#unlocked(false);
    });
  }

  /** From the question whether the password is the person's own to the choice of another. */
  chooseAnother(): void {
    this.failure.value = undefined;
    this.stage.value = { kind: 'new-password' };
  }

  /** Opens the keys by the recovery key, which the present password opens from then on. */
  async recover(recoveryKey: string): Promise<void> {
    await this.#task.run(async () => {
      await this.#client.recoverAccount(recoveryKey);
      this.#unlocked(false);
    });
  }

  /** Goes on from the older keys that the server shows, and gives up what was newer. */
  async goOnFromOlder(recoveryKey: string): Promise<void> {
    await this.#task.run(async () => {
      await this.#client.acceptOlderVault(recoveryKey);
      this.#unlocked(false);
    });
  }

  /** Gives the earlier keys up: what was written before stays unreadable, and colleagues are told of the change. */
  async beginAnew(): Promise<void> {
    await this.#task.run(async () => {
      try {
        await this.#client.beginAccountAnew();
        this.#unlocked(true);
      } catch (error) {
        if (codeOf(error) !== 'password-change-required') throw error;
        this.#beginsAnew = true;
        this.stage.value = { kind: 'new-password' };
      }
    });
  }

  /** Past the recovery key, which is kept or can be made later. */
  goOn(): void {
    if (this.stage.value.kind === 'recovery-key') this.stage.value = { kind: 'in', me: this.stage.value.me };
  }

  /** True when the password that is being chosen is the one that it is to replace. */
  isFirstPassword(password: string): boolean {
    return this.#typed?.password === password;
  }

  /** Erases what is kept here, unless it is to stay for the next login on this device. */
  async logOut(options: LogoutOptions = {}): Promise<void> {
    const { me } = this.#client;
    this.#rememberUser(options.keepDevice === true);
    await this.#client.logout(options).catch(() => undefined);
    this.#leave();
    if (me && !options.keepDevice) forgetContacts(this.#store, me.user.id);
  }

  /** Nobody was there for a while: the screen goes at once, the session after it. Keys and messages stay for the next login. */
  async lock(): Promise<void> {
    if (this.stage.peek().kind !== 'in') return;
    this.#rememberUser(true);
    await this.#task.run(async () => {
      this.#remember(false);
      this.stage.value = { kind: 'login', why: 'idle' };
      await this.#client.logout({ keepDevice: true }).catch(() => undefined);
    });
  }

  /** As the idle lock does, at whatever step. The session is asked for again when the page opens: it may be told to erase. */
  #branchLocked(): void {
    const { value } = this.stage;
    if (value.kind === 'elsewhere') return;
    if (value.kind === 'in') this.lastUser.value = value.me.user.address;
    this.#typed = undefined;
    this.stage.value = { kind: 'login', why: BRANCH_LOCKED };
  }

  /** The profile is gone at the node: nothing of it stays here. */
  async ended(): Promise<void> {
    const { me } = this.#client;
    this.#rememberUser(false);
    await this.#client.logout().catch(() => undefined);
    this.#leave('deleted');
    if (me) forgetContacts(this.#store, me.user.id);
  }

  #leave(why?: LoginReason): void {
    this.#client.disconnect();
    this.#typed = undefined;
    this.#remember(false);
    this.stage.value = { kind: 'login', ...(why && { why }) };
  }

  #rememberUser(stays: boolean): void {
    this.lastUser.value = stays ? this.#client.me?.user.address : undefined;
  }

  /** Scripts can't see the cookie; asking without one would be refused, for all to see in the console. */
  #mayResume(): boolean {
    return readLocal(this.#store, SESSION_KEY) !== undefined;
  }

  #remember(isIn: boolean): void {
    writeLocal(this.#store, SESSION_KEY, isIn ? 'in' : '');
  }

  #enter(me: Me, isChosen = false): void {
    this.#remember(true);
    const { accountState } = this.#client;
    if (accountState.kind === 'refused') this.#enterRefused(accountState.code);
    else if (accountState.kind === 'locked') this.stage.value = { kind: 'locked' };
    else if (accountState.kind === 'open' && accountState.password) this.stage.value = { kind: 'unproven' };
    else this.#arrive(me, isChosen);
  }

  #enterRefused(code: string): void {
    this.failure.value = { code, params: {} };
    if (MAY_GO_ON.includes(code)) this.stage.value = { kind: 'older' };
  }

  #unlocked(isChosen: boolean): void {
    const { me } = this.#client;
    if (me) this.#enter(me, isChosen);
    else this.stage.value = { kind: 'login', why: 'ended' };
  }

  /** @param asks after a first password: for a recovery key, if there is none */
  #arrive(me: Me, asks: boolean): void {
    this.#typed = undefined;
    const { account } = this.#client;
    this.stage.value = { kind: asks && account && !account.hasRecoveryKey ? 'recovery-key' : 'in', me };
  }

  #complete(username: string): string {
    const name = username.trim().toLowerCase();
    return name.includes('@') ? name : `${name}@${this.server.value?.realm ?? ''}`;
  }
}
