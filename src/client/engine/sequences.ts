// The numbers of this device's messages, so that a gap shows. No key depends on them. Given out in hundreds: one write for each.
import { decodeStrict, encodeItem, Fields } from '../../crypto/strict-cbor.ts';
import type { ConversationId } from '../../realm/ids.ts';
import type { ClientCache } from '../cache/cache.ts';
import { Turns } from './turns.ts';

const AREA = 'sequence';
const STRIDE = 100;

export class Sequences {
  readonly #cache: Pick<ClientCache, 'record' | 'setRecords'>;
  readonly #turns = new Turns<ConversationId>();
  readonly #given = new Map<ConversationId, { next: number; reserved: number }>();

  constructor(cache: Pick<ClientCache, 'record' | 'setRecords'>) {
    this.#cache = cache;
  }

  next(conversation: ConversationId): Promise<number> {
    return this.#turns.take(conversation, async () => {
      const known = this.#given.get(conversation) ?? (await this.#stored(conversation));
      if (known.next === known.reserved) {
        known.reserved += STRIDE;
        await this.#cache.setRecords(AREA, new Map([[conversation, encodeItem([1, known.reserved])]]));
      }
      this.#given.set(conversation, known);
      return known.next++;
    });
  }

  async #stored(conversation: ConversationId) {
    const bytes = await this.#cache.record(AREA, conversation);
    if (!bytes) return { next: 0, reserved: 0 };
    const fields = new Fields(decodeStrict(bytes, 64), 'sequence', 2);
    fields.uint(1);
    const reserved = fields.uint();
    return { next: reserved, reserved };
  }
}
