// What is shown of one conversation, from what this device holds: opened once, loaded backwards page by page, looked at anew when
// something changes. Many changes in a short time make one look.
import { batch, type Signal, signal } from '@preact/signals';
import type { OpenTimeline } from '../../../src/client/chats.ts';
import type { Client, StateChange } from '../../../src/client/client.ts';
import type { Timeline as View } from '../../../src/client/timeline/view.ts';
import type { Clock, Timer } from '../../../src/realm/clock.ts';
import type { ConversationId, MessageId } from '../../../src/realm/ids.ts';

/**
 * Milliseconds between two looks while much changes; the first change is shown at once. Ten a second are more than anybody reads, and
 * leave most frames to what the person does.
 */
const PAUSE = 100;
/** Items that stay in memory when a person goes back to the end. */
const KEPT = 1500;
/** Milliseconds that one timer waits at most, so that none overflows; longer waits are several. */
const LONGEST_TIMER = 24 * 3_600_000;

export type ShownItem = View['items'][number];
export type ShownMessage = Extract<ShownItem, { kind: 'message' }>;
export type ShownLine = Extract<ShownItem, { kind: 'line' }>;
export type Refusal = NonNullable<StateChange['failure']>;
export type Loading = 'none' | 'first' | 'older' | 'failed';

export interface TimelineComponents {
  readonly client: Pick<Client, 'timeline' | 'refused'>;
  readonly clock: Clock;
  /** After each look. */
  readonly onView?: (timeline: Timeline) => void;
}

const NOTHING: View = { items: [], unread: 0, unreadMentions: 0, pinned: [], timer: 0, heads: [] };

export class Timeline {
  readonly id: ConversationId;
  readonly view: Signal<View> = signal(NOTHING);
  readonly loading: Signal<Loading> = signal('none');
  /** This device holds nothing older. */
  readonly complete: Signal<boolean> = signal(false);
  readonly isOpen: Signal<boolean> = signal(false);
  /** Why the server took a message not. */
  readonly refusals: Signal<ReadonlyMap<MessageId, Refusal>> = signal(new Map());
  readonly #components: TimelineComponents;
  #open: OpenTimeline | undefined;
  /** Read ahead; it follows what happens, and nobody looks at it yet. */
  #prepared: Promise<OpenTimeline> | undefined;
  /** What came of it: it opens at once. */
  #ready: OpenTimeline | undefined;
  #unlisten: () => void = () => {};
  #pause: Timer | undefined;
  #expiry: Timer | undefined;
  #isDue = false;
  #isClosed = false;

  constructor(id: ConversationId, components: TimelineComponents) {
    this.id = id;
    this.#components = components;
    // Refused before this page was there.
    for (const change of components.client.refused()) if (change.conversation === id) this.told(change);
  }

