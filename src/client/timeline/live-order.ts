// The order of order.ts, kept while events come and go: what is added is put in order with the few events that it may stand among, and
// what stands before and behind them stays where it is. Alike to ordering all of them anew.
//
// A place is a clean cut where every event before it has an earlier stamp than every event behind it. Between two clean cuts the
// events are ordered by themselves; what they have seen stands before the first cut or among them.
import type { MessageId } from '../../realm/ids.ts';
import type { OpenedEvent } from './events.ts';
import { byStamp, causalOrder } from './order.ts';

export interface Placed<Item> {
  /** As it was when it was placed: of it only what decides about its place counts. */
  readonly event: OpenedEvent;
  /** Ascends in the order. */
  rank: number;
  /** Of this one and all before it, the one with the latest stamp; of this one and all behind it, the earliest. */
  latest: OpenedEvent;
  earliest: OpenedEvent;
  /** What is shown of it. */
  item: Item | undefined;
}

type Events = ReadonlyMap<MessageId, OpenedEvent>;

/** Entries that are put into a list by arguments; more would not fit on the stack. */
const MAX_ARGUMENTS = 1000;
/** Two ranks nearer than this, for their size, leave no room between them. */
const FINEST = Number.EPSILON * 16;

export class LiveOrder<Item> {
  readonly #byId = new Map<MessageId, Placed<Item>>();
  /** Who claims to have seen it. */
  readonly #children = new Map<MessageId, Set<MessageId>>();
  #list: Placed<Item>[] = [];
  #isTangled = false;

  get list(): readonly Placed<Item>[] {
    return this.#list;
  }

  get(id: MessageId): Placed<Item> | undefined {
    return this.#byId.get(id);
  }

  rankOf(id: MessageId): number {
    return this.#byId.get(id)?.rank ?? 0;
  }

  isSeen(id: MessageId): boolean {
    return this.#children.has(id);
  }

