// Whose presence a terminal client wants to know: everybody with whom it has a conversation.
import type { Client, User } from '../../src/client/client.ts';

export class Partners {
  readonly #client: Client;
  readonly #users = new Map<string, User>();

  constructor(client: Client) {
    this.#client = client;
  }

  async load(): Promise<void> {
    for (const { others } of await this.#client.conversations()) this.#add(others);
    this.#client.watch([...this.#users.values()]);
  }

  meet(users: readonly User[]): void {
    const before = this.#users.size;
    this.#add(users);
    if (this.#users.size > before) this.#client.watch([...this.#users.values()]);
  }

  #add(users: readonly User[]): void {
    for (const user of users) if (user.id !== this.#client.me?.user.id) this.#users.set(user.id, user);
  }
}
