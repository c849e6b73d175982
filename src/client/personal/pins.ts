// Conversations that the user keeps above the others: in the vault, so that they are the same on each of their devices and no server
// knows of them. What the vault could not write yet is on this device's disk, and goes there with the next run.
//
//   cache records, area 'on-top', name conversation: as in the vault (forms.ts), while it is not there yet; 0 for one that is let go
import type { Clock } from '../../realm/clock.ts';
import { CanopyError } from '../../realm/errors.ts';
import { type ConversationId, parseConversationId } from '../../realm/ids.ts';
import type { ClientCache } from '../cache/cache.ts';
import type { Vault } from '../vault/vault.ts';
import { decodeTime, encodeTime } from './forms.ts';

/** Not `pin`, which is what is known of a person's keys (src/client/account/people-keys.ts). */
const KIND = 'on-top';

export interface PinsComponents {
  readonly vault: Pick<Vault, 'list' | 'get' | 'putAll' | 'onChange'>;
  readonly cache: Pick<ClientCache, 'records' | 'setRecords'>;
  readonly clock: Pick<Clock, 'now'>;
  /** Here or on another device. */
  readonly onChange: (pinned: readonly ConversationId[]) => void;
}

export class Pins {
  readonly #parts: PinsComponents;
  /** Since when each is as it was set here last, 0 for one that is let go. */
  readonly #latest = new Map<ConversationId, number>();
  readonly #stop: () => void;
  #isWriting = false;
  #isOver = false;

  constructor(components: PinsComponents) {
    this.#parts = components;
    this.#stop = components.vault.onChange((news) => {
      const keys = news.filter(({ kind }) => kind === KIND).map(({ key }) => key);
      if (keys.length === 0) return;
      if (!this.#isWriting) void this.#drop(keys);
      components.onChange(this.list());
    });
  }

  /** What an earlier run could not write any more. */
  async open(): Promise<void> {
    for (const [name, bytes] of await this.#parts.cache.records(KIND)) {
      const found = readable(name, bytes);
      if (!found) continue;
      void this.#write(found.conversation, found.at).then((settle) => settle());
    }
  }

  /** In the order in which they were pinned: they keep their places. */
  list(): readonly ConversationId[] {
    const pinned = this.#parts.vault.list(KIND).flatMap(({ key, value }) => readable(key, value) ?? []);
    return pinned.sort((a, b) => a.at - b.at).map(({ conversation }) => conversation);
  }

  /** Holds here at once; resolves when it is on this device's disk. The vault has it as soon as it can be reached. */
  async set(conversation: ConversationId, isPinned: boolean): Promise<void> {
    if (isPinned === (this.#parts.vault.get(KIND, conversation) !== undefined)) return;
    const at = isPinned ? this.#parts.clock.now() : 0;
    const written = this.#write(conversation, at);
    // Where this device has no room the vault has.
    await this.#parts.cache.setRecords(KIND, new Map([[conversation, encodeTime(at)]])).catch(passing);
    void written.then((settle) => settle());
  }

  close(): void {
    this.#isOver = true;
    this.#stop();
  }

  /** Resolves with what is left to do: what is in the vault needs no place on the disk. */
  async #write(conversation: ConversationId, at: number): Promise<() => Promise<void>> {
    this.#latest.set(conversation, at);
    const entry = { kind: KIND, key: conversation, value: at > 0 ? encodeTime(at) : undefined };
    try {
      this.#isWriting = true;
      const written = this.#parts.vault.putAll([entry]);
      this.#isWriting = false;
      await written;
      return () => this.#forget(conversation, at);
    } catch (error) {
      passing(error);
      return async () => {};
    }
  }

  async #forget(conversation: ConversationId, at: number): Promise<void> {
    if (this.#latest.get(conversation) === at) await this.#drop([conversation]);
  }

  /** What is in the vault, from here or from another device, counts more than what waits on the disk. */
  async #drop(keys: readonly string[]): Promise<void> {
    if (this.#isOver) return;
    await this.#parts.cache.setRecords(KIND, new Map(keys.map((key) => [key, undefined]))).catch(passing);
  }
}

/** Whatever a newer client keeps under this kind is left alone. */
function readable(key: string, value: Uint8Array): { conversation: ConversationId; at: number } | undefined {
  try {
    return { conversation: parseConversationId(key), at: decodeTime(value) };
  } catch (error) {
    passing(error);
    return undefined;
  }
}

function passing(error: unknown): void {
  if (!(error instanceof CanopyError)) throw error;
}