  /**
   * Takes out what is `gone` and puts in what is `fresh`.
   * @param events all that are to stand in it afterwards
   * @returns those whose places among one another may have changed
   */
  change(gone: readonly OpenedEvent[], fresh: readonly OpenedEvent[], events: Events): readonly OpenedEvent[] {
    for (const event of gone) this.#link(event, false);
    for (const event of fresh) this.#link(event, true);
    if (this.#isTangled || fresh.length > this.#list.length) return this.#begin(events);
    const moved: OpenedEvent[] = [];
    for (const { id } of gone) {
      const at = this.#indexOf(id);
      if (at >= 0) moved.push(...this.#arrange(at, at + 1, [], new Set([id])));
    }
    for (const cluster of this.#clusters(fresh)) {
      const window = this.#windowOf(cluster);
      moved.push(...this.#arrange(window.from, window.to, cluster));
    }
    return this.#isTangled ? this.#begin(events) : moved;
  }

  #link({ id, content }: OpenedEvent, isThere: boolean): void {
    for (const parent of new Set(content?.after ?? [])) {
      const children = this.#children.get(parent) ?? new Set();
      if (isThere) this.#children.set(parent, children.add(id));
      else if (children.delete(id) && children.size === 0) this.#children.delete(parent);
    }
  }

  /** All of them anew. */
  #begin(events: Events): readonly OpenedEvent[] {
    const { ordered, isTangled } = causalOrder(events);
    const known = new Map(this.#byId);
    this.#isTangled = isTangled;
    this.#byId.clear();
    this.#list = this.#entries(ordered, (id) => known.get(id)?.item);
    this.#number();
    return ordered;
  }

  /** Events between which nothing stands that is there already. */
  #clusters(fresh: readonly OpenedEvent[]): readonly OpenedEvent[][] {
    const clusters: OpenedEvent[][] = [];
    let before = -1;
    for (const event of fresh.toSorted(byStamp)) {
      const at = this.#firstAt(({ latest }) => byStamp(latest, event) > 0);
      if (at === before) clusters.at(-1)?.push(event);
      else clusters.push([event]);
      before = at;
    }
    return clusters;
  }

  /** The events that these may stand among. `events` ascend. */
  #windowOf(events: readonly OpenedEvent[]): { from: number; to: number } {
    const [first, last] = [events[0], events.at(-1)];
    if (!first || !last) return { from: 0, to: 0 };
    let from = this.#firstAt(({ latest }) => byStamp(latest, first) > 0);
    let to = this.#firstAt(({ earliest }) => byStamp(earliest, last) > 0);
    for (const { id, content } of events) {
      for (const child of this.#children.get(id) ?? []) {
        const at = this.#indexOf(child);
        if (at >= 0) from = Math.min(from, at);
      }
      for (const parent of content?.after ?? []) to = Math.max(to, this.#indexOf(parent) + 1);
    }
    return { from, to: Math.max(from, to) };
  }

  /** Puts the events from one clean cut to the next in order, `more` among them. */
  #arrange(
    from: number,
    to: number,
    more: readonly OpenedEvent[],
    without: ReadonlySet<MessageId> = new Set(),
  ): readonly OpenedEvent[] {
    while (!this.#isClean(from)) from -= 1;
    while (!this.#isClean(to)) to += 1;
    const window = this.#list.slice(from, to);
    const items = new Map(window.map(({ event, item }) => [event.id, item]));
    const kept = window.filter(({ event }) => !without.has(event.id)).map(({ event }) => event);
    const { ordered, isTangled } = causalOrder(new Map([...kept, ...more].map((event) => [event.id, event])));
    this.#isTangled ||= isTangled;
    for (const { event } of window) this.#byId.delete(event.id);
    const entries = this.#entries(ordered, (id) => items.get(id));
    this.#splice(from, to, entries);
    this.#rank(from, entries);
    return kept.length > 0 ? ordered : [];
  }

  #entries(ordered: readonly OpenedEvent[], itemOf: (id: MessageId) => Item | undefined): Placed<Item>[] {
    const entries = ordered.map((event): Placed<Item> => {
      return { event, rank: 0, latest: event, earliest: event, item: itemOf(event.id) };
    });
    let latest: OpenedEvent | undefined;
    for (const entry of entries) {
      if (latest && byStamp(latest, entry.latest) > 0) entry.latest = latest;
      latest = entry.latest;
      this.#byId.set(entry.event.id, entry);
    }
    let earliest: OpenedEvent | undefined;
    for (const entry of entries.toReversed()) {
      if (earliest && byStamp(earliest, entry.earliest) < 0) entry.earliest = earliest;
      earliest = entry.earliest;
    }
    return entries;
  }

  #splice(from: number, to: number, entries: readonly Placed<Item>[]): void {
    if (entries.length <= MAX_ARGUMENTS) this.#list.splice(from, to - from, ...entries);
    else this.#list = [...this.#list.slice(0, from), ...entries, ...this.#list.slice(to)];
  }

  /** Between those before and behind them. */
  #rank(from: number, entries: readonly Placed<Item>[]): void {
    const below = this.#list[from - 1]?.rank;
    const above = this.#list[from + entries.length]?.rank;
    const low = below ?? (above ?? 0) - entries.length - 1;
    const high = above ?? low + entries.length + 1;
    const step = (high - low) / (entries.length + 1);
    if (step <= FINEST * Math.max(Math.abs(low), Math.abs(high), 1)) return this.#number();
    for (const [index, entry] of entries.entries()) entry.rank = low + step * (index + 1);
  }

  #number(): void {
    for (const [index, entry] of this.#list.entries()) entry.rank = index;
  }

  #isClean(at: number): boolean {
    const [before, behind] = [this.#list[at - 1], this.#list[at]];
    return !before || !behind || byStamp(before.latest, behind.earliest) < 0;
  }

  #indexOf(id: MessageId): number {
    const placed = this.#byId.get(id);
    return placed ? this.#firstAt(({ rank }) => rank >= placed.rank) : -1;
  }

  /** The first of which it is so; it stays so for all behind. */
  #firstAt(isSo: (placed: Placed<Item>) => boolean): number {
    let [low, high] = [0, this.#list.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const placed = this.#list[middle];
      if (placed && isSo(placed)) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
