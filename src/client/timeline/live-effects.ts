// The effects of effects.ts, kept while events come: of each message what was done to it is gathered anew when something of that
// changes, and nothing else is.
import type { RosterKind } from '../../crypto/roster.ts';
import type { MessageId, UserId } from '../../realm/ids.ts';
import { type Edit, type Effects, Gathering, gather, gatherFor } from './effects.ts';
import type { OpenedEvent } from './events.ts';
import { counts } from './rights.ts';

export interface EffectSources {
  readonly events: ReadonlyMap<MessageId, OpenedEvent>;
  readonly kind: RosterKind;
  readonly rankOf: (id: MessageId) => number;
}

export class LiveEffects implements Effects {
  readonly edits = new Map<MessageId, Edit>();
  readonly deleted = new Map<MessageId, UserId>();
  readonly reactions = new Map<MessageId, ReadonlyMap<string, ReadonlySet<UserId>>>();
  readonly pinned = new Set<MessageId>();
  restated: ReadonlySet<MessageId> = new Set();
  name: string | undefined;
  picture: Uint8Array | undefined;
  timer = 0;
  /** By which event it stands pinned. */
  readonly #pinnedBy = new Map<MessageId, MessageId>();
  /** By message, the events that do something to it. */
  readonly #doers = new Map<MessageId, Set<MessageId>>();
  /** What says something of the whole conversation. */
  readonly #said = new Set<MessageId>();
  readonly #changed = new Set<MessageId>();
  #isSaidAnew = false;

  /** In the order of their pinning. */
  pinnedInOrder({ rankOf }: Pick<EffectSources, 'rankOf'>): readonly MessageId[] {
    const pinned = [...this.#pinnedBy].toSorted(([, a], [, b]) => rankOf(a) - rankOf(b));
    return pinned.map(([target]) => target);
  }

  /** An event that came, went or has another place now. */
  touch(event: OpenedEvent, isThere: boolean): void {
    this.#changed.add(event.id);
    for (const target of targetsOf(event)) {
      const doers = this.#doers.get(target) ?? new Set();
      if (isThere) this.#doers.set(target, doers.add(event.id));
      else if (doers.delete(event.id) && doers.size === 0) this.#doers.delete(target);
      this.#changed.add(target);
    }
    if (event.content?.kind !== 'profile' && event.content?.kind !== 'timer') return;
    this.#isSaidAnew = true;
    if (isThere) this.#said.add(event.id);
    else this.#said.delete(event.id);
  }

  /** Everything anew: another kind of conversation has other rights. */
  touchAll(): void {
    for (const target of [...this.#doers.keys(), ...this.#pinnedBy.keys()]) this.#changed.add(target);
    this.#isSaidAnew = true;
  }

  /** @returns the messages and lines of which something may have changed */
  settle(sources: EffectSources): Iterable<MessageId> {
    const changed = new Set(this.#changed);
    this.#changed.clear();
    for (const target of changed) this.#gatherOf(target, sources);
    if (!this.#isSaidAnew) return changed;
    this.#isSaidAnew = false;
    this.#gatherSaid(sources);
    return new Set([...changed, ...this.#said]);
  }

  #gatherOf(target: MessageId, sources: EffectSources): void {
    const made = new Gathering();
    let by: MessageId | undefined;
    for (const event of inOrder(this.#doers.get(target), sources)) {
      gatherFor(made, target, event, sources.events, sources.kind);
      by = made.pinned.has(target) ? (by ?? event.id) : undefined;
    }
    put(this.edits, target, made.edits.get(target));
    put(this.deleted, target, made.deleted.get(target));
    put(this.reactions, target, made.reactions.get(target));
    put(this.#pinnedBy, target, by);
    if (by) this.pinned.add(target);
    else this.pinned.delete(target);
  }

  #gatherSaid(sources: EffectSources): void {
    const made = new Gathering();
    for (const event of inOrder(this.#said, sources)) gather(made, event, sources.events, sources.kind);
    this.restated = made.restated;
    this.name = made.name;
    this.picture = made.picture;
    this.timer = made.timer;
  }
}

function targetsOf({ content }: OpenedEvent): readonly MessageId[] {
  switch (content?.kind) {
    case 'edit':
    case 'reaction':
    case 'pin':
      return [content.target];
    case 'delete':
      return content.targets;
    default:
      return [];
  }
}

/** Those that count. */
function inOrder(ids: Iterable<MessageId> = [], { events, kind, rankOf }: EffectSources): readonly OpenedEvent[] {
  return [...ids]
    .flatMap((id) => events.get(id) ?? [])
    .filter((event) => counts(kind, event))
    .sort((a, b) => rankOf(a.id) - rankOf(b.id));
}

function put<Value>(into: Map<MessageId, Value>, id: MessageId, value: Value | undefined): void {
  if (value === undefined) into.delete(id);
  else into.set(id, value);
}
