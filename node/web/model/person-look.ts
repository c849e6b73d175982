// How a person is told from others: without a photo by a colour that follows from the id, so that all see the same, and initials; in a
// line by address and department.
import type { User } from '../../../src/client/client.ts';

const COLOURS = 12;

/** 0 up to 11, the number of a token `--person-n`. */
export function colourOf(id: string): number {
  let hash = 0;
  for (const letter of id) hash = (hash * 31 + (letter.codePointAt(0) ?? 0)) >>> 0;
  return hash % COLOURS;
}

/** The first letters of the first two words. */
export function initialsOf(name: string): string {
  const words = name.split(/[\s._-]+/u).filter((word) => /^[\p{L}\p{N}]/u.test(word));
  return words
    .slice(0, 2)
    .map((word) => [...word][0]?.toLocaleUpperCase() ?? '')
    .join('');
}

/** The line below a name. */
export function whereIs({ address, department }: Pick<User, 'address' | 'department'>): string {
  return department === undefined ? address : `${address} · ${department}`;
}

/** What is typed begins the address, a word of the name or of the department. */
export function isCalled({ name, address, department = '' }: User, typed: string): boolean {
  if (address.startsWith(typed)) return true;
  return [name, department].some((text) => ` ${text.toLowerCase()}`.includes(` ${typed}`));
}
