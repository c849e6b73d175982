// How the kinds of content read their fields.
import { type MessageId, parseMessageId, parseUserId, type UserId } from '../realm/ids.ts';
import { readId } from './envelope.ts';
import { Fields } from './strict-cbor.ts';

export type Entries = ReadonlyMap<string, unknown>;

/** The field of a name, as a list of one. */
export function reader(entries: Entries): (name: string) => Fields {
  return (name) => new Fields([entries.get(name)], `content's ${name}`);
}

/** Nothing when the field is missing, else the field as `read` gives it. */
export function optional<K extends string, T>(
  entries: Entries,
  name: K,
  read: (field: Fields) => T,
): { readonly [name in K]?: T } {
  const made: { [name in K]?: T } = {};
  if (entries.has(name)) made[name] = read(reader(entries)(name));
  return made;
}

export function messageIds(field: Fields, max: number): readonly MessageId[] {
  const items = field.list(max);
  const ids = new Fields(items, 'list of messages');
  return items.map(() => readId(ids, parseMessageId));
}

export function userIds(field: Fields, max: number): readonly UserId[] {
  const items = field.list(max);
  const ids = new Fields(items, 'list of users');
  return items.map(() => readId(ids, parseUserId));
}

export const messageIdOf = (field: Fields): MessageId => readId(field, parseMessageId);
export const userIdOf = (field: Fields): UserId => readId(field, parseUserId);