  /** Reads the newest page ahead, so that opening it has nothing to wait for. */
  async prepare(): Promise<void> {
    if (this.#open || this.#isClosed || this.loading.peek() === 'first') return;
    const prepared = (this.#prepared ??= this.#components.client.timeline(this.id));
    // what can't be read is told when it is opened
    const open = await prepared.catch(() => undefined);
    if (this.#prepared !== prepared) return;
    if (open) open.view();
    else this.#prepared = undefined;
    this.#ready = open;
  }

  /** The newest page; once, and at once where it was read ahead. `onShown` runs before anything of it is on the screen. */
  async open(onShown: (view: View) => void = () => {}): Promise<void> {
    if (this.#open) return onShown(this.view.peek());
    if (this.loading.peek() === 'first') return;
    try {
      if (!this.#ready) this.loading.value = 'first';
      this.#begin(this.#ready ?? (await (this.#prepared ?? this.#components.client.timeline(this.id))), onShown);
    } catch {
      this.loading.value = 'failed';
    }
  }

  #begin(open: OpenTimeline, onShown: (view: View) => void): void {
    if (!this.#take(open)) return;
    batch(() => {
      this.isOpen.value = true;
      this.loading.value = 'none';
      this.#look();
      onShown(this.view.peek());
    });
  }

  /** Lets go of what was loaded far back; what is shown at the end stays. */
  async renew(): Promise<void> {
    if (!this.#open || this.view.peek().items.length <= KEPT || this.loading.peek() !== 'none') return;
    const before = this.#open;
    const stop = this.#unlisten;
    // what can't be opened anew stays as it is
    const open = await this.#components.client.timeline(this.id).catch(() => undefined);
    if (!open || !this.#take(open)) return;
    stop();
    before.close();
    batch(() => {
      this.complete.value = false;
      this.#look();
    });
  }

  async loadOlder(): Promise<void> {
    if (!this.#open || this.loading.value !== 'none' || this.complete.value) return;
    this.loading.value = 'older';
    try {
      const isMore = await this.#open.older();
      batch(() => {
        this.complete.value = !isMore;
        this.loading.value = 'none';
        this.#look();
      });
    } catch {
      this.loading.value = 'failed';
    }
  }

  /** After a page that could not be loaded. */
  async retry(): Promise<void> {
    if (this.loading.value !== 'failed') return;
    this.loading.value = 'none';
    await (this.#open ? this.loadOlder() : this.open());
  }

  /** Loads until the message is there; false when this device does not hold it. */
  async reach(id: string, signal?: AbortSignal): Promise<boolean> {
    await this.open();
    for (;;) {
      if (this.view.value.items.some((item) => item.id === id)) return true;
      const before = this.view.value.items.length;
      await this.loadOlder();
      const isStuck = this.complete.value || this.loading.value !== 'none';
      if (signal?.aborted || (isStuck && this.view.value.items.length === before)) return false;
    }
  }

  /** What the server said to a message that it refused stands beside it until it is tried again. */
  told({ id, state, failure }: StateChange): void {
    const refusals = new Map(this.refusals.value);
    if (state === 'failed' && failure) refusals.set(id, failure);
    else if (!refusals.delete(id)) return;
    this.refusals.value = refusals;
  }

  message(id: MessageId): ShownMessage | undefined {
    // asked of the view, so that a component follows it
    if (this.view.value.items.length === 0) return undefined;
    const item = this.#open?.item(id);
    return item?.kind === 'message' ? item : undefined;
  }

  close(): void {
    this.#isClosed = true;
    this.#pause?.cancel();
    this.#expiry?.cancel();
    this.#unlisten();
    this.#open?.close();
    void this.#prepared?.then(
      (open) => open.close(),
      () => undefined,
    );
  }

  /** False where the conversation was left meanwhile. */
  #take(open: OpenTimeline): boolean {
    this.#prepared = undefined;
    this.#ready = undefined;
    if (this.#isClosed) {
      open.close();
      return false;
    }
    this.#open = open;
    this.#unlisten = open.onChange(() => this.#changed());
    return true;
  }

  #changed(): void {
    if (this.#pause) {
      this.#isDue = true;
      return;
    }
    const { clock } = this.#components;
    this.#isDue = false;
    this.#look();
    this.#pause = clock.after(PAUSE, () => {
      this.#pause = undefined;
      if (this.#isDue) this.#changed();
    });
  }

  #look(): void {
    if (!this.#open || this.#isClosed) return;
    const view = this.#open.view();
    this.view.value = view;
    this.#expireLater(view.nextExpiry);
    this.#components.onView?.(this);
  }

  /** What disappears does so while somebody looks. */
  #expireLater(at: number | undefined): void {
    this.#expiry?.cancel();
    if (at === undefined) return;
    const wait = Math.min(Math.max(at - this.#components.clock.now(), 0) + 1, LONGEST_TIMER);
    this.#expiry = this.#components.clock.after(wait, () => this.#look());
  }
}
