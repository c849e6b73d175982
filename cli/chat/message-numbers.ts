// Numbers by which a person names messages in a terminal: given as messages are listed, and good until the chat ends.
import { InputError } from '../../src/realm/errors.ts';
import type { MessagePlace } from './chat-lookups.ts';

/** Numbers that are remembered; the oldest are forgotten first. */
const MAX_NUMBERS = 10_000;
const NAMED = /^#(\d{1,9})(?:\s+|$)/;

export class MessageNumbers {
  readonly #numbers = new Map<string, number>();
  readonly #places = new Map<number, MessagePlace>();
  #last = 0;

  /** The same message has the same number. */
  give(place: MessagePlace): number {
    const name = `${place.conversation}/${place.id}`;
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    const number = ++this.#last;
    this.#numbers.set(name, number);
    this.#places.set(number, place);
    this.#forget(number - MAX_NUMBERS);
    return number;
  }

  /** Takes `#3` off the beginning of what was typed. @throws InputError `message-unknown` */
  read(words: string): { readonly place?: MessagePlace; readonly rest: string } {
    const [beginning, digits] = NAMED.exec(words) ?? [];
    if (beginning === undefined) return { rest: words };
    const place = this.#places.get(Number(digits));
    if (!place)
      throw new InputError('message-unknown', `No message has the number ${digits}: /history and /find give numbers`);
    return { place, rest: words.slice(beginning.length) };
  }

  #forget(number: number): void {
    const place = this.#places.get(number);
    if (!place) return;
    this.#places.delete(number);
    this.#numbers.delete(`${place.conversation}/${place.id}`);
  }
}
