// What the user has read, hidden and deleted for himself, in the vault: the same on each of his devices, and told to timelines as it
// comes. A read mark is applied at once and written after a pause, since people read many messages in a row.
import type { Clock, Timer } from '../../realm/clock.ts';
import { CanopyError } from '../../realm/errors.ts';
import { type ConversationId, type MessageId, parseConversationId, parseMessageId } from '../../realm/ids.ts';
import type { ReadMark } from '../timeline/events.ts';
import { emptyTimeline, reduceTimeline, type TimelineAction } from '../timeline/state.ts';
import type { Vault, VaultNews } from '../vault/vault.ts';
import { decodeMarks, decodeTime, encodeMarks, encodeTime } from './forms.ts';

const READ = 'read';
const HIDDEN = 'hidden';
/** Milliseconds in which marks are gathered. */
const WRITE_PAUSE = 2_000;

export interface SettledComponents {
  readonly vault: Pick<Vault, 'get' | 'list' | 'putAll' | 'onChange'>;
  readonly clock: Pick<Clock, 'now' | 'after'>;
  /** Something new is settled, here or on another device. */
  readonly onSettled: (conversation: ConversationId, actions: readonly TimelineAction[]) => void;
}

export class Settled {
  readonly #parts: SettledComponents;
  /** Applied here and not yet in the vault. */
  readonly #unwritten = new Map<ConversationId, readonly ReadMark[]>();
  #timer: Timer | undefined;
  readonly #stop: () => void;

  constructor(components: SettledComponents) {
    this.#parts = components;
    this.#stop = components.vault.onChange((news) => this.#tell(news));
  }

  /** For a timeline that is opened. */
  of(conversation: ConversationId): readonly TimelineAction[] {
    const cleared = this.clearedUpTo(conversation);
    const ids = this.#hidden(conversation);
    return [
      ...this.#marks(conversation).map((mark) => ({ kind: 'read', mark }) as const),
      ...(ids.length > 0 ? [{ kind: 'hidden', ids } as const] : []),
      ...(cleared > 0 ? [{ kind: 'cleared', upTo: cleared } as const] : []),
    ];
  }

  /** 0 when the history was never deleted. */
  clearedUpTo(conversation: ConversationId): number {
    const value = this.#parts.vault.get(HIDDEN, conversation);
    return value ? (readable(() => decodeTime(value)) ?? 0) : 0;
  }

  /** Conversations whose histories were deleted one day. */
  cleared(): readonly ConversationId[] {
    return this.#parts.vault.list(HIDDEN).flatMap(({ key }) => {
      const named = placeOfKey(key);
      return named && !named.id ? [named.conversation] : [];
    });
  }

  /** All that is hidden one by one. */
  hidden(): readonly { readonly conversation: ConversationId; readonly id: MessageId }[] {
    return this.#parts.vault.list(HIDDEN).flatMap(({ key }) => {
      const named = placeOfKey(key);
      return named?.id ? [{ conversation: named.conversation, id: named.id }] : [];
    });
  }

  isHidden(conversation: ConversationId, id: MessageId): boolean {
    return this.#parts.vault.get(HIDDEN, `${conversation}/${id}`) !== undefined;
  }

  read(conversation: ConversationId, mark: ReadMark): void {
    const marks = this.#marks(conversation);
    if (marks.some((known) => known.arrivedAt >= mark.arrivedAt)) return;
    this.#unwritten.set(conversation, [...(this.#unwritten.get(conversation) ?? []), mark]);
    this.#parts.onSettled(conversation, [{ kind: 'read', mark }]);
    this.#timer ??= this.#parts.clock.after(WRITE_PAUSE, () => void this.#write().catch(passing));
  }

  /** @throws UnreachableError; it holds here all the same, and is written later */
  async hide(conversation: ConversationId, ids: readonly MessageId[]): Promise<void> {
    const value = encodeTime(this.#parts.clock.now());
    await this.#parts.vault.putAll(ids.map((id) => ({ kind: HIDDEN, key: `${conversation}/${id}`, value })));
  }

  /** @throws as hide() */
  async clear(conversation: ConversationId, upTo: number): Promise<void> {
    if (upTo <= this.clearedUpTo(conversation)) return;
    // What was hidden one by one is gone with the rest.
    const single = this.#hidden(conversation).map((id) => `${conversation}/${id}`);
    await this.#parts.vault.putAll([
      { kind: HIDDEN, key: conversation, value: encodeTime(upTo) },
      ...single.map((key) => ({ kind: HIDDEN, key, value: undefined })),
    ]);
  }

  async close(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    await this.#write().catch(passing);
    this.#stop();
  }

  #marks(conversation: ConversationId): readonly ReadMark[] {
    const value = this.#parts.vault.get(READ, conversation);
    const written = value ? (readable(() => decodeMarks(value)) ?? []) : [];
    return [...written, ...(this.#unwritten.get(conversation) ?? [])];
  }

  #hidden(conversation: ConversationId): readonly MessageId[] {
    return this.hidden().flatMap((one) => (one.conversation === conversation ? [one.id] : []));
  }

  async #write(): Promise<void> {
    this.#timer = undefined;
    const entries = [...this.#unwritten.keys()].map((conversation) => {
      const actions = this.#marks(conversation).map((mark) => ({ kind: 'read', mark }) as const);
      const { reads } = actions.reduce(reduceTimeline, emptyTimeline(conversation));
      return { kind: READ, key: conversation, value: encodeMarks(reads) };
    });
    // From here on the vault has them, be they durable or not.
    const written = entries.length > 0 ? this.#parts.vault.putAll(entries) : undefined;
    this.#unwritten.clear();
    await written;
  }

  #tell(news: readonly VaultNews[]): void {
    for (const { kind, key, value } of news) {
      const named = placeOfKey(key);
      if (!value || !named || (kind !== READ && kind !== HIDDEN)) continue;
      const actions = readable(() => actionsOf(kind, named.id, value));
      if (actions) this.#parts.onSettled(named.conversation, actions);
    }
  }
}

function actionsOf(kind: string, id: MessageId | undefined, value: Uint8Array): readonly TimelineAction[] {
  if (kind === READ) return decodeMarks(value).map((mark) => ({ kind: 'read', mark }));
  if (id) return [{ kind: 'hidden', ids: [id] }];
  return [{ kind: 'cleared', upTo: decodeTime(value) }];
}

function placeOfKey(key: string): { readonly conversation: ConversationId; readonly id?: MessageId } | undefined {
  const [conversation = '', id] = key.split('/');
  return readable(() => {
    const named = { conversation: parseConversationId(conversation) };
    return id === undefined ? named : { ...named, id: parseMessageId(id) };
  });
}

/** A newer client may write what this one does not know. */
function readable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof CanopyError) return undefined;
    throw error;
  }
}

/** The vault keeps what it could not write, and writes it with the next change. */
function passing(error: unknown): void {
  if (!(error instanceof CanopyError)) throw error;
}
