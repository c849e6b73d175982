// The messages of one conversation, as far as they are loaded: pages of history before, what arrives behind.
import { batch, type Signal, signal } from '@preact/signals';
import type { Client, HistoryPage, Message, MessageState, StateChange } from '../../../src/client/client.ts';
import type { ConversationId } from '../../../src/realm/ids.ts';

const PAGE = 50;
/** A state never goes back, whatever order it is told in. */
const PROGRESS: readonly MessageState[] = ['queued', 'stored', 'delivered', 'read'];

export type Loading = 'none' | 'first' | 'older' | 'failed';

export class Timeline {
  readonly id: ConversationId;
  readonly messages: Signal<readonly Message[]> = signal([]);
  readonly loading: Signal<Loading> = signal('none');
  /** True once the beginning of the conversation is loaded. */
  readonly complete: Signal<boolean> = signal(false);
  readonly #client: Pick<Client, 'history'>;
  #before: string | undefined;
  #loaded = false;

  constructor(id: ConversationId, client: Pick<Client, 'history'>) {
    this.id = id;
    this.#client = client;
  }

  /** A conversation of which no server knows yet: there is nothing to load. */
  begin(): void {
    if (!this.#loaded) this.complete.value = true;
  }

  /** The newest page; once, unless `again`. `onShown` runs before anything of it is on the screen. */
  async load(onShown: (messages: readonly Message[]) => void = () => undefined, again = false): Promise<void> {
    if (this.loading.value === 'first' || this.loading.value === 'older') return;
    if (this.#loaded && !again) onShown(this.messages.value);
    else await this.#page('first', undefined, onShown);
  }

  async loadOlder(): Promise<void> {
    if (this.loading.value === 'none' && !this.complete.value && this.#loaded) await this.#page('older', this.#before);
  }

  /** After a page that could not be loaded. */
  async retry(): Promise<void> {
    if (this.loading.value === 'failed') await this.#page(this.#loaded ? 'older' : 'first', this.#before);
  }

  /** A message that was told: replaces the one of the same id, else takes its place by stamp. */
  add(message: Message): void {
    const known = this.messages.value.findIndex(({ id }) => id === message.id);
    if (known !== -1) {
      this.messages.value = this.messages.value.with(known, furthest(this.messages.value[known], message));
      return;
    }
    const at = placeOf(this.messages.value, message);
    // older than everything loaded: its page will bring it
    if (at === 0 && this.messages.value.length > 0 && !this.complete.value) return;
    this.messages.value = this.messages.value.toSpliced(at, 0, message);
  }

  remove(id: string): void {
    this.messages.value = this.messages.value.filter((message) => message.id !== id);
  }

  /** Reading a message means that those before it were read, or at least delivered. */
  apply(change: StateChange): void {
    const at = this.messages.value.findIndex(({ id }) => id === change.id);
    if (at === -1) return;
    const spreads = change.state === 'read' || change.state === 'delivered';
    this.messages.value = this.messages.value.map((message, index) => {
      if (index === at) return withState(message, change);
      const isBefore = index < at && message.mine && message.state !== 'failed' && message.state !== 'queued';
      return spreads && change.state === 'read' && isBefore ? withState(message, { state: 'read' }) : message;
    });
  }

  async #page(
    kind: 'first' | 'older',
    before: string | undefined,
    onShown?: (messages: readonly Message[]) => void,
  ): Promise<void> {
    this.loading.value = kind;
    try {
      const page = await this.#client.history(this.id, { limit: PAGE, ...(before === undefined ? {} : { before }) });
      batch(() => {
        this.#take(kind, page);
        onShown?.(this.messages.value);
      });
    } catch {
      this.loading.value = 'failed';
    }
  }

  #take(kind: 'first' | 'older', page: HistoryPage): void {
    const fresh = new Set(page.messages.map(({ id }) => id));
    const rest = this.messages.value.filter(({ id }) => !fresh.has(id));
    this.messages.value = kind === 'older' ? [...page.messages, ...rest] : mergeBehind(page.messages, rest);
    this.#before = page.before;
    this.complete.value = page.before === undefined;
    this.#loaded = true;
    this.loading.value = 'none';
  }
}

/** What was told while the newest page travelled stands at its place behind or between. */
function mergeBehind(page: readonly Message[], rest: readonly Message[]): readonly Message[] {
  let merged = page;
  for (const message of rest) {
    const at = placeOf(merged, message);
    if (at > 0 || merged.length === 0) merged = merged.toSpliced(at, 0, message);
  }
  return merged;
}

/** Behind every message that is not of a later stamp; what has no stamp yet is the newest. */
function placeOf(messages: readonly Message[], message: Message): number {
  const { stamp } = message;
  if (!stamp) return messages.length;
  let at = messages.length;
  while (at > 0) {
    const before = messages[at - 1]?.stamp;
    if (!before || before.ms < stamp.ms || (before.ms === stamp.ms && before.counter <= stamp.counter)) break;
    at -= 1;
  }
  return at;
}

function furthest(known: Message | undefined, told: Message): Message {
  return known && !mayFollow(known.state, told.state) ? { ...told, state: known.state } : told;
}

function withState(message: Message, change: Pick<StateChange, 'state' | 'failure'>): Message {
  if (!mayFollow(message.state, change.state)) return message;
  const { failure: _, ...rest } = message;
  return { ...rest, state: change.state, ...(change.failure ? { failure: change.failure } : {}) };
}

/** What nobody has received yet can fail; what has failed is tried again from the beginning. */
function mayFollow(from: MessageState, to: MessageState): boolean {
  if (from === 'failed') return true;
  if (to === 'failed') return from === 'queued' || from === 'stored';
  return PROGRESS.indexOf(to) >= PROGRESS.indexOf(from);
}
