// What is deleted leaves this device, and not only its timelines: what the user deleted for himself, on whichever device, and what was
// deleted for all by who may. What comes only later is held without what it says (isHidden in sync/holding.ts), or shown as deleted.
//
//   cache records, area 'hidden', name conversation/message: empty; it is erased here, or was not here yet
import { roleMay } from '../../crypto/mls/rights.ts';
import type { RosterKind } from '../../crypto/roster.ts';
import { CanopyError } from '../../realm/errors.ts';
import type { ConversationId, MessageId } from '../../realm/ids.ts';
import type { ClientCache } from '../cache/cache.ts';
import { isErased, type OpenedEvent } from '../timeline/events.ts';

const AREA = 'hidden';

export interface HiddenOne {
  readonly conversation: ConversationId;
  readonly id: MessageId;
}

export interface DeletionsComponents {
  readonly cache: Pick<ClientCache, 'find' | 'records' | 'setRecords'>;
  /** With whatever was changed in them. False: there is no room for that yet. */
  readonly erase: (conversation: ConversationId, events: readonly OpenedEvent[]) => Promise<boolean>;
  /** Undefined as long as no key of it is here. */
  readonly kindOf: (conversation: ConversationId) => Promise<RosterKind | undefined>;
}

export class Deletions {
  readonly #parts: DeletionsComponents;
  #work: Promise<void> = Promise.resolve();
  #isOver = false;

  constructor(components: DeletionsComponents) {
    this.#parts = components;
  }

  /** All that the user has hidden: some of it while this device was off, or just when it ended. */
  async open(hidden: readonly HiddenOne[]): Promise<void> {
    const done = await this.#parts.cache.records(AREA);
    const names = new Set(hidden.map(nameOf));
    const over = [...done.keys()].filter((name) => !names.has(name));
    await this.#parts.cache.setRecords(AREA, new Map(over.map((name) => [name, undefined])));
    await this.hidden(hidden.filter((one) => !done.has(nameOf(one))));
  }

  /** Never rejects: what can't be erased now is by the next run. */
  hidden(ones: readonly HiddenOne[]): Promise<void> {
    this.#work = this.#work.then(() => this.#eraseAll(ones));
    return this.#work;
  }

  async close(): Promise<void> {
    this.#isOver = true;
    await this.#work;
  }

  async #eraseAll(ones: readonly HiddenOne[]): Promise<void> {
    const { cache } = this.#parts;
    for (const one of ones) {
      if (this.#isOver) return;
      try {
        const [event] = await cache.find(one.conversation, [one]);
        const isDone = !event || isErased(event) || (await this.#parts.erase(one.conversation, [event]));
        if (isDone) await cache.setRecords(AREA, new Map([[nameOf(one), new Uint8Array()]]));
      } catch (error) {
        if (!(error instanceof CanopyError)) throw error;
      }
    }
  }

  /**
   * Of what others wrote and is held already: by who may. What people delete of their own says where it stood (withTombstones).
   * Never rejects: a timeline shows what is not erased as deleted all the same.
   */
  async forAll(events: readonly OpenedEvent[]): Promise<void> {
    for (const { conversation, role, content } of events) {
      if (content?.kind !== 'delete') continue;
      try {
        const kind = await this.#parts.kindOf(conversation);
        if (kind === undefined || !roleMay(kind, role, 'delete-of-others')) continue;
        const held = await this.#parts.cache.find(
          conversation,
          content.targets.map((id) => ({ id })),
        );
        const events = held.filter((event) => !isErased(event));
        if (events.length > 0) await this.#parts.erase(conversation, events);
      } catch (error) {
        if (!(error instanceof CanopyError)) throw error;
      }
    }
  }
}

function nameOf({ conversation, id }: HiddenOne): string {
  return `${conversation}/${id}`;
}
