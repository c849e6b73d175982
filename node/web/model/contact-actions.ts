// What a person settles about others: blocked ones, what is deleted, who leaves the list.
import { type Signal, signal } from '@preact/signals';
import type { User } from '../../../src/client/client.ts';
import type { Clock } from '../../../src/realm/clock.ts';
import type { Chat } from './chat.ts';
import { type Failure, failureOf } from './failure-text.ts';
import type { PageClient } from './page-client.ts';

export type BlockedPerson = Awaited<ReturnType<PageClient['contacts']['blocked']>>[number];

export interface ContactActionsComponents {
  readonly client: Pick<PageClient, 'clearHistory' | 'on'> & {
    readonly contacts: Pick<PageClient['contacts'], 'blocked' | 'block' | 'unblock' | 'remove'>;
  };
  readonly clock: Pick<Clock, 'now'>;
  readonly onDropped: (chat: Chat) => void;
}

export class ContactActions {
  /** By id, the one that was blocked last first. Of somebody who can't be found any more the id alone is known. */
  readonly blocked: Signal<ReadonlyMap<string, BlockedPerson>> = signal(new Map());
  /** Why somebody could not be unblocked. */
  readonly failure: Signal<Failure | undefined> = signal(undefined);
  readonly #components: ContactActionsComponents;
  #stop: () => void = () => {};

  constructor(components: ContactActionsComponents) {
    this.#components = components;
  }

  start(): void {
    this.#stop = this.#components.client.on('ready', () => void this.#ask());
    void this.#ask();
  }

  stop(): void {
    this.#stop();
  }

  /** Earlier messages stay. */
  async block(person: User): Promise<void> {
    await this.#components.client.contacts.block(person.id);
    const at = this.#components.clock.now();
    this.blocked.value = new Map([[person.id, { user: person, at }], ...this.blocked.value]);
  }

  /** Whether it worked; `failure` tells why not. */
  async unblock({ id }: Pick<User, 'id'>): Promise<boolean> {
    this.failure.value = undefined;
    const ask = async (): Promise<void> => this.#components.client.contacts.unblock(id);
    try {
      await ask();
    } catch (error) {
      this.failure.value = failureOf(error);
      return false;
    }
    this.blocked.value = new Map([...this.blocked.value].filter(([known]) => known !== id));
    return true;
  }

  clear(chat: Chat): Promise<void> {
    return this.#components.client.clearHistory(chat.id);
  }

  /** The conversation goes with its history. */
  async remove(chat: Chat): Promise<void> {
    if (chat.person && chat.last) await this.#components.client.contacts.remove(chat.person.id);
    this.#components.onDropped(chat);
  }

  async #ask(): Promise<void> {
    const { client } = this.#components;
    // Without the server the last answer stands.
    const ask = async () => client.contacts.blocked();
    const list = await ask().catch(() => undefined);
    if (!list) return;
    const newest = list.toSorted((a, b) => b.at - a.at);
    this.blocked.value = new Map(newest.map((one) => [one.user.id, one]));
  }
}
