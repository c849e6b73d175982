// One conversation of the acted server, shown by the library's own view of events.
import type { OpenTimeline } from '../../../src/client/client.ts';
import type { OpenedEvent, Receipt } from '../../../src/client/timeline/events.ts';
import { LiveTimeline } from '../../../src/client/timeline/live-view.ts';
import type { TimelineAction } from '../../../src/client/timeline/state.ts';
import type { RosterKind } from '../../../src/crypto/roster.ts';
import type { ConversationId, MessageId } from '../../../src/realm/ids.ts';
import { CLERK } from './acted-people.ts';

const PAGE = 100;

export class ActedRoom {
  readonly id: ConversationId;
  readonly kind: RosterKind;
  readonly events: OpenedEvent[];
  readonly #listeners = new Set<(action: TimelineAction) => void>();

  constructor(id: ConversationId, kind: RosterKind, events: readonly OpenedEvent[]) {
    this.id = id;
    this.kind = kind;
    this.events = [...events];
  }

  take(events: readonly OpenedEvent[]): void {
    for (const event of events) {
      const at = this.events.findIndex(({ id }) => id === event.id);
      if (at === -1) this.events.push(event);
      else this.events[at] = event;
    }
    this.#tell({ kind: 'events', events });
  }

  receipts(receipts: readonly Receipt[]): void {
    this.#tell({ kind: 'receipts', receipts });
  }

  hide(ids: readonly MessageId[]): void {
    this.#tell({ kind: 'hidden', ids });
  }

  clear(): void {
    this.events.splice(0);
    this.#tell({ kind: 'cleared', upTo: Number.MAX_SAFE_INTEGER });
  }

  read(at: number): void {
    this.#tell({ kind: 'read', mark: { arrivedAt: at, at } });
  }

  open(readUpTo: number): OpenTimeline {
    const live = new LiveTimeline(this.id, CLERK.id, this.kind);
    let first = this.events.length;
    const changed = new Set<() => void>();
    const apply = (action: TimelineAction): void => {
      live.take(action);
      for (const listener of changed) listener();
    };
    const older = async (): Promise<boolean> => {
      if (first === 0) return false;
      const from = Math.max(0, first - PAGE);
      apply({ kind: 'events', events: this.events.slice(from, first) });
      first = from;
      return true;
    };
    this.#listeners.add(apply);
    void older();
    apply({ kind: 'read', mark: { arrivedAt: readUpTo, at: readUpTo } });
    return {
      conversation: this.id,
      view: () => live.view(Date.now()),
      item: (id) => live.item(id),
      older,
      onChange: (listener) => {
        changed.add(listener);
        return () => void changed.delete(listener);
      },
      close: () => void this.#listeners.delete(apply),
    };
  }

  #tell(action: TimelineAction): void {
    for (const listener of this.#listeners) listener(action);
  }
}
