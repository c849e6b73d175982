// Who is logged in, and the way there: opening, logging in, the first change of password, unlocking the keys.
import { type Signal, signal } from '@preact/signals';
import type { Me, ServerAnswer } from '../../../src/client/client.ts';
import { type Clock, sleep } from '../../../src/realm/clock.ts';
import { codeOf } from '../../../src/realm/errors.ts';
import { type Failure, failureOf } from './failure-text.ts';
import { type LocalStore, readLocal, writeLocal } from './local-store.ts';
import type { PageClient } from './page-client.ts';
import type { TabPlace } from './tab.ts';

/** Milliseconds between two tries to reach the server when the page opens. */
const OPENING_RETRY = 3000;
const SESSION_KEY = 'canopy.session';

export type Stage =
  | { readonly kind: 'opening'; readonly unreachable: boolean }
  /** Another tab of this browser has it. */
  | { readonly kind: 'elsewhere' }
  | { readonly kind: 'login'; readonly why?: LoginReason }
  | { readonly kind: 'new-password' }
  /** Logged in, but neither the password nor this device opens the keys. */
  | { readonly kind: 'locked' }
  | { readonly kind: 'in'; readonly me: Me };

/** Why somebody who was in has to log in: the session ended, the device was signed out for good, its keys need the password. */
export type LoginReason = 'ended' | 'wiped' | 'locked';

export interface SessionComponents {
  readonly client: PageClient;
  readonly tab: TabPlace;
  readonly clock: Clock;
  readonly store: LocalStore;
}

export class SessionModel {
  readonly stage: Signal<Stage> = signal({ kind: 'opening', unreachable: false });
  readonly server: Signal<ServerAnswer | undefined> = signal(undefined);
  readonly busy: Signal<boolean> = signal(false);
  readonly failure: Signal<Failure | undefined> = signal(undefined);
  readonly #client: PageClient;
  readonly #tab: TabPlace;
  readonly #clock: Clock;
  readonly #store: LocalStore;
  /** Between the login with a first password and the choice of an own one. */
  #first: { readonly address: string; readonly password: string } | undefined;

  constructor({ client, tab, clock, store }: SessionComponents) {
    this.#client = client;
    this.#tab = tab;
    this.#clock = clock;
    this.#store = store;
    client.on('signed-out', () => {
      this.#remember(false);
      if (this.stage.value.kind === 'in') this.stage.value = { kind: 'login', why: 'ended' };
    });
    client.on('wiped', () => {
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

  async #openOnce(signal?: AbortSignal): Promise<Stage> {
    try {
      this.server.value = await this.#client.server(signal);
      const me = this.#mayResume() ? await this.#client.resume() : undefined;
      if (me && this.#client.accountState.kind === 'locked') return { kind: 'login', why: 'locked' };
      this.#remember(me !== undefined);
      return me ? { kind: 'in', me } : { kind: 'login' };
    } catch (error) {
      // a first password: its session opens nothing, log in again and choose
      if (codeOf(error) === 'password-change-required') return { kind: 'login' };
      return { kind: 'opening', unreachable: true };
    }
  }

  /** `username` may be the bare login of this branch. */
  async logIn(username: string, password: string): Promise<void> {
    const address = this.#complete(username);
    await this.#attempt(async () => {
      try {
        this.#enter(await this.#client.login(address, password));
      } catch (error) {
        if (codeOf(error) !== 'password-change-required') throw error;
        this.#first = { address, password };
        this.stage.value = { kind: 'new-password' };
      }
    });
  }

  async choosePassword(newPassword: string): Promise<void> {
    const first = this.#first;
    if (!first) return;
    await this.#attempt(async () => {
      this.#enter(await this.#client.login(first.address, first.password, { newPassword }));
    });
  }

  /** Opens the keys by the recovery key, which the present password opens from then on. */
  async recover(recoveryKey: string): Promise<void> {
    await this.#attempt(async () => {
      await this.#client.recoverAccount(recoveryKey);
      this.#unlocked();
    });
  }

  /** Gives the earlier keys up: what was written before stays unreadable, and colleagues are told of the change. */
  async beginAnew(): Promise<void> {
    await this.#attempt(async () => {
      await this.#client.beginAccountAnew();
      this.#unlocked();
    });
  }

  /** True when the password that is being chosen is the one that the administrator made. */
  isFirstPassword(password: string): boolean {
    return this.#first?.password === password;
  }

  async logOut(): Promise<void> {
    await this.#client.logout().catch(() => undefined);
    this.#client.disconnect();
    this.#remember(false);
    this.stage.value = { kind: 'login' };
  }

  /** Scripts can't see the cookie; asking without one would be refused, for all to see in the console. */
  #mayResume(): boolean {
    return readLocal(this.#store, SESSION_KEY) !== undefined;
  }

  #remember(isIn: boolean): void {
    writeLocal(this.#store, SESSION_KEY, isIn ? 'in' : '');
  }

  #enter(me: Me): void {
    this.#remember(true);
    this.#first = undefined;
    const { accountState } = this.#client;
    if (accountState.kind === 'refused') this.failure.value = { code: accountState.code, params: {} };
    else this.stage.value = accountState.kind === 'locked' ? { kind: 'locked' } : { kind: 'in', me };
  }

  #unlocked(): void {
    const { me } = this.#client;
    this.stage.value = me ? { kind: 'in', me } : { kind: 'login', why: 'ended' };
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    if (this.busy.value) return;
    this.busy.value = true;
    this.failure.value = undefined;
    try {
      await work();
    } catch (error) {
      this.failure.value = failureOf(error);
    } finally {
      this.busy.value = false;
    }
  }

  #complete(username: string): string {
    const name = username.trim().toLowerCase();
    return name.includes('@') ? name : `${name}@${this.server.value?.realm ?? ''}`;
  }
}
