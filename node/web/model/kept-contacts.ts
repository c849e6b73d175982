// People who were added and not written to yet: no server knows of these conversations, so the page keeps them.
import type { Client, User } from '../../../src/client/client.ts';
import { parseUserId } from '../../../src/realm/ids.ts';
import { type LocalStore, readLocal, writeLocal } from './local-store.ts';

export interface KeptContactsComponents {
  readonly client: Pick<Client, 'userById'>;
  readonly store: LocalStore;
  /** Whose: two people may use one browser. */
  readonly owner: string;
}

export class KeptContacts {
  readonly #components: KeptContactsComponents;

  constructor(components: KeptContactsComponents) {
    this.#components = components;
  }

  async load(): Promise<readonly User[]> {
    const ids = (readLocal(this.#components.store, this.#key()) ?? '').split(' ').filter(Boolean);
    const people = await Promise.all(ids.map((id) => this.#find(id)));
    return people.filter((person) => person !== undefined);
  }

  save(people: readonly User[]): void {
    writeLocal(this.#components.store, this.#key(), people.map(({ id }) => id).join(' '));
  }

  async #find(id: string): Promise<User | undefined> {
    try {
      return await this.#components.client.userById(parseUserId(id));
    } catch {
      return undefined;
    }
  }

  #key(): string {
    return keyOf(this.#components.owner);
  }
}

/** Of somebody who leaves nothing in this browser. */
export function forgetContacts(store: LocalStore, owner: string): void {
  writeLocal(store, keyOf(owner), '');
}

function keyOf(owner: string): string {
  return `canopy.contacts.${owner}`;
}
