// A conversation as the list has it.
import type { Conversation, User } from '../../../src/client/client.ts';
import { whereIs } from './person-look.ts';
import type { Said } from './said.ts';
import type { Wording } from './wording.ts';

export interface Chat {
  readonly id: Conversation['id'];
  /** Of two; undefined for a group. */
  readonly person?: User | undefined;
  /** The others. */
  readonly people: readonly User[];
  /** Of a group, as its members call it. */
  readonly title?: string | undefined;
  /** Of a group, as its members chose it: bytes of somebody else. */
  readonly picture?: Uint8Array | undefined;
  readonly last?: Said | undefined;
  readonly unread: number;
  /** Of the unread ones, those that name the reader. */
  readonly mentions?: number;
  /** Kept above the others: which one of these it is, from 0. */
  readonly pin?: number | undefined;
  /** When it was added, for a conversation without messages. */
  readonly addedAt: number;
}

/** A group without a name is called after its members; whose profile was deleted has no name any more. */
export function chatName(words: Wording, { person, title, people }: Chat): string {
  if (person) return person.name || words.t('privacy.gone');
  return title || words.list(people.map(({ name }) => name)) || words.t('group.unnamed');
}

/** What tells two of one name apart. */
export function chatAddress(words: Wording, { person, people }: Chat): string {
  return person ? whereIs(person) : words.t('group.people', { count: people.length + 1 });
}

/** Pinned ones keep their places; of the others the newest stands first. */
export function inOrder(a: Chat, b: Chat): number {
  if (a.pin !== undefined && b.pin !== undefined) return a.pin - b.pin;
  if (a.pin !== undefined || b.pin !== undefined) return a.pin !== undefined ? -1 : 1;
  return lastAt(b) - lastAt(a);
}

export function lastAt({ last, addedAt }: Chat): number {
  return last?.at ?? addedAt;
}
