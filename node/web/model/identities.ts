// Who others are, as far as the person is sure of it: safety numbers, and whose keys have changed. Nothing is sealed for changed keys
// before they were accepted, so that has to be said where the messages are written.
import { type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { User } from '../../../src/client/client.ts';
import type { PageClient } from './page-client.ts';
import { Task } from './task.ts';

export type Identity = Awaited<ReturnType<PageClient['contacts']['identityOf']>>;

export class Identities {
  readonly #client: Pick<PageClient, 'on' | 'contacts'>;
  readonly #changed: Signal<ReadonlySet<string>> = signal(new Set());
  #stop: () => void = () => {};

  constructor(client: Pick<PageClient, 'on' | 'contacts'>) {
    this.#client = client;
  }

  /** Users whose keys have changed and were not accepted yet. */
  get changed(): ReadonlySignal<ReadonlySet<string>> {
    return this.#changed;
  }

  start(): void {
    this.#stop = this.#client.on('identity-changed', ({ user }) => this.#mark(user, true));
  }

  stop(): void {
    this.#stop();
  }

  compare(person: User): Comparison {
    return new Comparison(this.#client.contacts, person, (isChanged) => this.#mark(person.id, isChanged));
  }

  /** By what this device holds. */
  isVerified(person: User): boolean {
    return this.#client.contacts.isVerified(person.id);
  }

  #mark(user: string, isChanged: boolean): void {
    const others = [...this.#changed.value].filter((known) => known !== user);
    this.#changed.value = new Set(isChanged ? [...others, user] : others);
  }
}

/** One person's safety number, while it is looked at. */
export class Comparison {
  readonly identity: Signal<Identity | undefined> = signal(undefined);
  readonly task = new Task();
  readonly #contacts: PageClient['contacts'];
  readonly #person: User;
  readonly #onChanged: (isChanged: boolean) => void;

  constructor(contacts: PageClient['contacts'], person: User, onChanged: (isChanged: boolean) => void) {
    this.#contacts = contacts;
    this.#person = person;
    this.#onChanged = onChanged;
  }

  ask(): Promise<boolean> {
    return this.task.run(() => this.#ask());
  }

  /** Shown at once; taken back when it can't be kept. */
  async setVerified(isVerified: boolean): Promise<boolean> {
    const before = this.identity.peek();
    if (!before) return false;
    this.identity.value = { ...before, verified: isVerified };
    const isKept = await this.task.run(() =>
      this.#contacts.setVerified(this.#person.id, isVerified ? before.safetyNumber : undefined),
    );
    if (!isKept) this.identity.value = before;
    return isKept;
  }

  /** Accepts the keys whose number is shown, and no others. */
  accept(): Promise<boolean> {
    const change = this.identity.peek()?.changedTo;
    return this.task.run(async () => {
      if (change) await this.#contacts.accept(this.#person.id, change.identity);
      await this.#ask();
    });
  }

  async #ask(): Promise<void> {
    const identity = await this.#contacts.identityOf(this.#person.id);
    this.identity.value = identity;
    this.#onChanged(identity.changedTo !== undefined);
  }
}
