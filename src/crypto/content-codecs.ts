// How each kind of content is written and read; the fields stand in the header of content-kinds.ts.
import { InputError } from '../realm/errors.ts';
import { idBytes, parseDeviceId, parseMessageId } from '../realm/ids.ts';
import { type Entries, messageIdOf, messageIds, optional, reader, userIdOf, userIds } from './content-fields.ts';
import {
  type DeletedPlace,
  type KnownContent,
  MAX_CAPTION,
  MAX_EMOJI,
  MAX_MENTIONS,
  MAX_NAME,
  MAX_NOTED,
  MAX_PICTURE,
  MAX_TARGETS,
  MAX_TEXT,
  NOTES,
} from './content-kinds.ts';
import { readId } from './envelope.ts';
import { packFileCard, unpackFileCard } from './files/file-card.ts';
import { Fields } from './strict-cbor.ts';

type Kind = KnownContent['kind'];
type Of<K extends Kind> = Extract<KnownContent, { kind: K }>;

interface Codec<K extends Kind> {
  write(content: Of<K>): object;
  read(entries: Entries): Of<K>;
}

const text: Codec<'text'> = {
  write: ({ text, replyTo, thread, mentions, expiresAfter }) => ({
    text: checkedText(text),
    ...(replyTo && { replyTo: idBytes(replyTo) }),
    ...(thread && { thread: idBytes(thread) }),
    ...(mentions && { mentions: checkedMentions(mentions).map(idBytes) }),
    ...(expiresAfter !== undefined && { expiresAfter }),
  }),
  read: (entries) => ({
    kind: 'text',
    text: textOf(reader(entries)('text')),
    ...optional(entries, 'replyTo', messageIdOf),
    ...optional(entries, 'thread', messageIdOf),
    ...optional(entries, 'mentions', mentionsOf),
    ...optional(entries, 'expiresAfter', uintOf),
  }),
};

const edit: Codec<'edit'> = {
  write: ({ target, text, mentions }) => ({
    target: idBytes(target),
    text: checkedText(text),
    ...(mentions && { mentions: checkedMentions(mentions).map(idBytes) }),
  }),
  read: (entries) => ({
    kind: 'edit',
    target: messageIdOf(reader(entries)('target')),
    text: textOf(reader(entries)('text')),
    ...optional(entries, 'mentions', mentionsOf),
  }),
};

const deletion: Codec<'delete'> = {
  write: ({ targets, places }) => ({
    targets: limited(targets, MAX_TARGETS, 'too-many-targets').map(idBytes),
    ...(places && { places: limited(places, MAX_TARGETS, 'too-many-targets').map(packPlace) }),
  }),
  read: (entries) => ({
    kind: 'delete',
    targets: messageIds(reader(entries)('targets'), MAX_TARGETS),
    ...optional(entries, 'places', (field) => field.list(MAX_TARGETS).map(unpackPlace)),
  }),
};

function packPlace({ target, device, stamp }: DeletedPlace): unknown {
  return [idBytes(target), idBytes(device), stamp.ms, stamp.counter];
}

function unpackPlace(item: unknown): DeletedPlace {
  const fields = new Fields(item, 'place of what was deleted', 4);
  const ids = { target: readId(fields, parseMessageId), device: readId(fields, parseDeviceId) };
  return { ...ids, stamp: { ms: fields.uint(), counter: fields.uint() } };
}

const reaction: Codec<'reaction'> = {
  write: ({ target, emoji, on }) => {
    if (emoji === '' || byteLength(emoji) > MAX_EMOJI) throw new InputError('bad-reaction', 'That is not one emoji');
    return { target: idBytes(target), emoji, on };
  },
  read: (entries) => ({ kind: 'reaction', ...onOff(entries), emoji: reader(entries)('emoji').text(MAX_EMOJI) }),
};

const pin: Codec<'pin'> = {
  write: ({ target, on }) => ({ target: idBytes(target), on }),
  read: (entries) => ({ kind: 'pin', ...onOff(entries) }),
};

const forward: Codec<'forward'> = {
  write: ({ author, writtenAt, text, file, expiresAfter }) => ({
    author: idBytes(author),
    writtenAt,
    text: checkedText(text, file ? MAX_CAPTION : MAX_TEXT),
    ...(file && { file: packFileCard(file) }),
    ...(expiresAfter !== undefined && { expiresAfter }),
  }),
  read: (entries) => ({
    kind: 'forward',
    author: userIdOf(reader(entries)('author')),
    writtenAt: reader(entries)('writtenAt').uint(),
    text: textOf(reader(entries)('text')),
    ...optional(entries, 'file', readFile),
    ...optional(entries, 'expiresAfter', uintOf),
  }),
};

