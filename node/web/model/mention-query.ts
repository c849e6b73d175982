// Naming somebody while writing: the "@" before the caret, who fits, and what is put there.
import type { User } from '../../../src/client/client.ts';

/** More are not shown at once. */
const MOST = 6;

export interface MentionQuery {
  /** Where the "@" stands. */
  readonly from: number;
  readonly typed: string;
}

/** Undefined where the caret is in no name. */
export function mentionQuery(text: string, caret: number): MentionQuery | undefined {
  const match = /(?:^|[\s(])@([\p{L}\p{N}._-]{0,40})$/u.exec(text.slice(0, caret));
  const typed = match?.[1];
  return typed === undefined ? undefined : { from: caret - typed.length - 1, typed: typed.toLocaleLowerCase() };
}

/** Whose username, name or a later word of it begins so. */
export function whoFits(people: readonly User[], typed: string): readonly User[] {
  const begins = (text: string): boolean => text.toLocaleLowerCase().startsWith(typed);
  return people
    .filter(({ address, name }) => begins(address) || [name, ...name.split(/\s+/)].some(begins))
    .slice(0, MOST);
}

/** The login alone, where no other member has the same. */
export function mentionText(
  text: string,
  caret: number,
  { from }: MentionQuery,
  { address }: User,
  people: readonly User[],
): { readonly text: string; readonly caret: number } {
  const login = address.slice(0, address.indexOf('@'));
  const isOnly = people.filter((user) => user.address.startsWith(`${login}@`)).length < 2;
  const name = `@${isOnly ? login : address} `;
  return { text: text.slice(0, from) + name + text.slice(caret), caret: from + name.length };
}
