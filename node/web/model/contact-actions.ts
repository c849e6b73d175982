// What a person settles about others: blocked ones, what is deleted, who leaves the list.
import { type Signal, signal } from '@preact/signals';
import type { User } from '../../../src/client/client.ts';
import type { Chat } from './chat.ts';
import type { PageClient } from './page-client.ts';

export interface ContactActionsComponents {
  readonly client: Pick<PageClient, 'contacts' | 'clearHistory' | 'on'>;
  readonly onDropped: (chat: Chat) => void;
}

export class ContactActions {
  readonly blocked: Signal<ReadonlySet<string>> = signal(new Set());
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
    this.blocked.value = new Set([...this.blocked.value, person.id]);
  }

  async unblock(person: User): Promise<void> {
    await this.#components.client.contacts.unblock(person.id);
    this.blocked.value = new Set([...this.blocked.value].filter((id) => id !== person.id));
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
    if (list) this.blocked.value = new Set(list.map(({ user }) => user.id));
  }
}
