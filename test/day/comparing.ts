// What a device shows against what the plan says, and the devices against one another.
import { isDeepStrictEqual } from 'node:util';
import type { ShownChat, ShownEntry } from './device.ts';
import type { ExpectedChat, ExpectedMessage } from './outcome.ts';

export interface Names {
  idOf(event: number): string;
  userOf(person: number): string;
}

/** Who left shows what there was then, and its later changes not: of him only that nothing is lost and nothing is too much. */
export function differences(expected: ExpectedChat, person: number, shown: ShownChat, names: Names): string[] {
  const events = [...(expected.seenBy.get(person) ?? [])];
  const entries = new Map(shown.entries.map((entry) => [entry.id, entry]));
  const ids = new Map(events.map((event) => [names.idOf(event), event]));
  const wrong = shown.entries.filter(({ id }) => !ids.has(id)).map((entry) => `too much: ${JSON.stringify(entry)}`);
  if (entries.size !== shown.entries.length) wrong.push('something is shown twice');
  const isMember = expected.members.has(person);
  for (const [id, event] of ids) {
    const message = expected.messages.get(event);
    const entry = entries.get(id);
    if (!entry) wrong.push(`lost: event ${event}`);
    else if (isMember && message) {
      const fitting = entryFor(message, id, names);
      if (!isDeepStrictEqual(entry, fitting)) {
        wrong.push(`event ${event}: shows ${JSON.stringify(entry)} instead of ${JSON.stringify(fitting)}`);
      }
    }
  }
  if (isMember && expected.name !== shown.name) wrong.push(`name "${shown.name}" instead of "${expected.name}"`);
  return wrong;
}

/** The devices of one person are alike, and what any two devices both show stands in one order. */
export function ownDifferences(
  all: readonly { readonly key: string; readonly person: number; readonly chat: ShownChat }[],
): string[] {
  const wrong: string[] = [];
  for (const [index, one] of all.entries()) {
    for (const other of all.slice(index + 1)) {
      if (one.person === other.person && !isDeepStrictEqual(one.chat, other.chat)) {
        wrong.push(`${one.key} and ${other.key} differ`);
      }
      const shared = new Set(
        one.chat.entries.map(({ id }) => id).filter((id) => other.chat.entries.some((entry) => entry.id === id)),
      );
      const order = (chat: ShownChat) => chat.entries.map(({ id }) => id).filter((id) => shared.has(id));
      if (!isDeepStrictEqual(order(one.chat), order(other.chat)))
        wrong.push(`${one.key} and ${other.key}: another order`);
    }
  }
  return wrong;
}

function entryFor(message: ExpectedMessage, id: string, names: Names): ShownEntry {
  const { sender, text, file, replyTo, isEdited, isDeleted, reactions } = message;
  return {
    id,
    sender: names.userOf(sender),
    ...(text !== undefined && { text }),
    ...(file && { file }),
    ...(replyTo !== undefined && { replyTo: names.idOf(replyTo) }),
    isEdited: isEdited && !isDeleted,
    isDeleted,
    reactions: [...reactions]
      .map(([emoji, people]) => [emoji, [...people].map((person) => names.userOf(person)).sort()] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  };
}
