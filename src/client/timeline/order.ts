// The order in which a conversation is shown: what an event's sender had seen stands before it, else the node's stamp decides,
// then the id. It depends on the set of events alone, not on the order in which they came.
import type { Stamp } from '../../protocols/lan/wire.ts';
import type { MessageId } from '../../realm/ids.ts';
import type { OpenedEvent } from './events.ts';

/** What waits here to be sent stands last. */
const UNSENT: Stamp = { ms: Number.MAX_SAFE_INTEGER, counter: 0 };

export function byStamp(a: OpenedEvent, b: OpenedEvent): number {
  const [x, y] = [a.stamp ?? UNSENT, b.stamp ?? UNSENT];
  return x.ms - y.ms || x.counter - y.counter || sentAtOf(a) - sentAtOf(b) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

/** Only between two that wait; a stamp settles everything else. */
function sentAtOf({ stamp, content }: OpenedEvent): number {
  return stamp ? 0 : (content?.sentAt ?? 0);
}

/**
 * Kahn's topological order with the earliest stamp first. Events that claim to be before one another (a lie: ids are random)
 * take their places by stamp.
 */
export function inCausalOrder(events: ReadonlyMap<MessageId, OpenedEvent>): readonly OpenedEvent[] {
  return causalOrder(events).ordered;
}

/** `isTangled`: some claim to be before one another, so that what is added may move any of them. */
export function causalOrder(events: ReadonlyMap<MessageId, OpenedEvent>) {
  const sorted = [...events.values()].sort(byStamp);
  const graph = graphOf(sorted, events);
  const ready = new Ready(sorted);
  for (const [at, event] of sorted.entries()) if (!graph.waiting.has(event.id)) ready.add(at);
  const ordered: OpenedEvent[] = [];
  while (ordered.length < sorted.length) {
    const event = ready.next();
    ordered.push(event);
    for (const child of graph.children.get(event.id) ?? []) {
      const left = (graph.waiting.get(child.id) ?? 0) - 1;
      graph.waiting.set(child.id, left);
      if (left === 0) ready.add(graph.places.get(child.id) ?? 0);
    }
  }
  return { ordered, isTangled: ready.isTangled };
}

function graphOf(sorted: readonly OpenedEvent[], events: ReadonlyMap<MessageId, OpenedEvent>) {
  const children = new Map<MessageId, OpenedEvent[]>();
  const waiting = new Map<MessageId, number>();
  const places = new Map<MessageId, number>();
  for (const [at, event] of sorted.entries()) {
    places.set(event.id, at);
    const parents = new Set((event.content?.after ?? []).filter((id) => id !== event.id && events.has(id)));
    if (parents.size > 0) waiting.set(event.id, parents.size);
    for (const parent of parents) children.set(parent, [...(children.get(parent) ?? []), event]);
  }
  return { children, waiting, places };
}

/** Places that may be taken, smallest first. Nearly always that is the one after the last, so a pointer finds it at once. */
class Ready {
  readonly #sorted: readonly OpenedEvent[];
  readonly #isReady: boolean[];
  readonly #isTaken: boolean[];
  /** No place before it is ready. */
  #lowest = 0;
  /** No place before it is untaken. */
  #untaken = 0;
  /** A circle of claims had to be cut. */
  isTangled = false;

  constructor(sorted: readonly OpenedEvent[]) {
    this.#sorted = sorted;
    this.#isReady = sorted.map(() => false);
    this.#isTaken = sorted.map(() => false);
  }

  add(at: number): void {
    if (this.#isTaken[at]) return;
    this.#isReady[at] = true;
    this.#lowest = Math.min(this.#lowest, at);
  }

  next(): OpenedEvent {
    while (this.#lowest < this.#sorted.length && !this.#isReady[this.#lowest]) this.#lowest++;
    const at = this.#lowest < this.#sorted.length ? this.#lowest : this.#firstUntaken();
    this.#isReady[at] = false;
    this.#isTaken[at] = true;
    const event = this.#sorted[at];
    if (!event) throw new RangeError('more was taken than there is');
    return event;
  }

  /** Nothing is ready: a circle of claims. */
  #firstUntaken(): number {
    this.isTangled = true;
    while (this.#isTaken[this.#untaken]) this.#untaken++;
    return this.#untaken;
  }
}
