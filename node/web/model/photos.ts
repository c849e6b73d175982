// Photos of people, fetched when one is first drawn and kept while the person is in, by what names their bytes.
import { type Signal, signal } from '@preact/signals';
import type { User } from '../../../src/client/client.ts';
import type { OwnAccountClient } from './account-client.ts';

type Shown = Signal<Uint8Array | undefined>;

interface PhotoClient {
  readonly account: Pick<OwnAccountClient, 'photoOf'> | undefined;
}

/** At most 16 KiB each. */
const MAX_KEPT = 500;

export class Photos {
  readonly #client: PhotoClient;
  readonly #kept = new Map<string, Shown>();

  constructor(client: PhotoClient) {
    this.#client = client;
  }

  /** Empty until it has come, and when it does not. */
  of(user: User): Shown | undefined {
    const { photo } = user;
    if (photo === undefined) return undefined;
    const known = this.#kept.get(photo);
    if (known) return known;
    const shown: Shown = signal(undefined);
    this.#kept.set(photo, shown);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= MAX_KEPT) break;
      this.#kept.delete(oldest);
    }
    void this.#fetch(user, photo, shown);
    return shown;
  }

  async #fetch(user: User, photo: string, shown: Shown): Promise<void> {
    try {
      shown.value = await this.#client.account?.photoOf(user);
    } catch {
      // out of reach: initials meanwhile
    }
    // asked for again when it is drawn anew
    if (!shown.peek() && this.#kept.get(photo) === shown) this.#kept.delete(photo);
  }
}
