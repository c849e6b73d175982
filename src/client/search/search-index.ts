// Full text over what this device holds. New messages gather in memory and become a small segment; of each size up to eight stand
// side by side and are then merged into one of the next, so that adding costs little and a question asks few. Segments lie in the
// cache as sealed records; what was added since the last flush() is found again from the cache (sync/holding.ts).
import type { ConversationId } from '../../realm/ids.ts';
import type { ClientCache, Place } from '../cache/cache.ts';
import { type Found, Segment } from './segment.ts';
import { askedTerms, termsOf } from './terms.ts';

const AREA = 'search';
/** Messages of the smallest segment. */
const FRESH = 512;
/** Segments of one size before they are merged. */
const SIBLINGS = 8;
/** Messages of a segment beyond which it is merged no more: a larger one would take long to write. */
const LARGEST = 30_000;

export interface Indexed {
  readonly place: Place;
  readonly text: string;
}

export interface SearchOptions {
  readonly conversation?: ConversationId;
  /** Only what stands before. */
  readonly before?: Place;
  readonly limit: number;
}

export class SearchIndex {
  readonly #cache: Pick<ClientCache, 'records' | 'setRecords'>;
  readonly #segments = new Map<string, Segment>();
  /** Records that are to be written or deleted at the next flush. */
  readonly #changed = new Set<string>();
  #fresh: { readonly messages: Found[]; readonly postings: Map<string, number[]> } = {
    messages: [],
    postings: new Map(),
  };
  readonly #forgotten = new Set<string>();
  #next = 0;

  private constructor(cache: Pick<ClientCache, 'records' | 'setRecords'>) {
    this.#cache = cache;
  }

  /** @throws LocalError `cache-damaged`; PeerError `frame-malformed` when the records are of another form */
  static async open(cache: Pick<ClientCache, 'records' | 'setRecords'>): Promise<SearchIndex> {
    const index = new SearchIndex(cache);
    for (const [name, bytes] of await cache.records(AREA)) {
      index.#segments.set(name, Segment.decode(bytes));
      index.#next = Math.max(index.#next, Number(name) + 1);
    }
    return index;
  }

  add(conversation: ConversationId, messages: readonly Indexed[]): void {
    for (const { place, text } of messages) {
      this.#forgotten.delete(conversation + place);
      const number = this.#fresh.messages.push({ conversation, place }) - 1;
      for (const term of termsOf(text)) {
        const list = this.#fresh.postings.get(term);
        if (list) list.push(number);
        else this.#fresh.postings.set(term, [number]);
      }
      if (this.#fresh.messages.length >= FRESH) this.#close();
    }
  }

  /** Found no more at once; gone from the segments with the next merge(). */
  forget(conversation: ConversationId, places: readonly Place[]): void {
    for (const place of places) this.#forgotten.add(conversation + place);
  }

  /** Since the last flush(): what was forgotten before is in no segment. */
  isForgotten(conversation: ConversationId, place: Place): boolean {
    return this.#forgotten.has(conversation + place);
  }

  /** Newest first. A caller checks what a message says now: an edit or a deletion may have come since. */
  search(question: string, { conversation, before, limit }: SearchOptions): readonly Found[] {
    const asked = askedTerms(question);
    if (asked.length === 0) return [];
    const newest = new Newest(limit);
    for (const segment of [...this.#segments.values(), Segment.of(this.#fresh.messages, this.#fresh.postings)]) {
      for (const number of segment.find(asked)) {
        const message = segment.messages[number];
        if (!message || (conversation && message.conversation !== conversation)) continue;
        if (before !== undefined && message.place >= before) continue;
        if (!this.#isForgotten(message)) newest.add(message);
      }
    }
    return newest.list();
  }

  /** Writes what came since the last time. */
  async flush(): Promise<void> {
    if (this.#fresh.messages.length > 0) this.#close();
    if (this.#forgotten.size > 0) this.#forgetForGood();
    this.#merge();
    const changed = [...this.#changed];
    if (changed.length === 0) return;
    await this.#cache.setRecords(AREA, new Map(changed.map((name) => [name, this.#segments.get(name)?.encode()])));
    for (const name of changed) this.#changed.delete(name);
  }

  /** Messages in the index, and the bytes that they take. */
  size(): { readonly messages: number; readonly bytes: number } {
    const segments = [...this.#segments.values()];
    return {
      messages: segments.reduce((sum, segment) => sum + segment.messages.length, this.#fresh.messages.length),
      bytes: segments.reduce((sum, segment) => sum + segment.encode().length, 0),
    };
  }

  #close(): void {
    this.#put(Segment.of(this.#fresh.messages, this.#fresh.postings));
    this.#fresh = { messages: [], postings: new Map() };
    this.#merge();
  }

  #put(segment: Segment): void {
    const name = String(this.#next++);
    this.#segments.set(name, segment);
    this.#changed.add(name);
  }

  #drop(names: readonly string[]): void {
    for (const name of names) {
      this.#segments.delete(name);
      this.#changed.add(name);
    }
  }

  #merge(): void {
    for (let size = FRESH; size < LARGEST; size *= SIBLINGS) {
      const alike = [...this.#segments].filter(
        ([, { messages }]) => messages.length <= size && messages.length > size / SIBLINGS,
      );
      const small = size === FRESH ? [...this.#segments].filter(([, { messages }]) => messages.length <= FRESH) : alike;
      if (small.length < SIBLINGS) continue;
      this.#drop(small.map(([name]) => name));
      this.#put(
        Segment.merged(
          small.map(([, segment]) => segment),
          (message) => this.#isForgotten(message),
        ),
      );
    }
  }

  #forgetForGood(): void {
    const touched = [...this.#segments].filter(([, { messages }]) => messages.some((one) => this.#isForgotten(one)));
    for (const [name, segment] of touched) {
      this.#drop([name]);
      this.#put(Segment.merged([segment], (message) => this.#isForgotten(message)));
    }
    this.#forgotten.clear();
  }

  #isForgotten({ conversation, place }: Found): boolean {
    return this.#forgotten.size > 0 && this.#forgotten.has(conversation + place);
  }
}

/** The newest of many, each once: a beginning of one letter finds half of all there is. */
class Newest {
  readonly #limit: number;
  #kept: Found[] = [];
  /** What is not above it is not among the newest. */
  #least = '';

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(message: Found): void {
    if (message.place <= this.#least) return;
    this.#kept.push(message);
    if (this.#kept.length < 8 * this.#limit) return;
    this.#kept = this.list();
    this.#least = this.#kept.length === this.#limit ? (this.#kept.at(-1)?.place ?? '') : '';
  }

  list(): Found[] {
    const sorted = this.#kept.sort((a, b) => (a.place > b.place ? -1 : a.place < b.place ? 1 : 0));
    const once = sorted.filter(({ place, conversation }, at) => {
      const before = sorted[at - 1];
      return before?.place !== place || before.conversation !== conversation;
    });
    return once.slice(0, this.#limit);
  }
}
