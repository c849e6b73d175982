// Who is logged in, and the way there: opening, logging in, the first change of password.
import { type Signal, signal } from '@preact/signals';
import type { Client, Me, ServerAnswer } from '../../../src/client/client.ts';
import { type Clock, sleep } from '../../../src/realm/clock.ts';
import { codeOf } from '../../../src/realm/errors.ts';
import { type Failure, failureOf } from './failure-text.ts';
import { type LocalStore, readLocal, writeLocal } from './local-store.ts';

/** Milliseconds between two tries to reach the server when the page opens. */
const OPENING_RETRY = 3000;
const SESSION_KEY = 'canopy.session';

export type Stage =
  | { readonly kind: 'opening'; readonly unreachable: boolean }
  | { readonly kind: 'login'; readonly ended: boolean }
  | { readonly kind: 'new-password' }
  | { readonly kind: 'in'; readonly me: Me };

export interface SessionComponents {
  readonly client: Client;
  readonly clock: Clock;
  readonly store: LocalStore;
}

export class SessionModel {
  readonly stage: Signal<Stage> = signal({ kind: 'opening', unreachable: false });
  readonly server: Signal<ServerAnswer | undefined> = signal(undefined);
  readonly busy: Signal<boolean> = signal(false);
  readonly failure: Signal<Failure | undefined> = signal(undefined);
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #store: LocalStore;
  /** Between the login with a first password and the choice of an own one. */
  #first: { readonly address: string; readonly password: string } | undefined;

  constructor({ client, clock, store }: SessionComponents) {
    this.#client = client;
    this.#clock = clock;
    this.#store = store;
    client.on('signed-out', () => {
      this.#remember(false);
      if (this.stage.value.kind === 'in') this.stage.value = { kind: 'login', ended: true };
    });
  }

  /** Learns who serves here and takes up the session of the cookie; tries until the server answers. */
  async open(signal?: AbortSignal): Promise<void> {
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
      this.#remember(me !== undefined);
      return me ? { kind: 'in', me } : { kind: 'login', ended: false };
    } catch (error) {
      // a first password: its session opens nothing, log in again and choose
      if (codeOf(error) === 'password-change-required') return { kind: 'login', ended: false };
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

  /** True when the password that is being chosen is the one that the administrator made. */
  isFirstPassword(password: string): boolean {
    return this.#first?.password === password;
  }

  async logOut(): Promise<void> {
    await this.#client.logout().catch(() => undefined);
    this.#client.disconnect();
    this.#remember(false);
    this.stage.value = { kind: 'login', ended: false };
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
    this.stage.value = { kind: 'in', me };
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
