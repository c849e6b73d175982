// A part of the index: some messages and the terms that find them. Once made it does not change; parts are merged into larger ones
// (search-index.ts). As bytes, strict CBOR:
//
//   segment = [1, [conversation (16), …], [number of the conversation, …], places, [term, …], [length of its list, …], lists]
//
// `places`: 27 bytes for each message, as the cache orders them. Terms ascend. A list holds the numbers of the messages that have the
// term, ascending, each as the difference to the one before in groups of seven bits.
import { fromString } from 'uint8arrays/from-string';
import { toString } from 'uint8arrays/to-string';
import { decodeStrict, encodeItem, Fields } from '../../crypto/strict-cbor.ts';
import { type ConversationId, idBytes, idText, parseConversationId } from '../../realm/ids.ts';
import type { Place } from '../cache/cache.ts';

/** Bytes of an encoded segment. */
const MAX_SEGMENT = 15 * 1024 * 1024;
const MAX_COUNT = 1_000_000;
const MAX_TERM = 80;
const PLACE = 27;

export interface Found {
  readonly conversation: ConversationId;
  readonly place: Place;
}

export class Segment {
  readonly messages: readonly Found[];
  readonly #terms: readonly string[];
  /** Where each term's list begins, and where the last one ends. */
  readonly #starts: Uint32Array;
  readonly #lists: Uint8Array;

  private constructor(
    messages: readonly Found[],
    terms: readonly string[],
    lengths: readonly number[],
    lists: Uint8Array,
  ) {
    this.messages = messages;
    this.#terms = terms;
    this.#starts = new Uint32Array(terms.length + 1);
    for (const [at, length] of lengths.entries()) this.#starts[at + 1] = (this.#starts[at] ?? 0) + length;
    this.#lists = lists;
  }

  static of(messages: readonly Found[], postings: ReadonlyMap<string, readonly number[]>): Segment {
    const terms = [...postings.keys()].sort();
    const lists = terms.map((term) => encodeList(postings.get(term) ?? []));
    const all = new Uint8Array(lists.reduce((sum, list) => sum + list.length, 0));
    let at = 0;
    for (const list of lists) {
      all.set(list, at);
      at += list.length;
    }
    return new Segment(
      messages,
      terms,
      lists.map((list) => list.length),
      all,
    );
  }

  /** One of several, without the messages that are to be forgotten, each message once. */
  static merged(segments: readonly Segment[], isForgotten: (message: Found) => boolean): Segment {
    const messages: Found[] = [];
    const seen = new Set<string>();
    const postings = new Map<string, number[]>();
    for (const segment of segments) {
      const numbers = segment.messages.map((message) => {
        const key = message.conversation + message.place;
        if (isForgotten(message) || seen.has(key)) return -1;
        seen.add(key);
        return messages.push(message) - 1;
      });
      for (const [at, term] of segment.#terms.entries()) {
        const kept = segment
          .#list(at)
          .flatMap((number) => numbers[number] ?? -1)
          .filter((number) => number >= 0);
        if (kept.length === 0) continue;
        const list = postings.get(term);
        if (list) list.push(...kept);
        else postings.set(term, kept);
      }
    }
    return Segment.of(messages, postings);
  }

  /** Numbers of the messages that have a term with each of these beginnings. */
  find(beginnings: readonly string[]): readonly number[] {
    const rounds = new Uint8Array(this.messages.length);
    let found: readonly number[] = [];
    for (const [round, beginning] of beginnings.entries()) {
      found = this.#marked(beginning, rounds, round);
      if (found.length === 0) break;
    }
    return found.toSorted((a, b) => a - b);
  }

  /** Of the messages that were met in every round before this one those that have such a term. */
  #marked(beginning: string, rounds: Uint8Array, round: number): readonly number[] {
    const marked: number[] = [];
    for (let at = this.#firstFrom(beginning); at < this.#terms.length; at++) {
      if (!this.#terms[at]?.startsWith(beginning)) break;
      this.#each(at, (number) => {
        if (rounds[number] !== round) return;
        rounds[number] = round + 1;
        marked.push(number);
      });
    }
    return marked;
  }

  encode(): Uint8Array {
    const conversations = [...new Set(this.messages.map((message) => message.conversation))];
    const numbers = new Map(conversations.map((conversation, at) => [conversation, at]));
    const places = new Uint8Array(this.messages.length * PLACE);
    for (const [at, { place }] of this.messages.entries()) places.set(fromString(place, 'hex'), at * PLACE);
    return encodeItem([
      1,
      conversations.map(idBytes),
      this.messages.map(({ conversation }) => numbers.get(conversation) ?? 0),
      places,
      this.#terms,
      [...this.#terms.keys()].map((at) => (this.#starts[at + 1] ?? 0) - (this.#starts[at] ?? 0)),
      this.#lists,
    ]);
  }

  /** @throws PeerError `frame-malformed` */
  static decode(bytes: Uint8Array): Segment {
    const fields = new Fields(decodeStrict(bytes, MAX_SEGMENT), 'segment', 7);
    fields.uint(1);
    const conversations = fields.list(MAX_COUNT).map((id) => {
      return parseConversationId(idText(new Fields([id], 'conversation').bytes(16, 16)));
    });
    const numbers = numbersIn(fields.list(MAX_COUNT));
    const places = fields.bytes(MAX_SEGMENT, numbers.length * PLACE);
    const terms = fields.list(MAX_COUNT).map((term) => new Fields([term], 'term').text(MAX_TERM));
    const lengths = numbersIn(fields.list(MAX_COUNT));
    const lists = fields.bytes(
      MAX_SEGMENT,
      lengths.reduce((sum, length) => sum + length, 0),
    );
    const messages = numbers.map((number, at) => ({
      conversation: conversations[number] ?? fields.fail('numbers of its own conversations'),
      place: toString(places.subarray(at * PLACE, (at + 1) * PLACE), 'hex'),
    }));
    return new Segment(messages, terms, lengths, lists);
  }

  #firstFrom(beginning: string): number {
    let [low, high] = [0, this.#terms.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#terms[middle] ?? '') < beginning) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #list(at: number): number[] {
    const numbers: number[] = [];
    this.#each(at, (number) => numbers.push(number));
    return numbers;
  }

  /** The numbers of one term's list, ascending. */
  #each(at: number, take: (number: number) => void): void {
    const [from, to] = [this.#starts[at] ?? 0, this.#starts[at + 1] ?? 0];
    let [number, shift, last] = [0, 0, 0];
    for (let byte = from; byte < to; byte++) {
      const value = this.#lists[byte] ?? 0;
      number |= (value & 0x7f) << shift;
      if (value & 0x80) {
        shift += 7;
        continue;
      }
      last += number;
      take(last);
      [number, shift] = [0, 0];
    }
  }
}

function encodeList(numbers: readonly number[]): Uint8Array {
  const bytes: number[] = [];
  let last = 0;
  for (const number of numbers) {
    let rest = number - last;
    last = number;
    for (; rest > 0x7f; rest >>= 7) bytes.push((rest & 0x7f) | 0x80);
    bytes.push(rest);
  }
  return Uint8Array.from(bytes);
}

function numbersIn(list: readonly unknown[]): readonly number[] {
  const fields = new Fields(list, 'list of numbers');
  return list.map(() => fields.uint(MAX_SEGMENT));
}
