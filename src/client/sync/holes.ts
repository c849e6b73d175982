// What the cache does not hold of a conversation's history: from a page of the server's on, down to what is held below, or to the
// beginning. Written when a hole is found and after each page, so that catching up goes on where it stopped.
//
//   holes = [1, [[before (the server's word for the page), until (a place, or empty for the beginning)], …]]
import { decodeStrict, encodeItem, Fields } from '../../crypto/strict-cbor.ts';
import { type ConversationId, parseConversationId } from '../../realm/ids.ts';
import type { ClientCache, Place } from '../cache/cache.ts';

const AREA = 'holes';
/** A device that was away so often without catching up begins anew at the lowest. */
const MAX_HOLES = 64;
const MAX_FORM = 64 * 1024;

export interface Hole {
  /** `before` of the server's next page; empty for the newest page. */
  readonly before: string;
  /** Where held events begin again below; empty when there are none. */
  readonly until: Place;
}

export class Holes {
  readonly #cache: Pick<ClientCache, 'records' | 'setRecords'>;
  /** Newest first. */
  readonly #holes = new Map<ConversationId, readonly Hole[]>();

  constructor(cache: Pick<ClientCache, 'records' | 'setRecords'>) {
    this.#cache = cache;
  }

  async open(): Promise<void> {
    for (const [name, bytes] of await this.#cache.records(AREA))
      this.#holes.set(parseConversationId(name), decode(bytes));
  }

  newest(conversation: ConversationId): Hole | undefined {
    return this.#holes.get(conversation)?.[0];
  }

  get conversations(): readonly ConversationId[] {
    return [...this.#holes.keys()];
  }

  /** A new hole above all others. */
  add(conversation: ConversationId, hole: Hole): Promise<void> {
    return this.#set(conversation, [hole, ...(this.#holes.get(conversation) ?? [])].slice(0, MAX_HOLES));
  }

  /** The newest hole became smaller, or is filled. */
  replace(conversation: ConversationId, hole: Hole | undefined): Promise<void> {
    const [, ...rest] = this.#holes.get(conversation) ?? [];
    return this.#set(conversation, hole ? [hole, ...rest] : rest);
  }

  async #set(conversation: ConversationId, holes: readonly Hole[]): Promise<void> {
    const value = holes.length > 0 ? encode(holes) : undefined;
    await this.#cache.setRecords(AREA, new Map([[conversation, value]]));
    if (holes.length > 0) this.#holes.set(conversation, holes);
    else this.#holes.delete(conversation);
  }
}

export function encode(holes: readonly Hole[]): Uint8Array {
  return encodeItem([1, holes.map(({ before, until }) => [before, until])]);
}

/** @throws PeerError `frame-malformed` */
export function decode(bytes: Uint8Array): readonly Hole[] {
  const fields = new Fields(decodeStrict(bytes, MAX_FORM), 'list of holes', 2);
  if (fields.uint() !== 1) fields.fail('version 1');
  return fields.list(MAX_HOLES).map((item) => {
    const hole = new Fields(item, 'hole', 2);
    return { before: hole.text(128), until: hole.text(128) };
  });
}