const profile: Codec<'profile'> = {
  write: ({ name, picture }) => {
    if (name !== undefined && byteLength(name) > MAX_NAME) {
      throw new InputError('name-too-long', `The name has ${byteLength(name)} bytes; at most ${MAX_NAME}`);
    }
    if (picture && picture.length > MAX_PICTURE) {
      throw new InputError('picture-too-large', `The picture has ${picture.length} bytes; at most ${MAX_PICTURE}`);
    }
    return { ...(name !== undefined && { name }), ...(picture && { picture }) };
  },
  read: (entries) => ({
    kind: 'profile',
    ...optional(entries, 'name', (field) => field.text(MAX_NAME)),
    ...optional(entries, 'picture', (field) => field.bytes(MAX_PICTURE)),
  }),
};

const timer: Codec<'timer'> = {
  write: ({ expiresAfter }) => ({ expiresAfter }),
  read: (entries) => ({ kind: 'timer', expiresAfter: uintOf(reader(entries)('expiresAfter')) }),
};

const file: Codec<'file'> = {
  write: ({ file, text, replyTo, expiresAfter }) => ({
    file: packFileCard(file),
    ...(text !== undefined && { text: checkedText(text, MAX_CAPTION) }),
    ...(replyTo && { replyTo: idBytes(replyTo) }),
    ...(expiresAfter !== undefined && { expiresAfter }),
  }),
  read: (entries) => ({
    kind: 'file',
    file: readFile(reader(entries)('file')),
    ...optional(entries, 'text', textOf),
    ...optional(entries, 'replyTo', messageIdOf),
    ...optional(entries, 'expiresAfter', uintOf),
  }),
};

const note: Codec<'note'> = {
  write: ({ what, users }) => ({ what, users: limited(users, MAX_NOTED, 'too-many-people').map(idBytes) }),
  read: (entries) => {
    const what = reader(entries)('what');
    const named = what.text(16);
    return {
      kind: 'note',
      what: NOTES.find((one) => one === named) ?? what.fail(`one of ${NOTES.join(', ')}`),
      users: userIds(reader(entries)('users'), MAX_NOTED),
    };
  },
};

const CODECS: { readonly [K in Kind]: Codec<K> } = {
  text,
  edit,
  delete: deletion,
  reaction,
  pin,
  forward,
  profile,
  timer,
  file,
  note,
};

export function isKnownKind(kind: string): kind is Kind {
  return Object.hasOwn(CODECS, kind);
}

/** @throws PeerError `frame-malformed` */
export function readKnown(kind: Kind, entries: Entries): KnownContent {
  return CODECS[kind].read(entries);
}

/** The kind's own fields as they go on the wire. @throws InputError as encodeContent() */
export function fieldsOf<K extends Kind>(content: Of<K> & { readonly kind: K }): object {
  const codec: Codec<K> = CODECS[content.kind];
  return codec.write(content);
}

const readFile = (field: Fields) => unpackFileCard(field.raw());
const uintOf = (field: Fields): number => field.uint();
const mentionsOf = (field: Fields) => userIds(field, MAX_MENTIONS);

function onOff(entries: Entries) {
  const field = reader(entries);
  return { target: messageIdOf(field('target')), on: field('on').flag() };
}

/** A peer's text within the limit by bytes, which `Fields` counts by UTF-16 units. */
function textOf(field: Fields): string {
  const value = field.text(MAX_TEXT);
  // no unit has more than three bytes: most texts need no counting
  return value.length * 3 <= MAX_TEXT || byteLength(value) <= MAX_TEXT
    ? value
    : field.fail(`text of at most ${MAX_TEXT} bytes`);
}

function byteLength(value: string): number {
  return new TextEncoder().encode(value).length;
}

function checkedText(value: string, most = MAX_TEXT): string {
  const length = byteLength(value);
  if (length <= most) return value;
  throw new InputError('text-too-long', `The text has ${length} bytes; at most ${most}`, {
    hint: 'Send it in several messages, or as a file.',
  });
}

function checkedMentions<T>(mentions: readonly T[]): readonly T[] {
  return limited(mentions, MAX_MENTIONS, 'too-many-mentions');
}

function limited<T>(list: readonly T[], most: number, code: string): readonly T[] {
  if (list.length > most) throw new InputError(code, `${list.length} are named; at most ${most}`);
  return list;
}
