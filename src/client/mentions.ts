// Who is named in a text by `@login` or `@login@branch`. The message says beside its text whom it names; the text says where.
import type { User } from '../protocols/lan/wire.ts';

const MENTION = /@([a-z0-9._-]*[a-z0-9_-](?:@[a-z0-9-]+(?:\.[a-z0-9-]+)*)?)/giu;

export interface MentionPlace {
  readonly index: number;
  /** As it is written, with the @. */
  readonly text: string;
  readonly user: User;
}

/** In the order of the text. A name counts when it fits one alone of those who can be named. */
export function mentionsIn(text: string, people: readonly User[]): readonly MentionPlace[] {
  if (people.length === 0) return [];
  return [...text.matchAll(MENTION)].flatMap(({ index, 0: written, 1: name = '' }) => {
    const user = whoIs(name, people);
    return user ? [{ index, text: written, user }] : [];
  });
}

/** Each once. */
export function mentionedIn(text: string, people: readonly User[]): readonly User[] {
  return [...new Set(mentionsIn(text, people).map(({ user }) => user))];
}

function whoIs(name: string, people: readonly User[]): User | undefined {
  const wanted = name.toLowerCase();
  const fitting = people.filter(({ address }) => address === wanted || address.startsWith(`${wanted}@`));
  return fitting.length === 1 ? fitting[0] : undefined;
}
