// Drafts: on this device's disk at once, so that a crash loses nothing; in the vault within a second, so that they follow the user. The
// later one counts.
//
//   cache records, area 'draft', name conversation: as in the vault (forms.ts), while it is not there yet; an empty text for one that ended
import type { Clock, Timer } from '../../realm/clock.ts';
import { CanopyError, InputError } from '../../realm/errors.ts';
import { type ConversationId, type MessageId, parseConversationId } from '../../realm/ids.ts';
import type { ClientCache } from '../cache/cache.ts';
import type { Vault } from '../vault/vault.ts';
import { type Draft, decodeDraft, encodeDraft, MAX_DRAFT } from './forms.ts';

const KIND = 'draft';
/** Milliseconds after the last stroke. */
const WRITE_PAUSE = 700;

export interface DraftsComponents {
  readonly vault: Pick<Vault, 'get' | 'putAll' | 'onChange'>;
  readonly cache: Pick<ClientCache, 'records' | 'setRecords'>;
  readonly clock: Pick<Clock, 'now' | 'after'>;
  /** Another device of the user wrote it. */
  readonly onChange: (conversation: ConversationId, draft: Draft | undefined) => void;
}

export class Drafts {
  readonly #parts: DraftsComponents;
  readonly #unwritten = new Map<ConversationId, Draft>();
  readonly #stop: () => void;
  #timer: Timer | undefined;
  #isWriting = false;

  constructor(components: DraftsComponents) {
    this.#parts = components;
    this.#stop = components.vault.onChange((news) => {
      if (this.#isWriting) return;
      for (const { kind, key } of news) if (kind === KIND) this.#tell(key);
    });
  }

  /** What an earlier run could not write any more. */
  async open(): Promise<void> {
    for (const [name, bytes] of await this.#parts.cache.records(KIND)) {
      const draft = decodeDraft(bytes);
      const conversation = parseConversationId(name);
      const known = this.#written(conversation);
      if (!known || known.at < draft.at) this.#unwritten.set(conversation, draft);
    }
    if (this.#unwritten.size > 0) this.#writeLater();
  }

  of(conversation: ConversationId): Draft | undefined {
    const draft = this.#unwritten.get(conversation) ?? this.#written(conversation);
    return draft && (draft.text !== '' || draft.replyTo) ? draft : undefined;
  }

  /** Resolves when it is on this device's disk; an empty text without an answer ends it. @throws InputError `draft-too-long` */
  async set(conversation: ConversationId, text: string, replyTo?: MessageId): Promise<void> {
    if (new TextEncoder().encode(text).length > MAX_DRAFT) {
      throw new InputError('draft-too-long', `A draft has at most ${MAX_DRAFT} bytes`);
    }
    if (text === '' && !replyTo && !this.of(conversation)) return;
    const draft = { text, ...(replyTo && { replyTo }), at: this.#parts.clock.now() };
    this.#unwritten.set(conversation, draft);
    try {
      await this.#parts.cache.setRecords(KIND, new Map([[conversation, encodeDraft(draft)]]));
    } finally {
      // Where this device has no room the vault has.
      this.#writeLater();
    }
  }

  async close(): Promise<void> {
    this.#timer?.cancel();
    this.#stop();
    await this.#write();
  }

  #written(conversation: ConversationId): Draft | undefined {
    const value = this.#parts.vault.get(KIND, conversation);
    try {
      return value && decodeDraft(value);
    } catch (error) {
      if (error instanceof CanopyError) return undefined;
      throw error;
    }
  }

  #writeLater(): void {
    this.#timer?.cancel();
    this.#timer = this.#parts.clock.after(WRITE_PAUSE, () => void this.#write());
  }

  /** What can't be written now stays on the disk, for the next run at the latest. */
  async #write(): Promise<void> {
    const { vault, cache } = this.#parts;
    const taken = [...this.#unwritten];
    if (taken.length === 0) return;
    const entries = taken.map(([key, draft]) => {
      const isEmpty = draft.text === '' && !draft.replyTo;
      return { kind: KIND, key, value: isEmpty ? undefined : encodeDraft(draft) };
    });
    try {
      this.#isWriting = true;
      const written = vault.putAll(entries);
      this.#isWriting = false;
      await written;
      const done = taken.filter(([conversation, draft]) => this.#unwritten.get(conversation) === draft);
      for (const [conversation] of done) this.#unwritten.delete(conversation);
      await cache.setRecords(KIND, new Map(done.map(([conversation]) => [conversation, undefined])));
    } catch (error) {
      if (!(error instanceof CanopyError)) throw error;
    }
  }

  #tell(key: string): void {
    const conversation = conversationOf(key);
    // What is being written here is later.
    if (conversation && !this.#unwritten.has(conversation)) this.#parts.onChange(conversation, this.of(conversation));
  }
}

/** Whatever a newer client keeps under this kind is left alone. */
function conversationOf(key: string): ConversationId | undefined {
  try {
    return parseConversationId(key);
  } catch {
    return undefined;
  }
}
