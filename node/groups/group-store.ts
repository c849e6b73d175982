// The store of groups: who is in each, the commits that made it so, and what waits.
//
//   ('group', 'state', conversation, group)             -> group-record.ts: as it is after the newest commit that is here
//   ('group', 'commit', conversation, group, epoch)     -> group-record.ts: the commit that is based on that epoch
//   ('group', 'info', conversation, group, epoch)       -> group info of that epoch, for those who join by themselves
//   ('group', 'joined', user, conversation, group)      -> [epoch]: the commit that brought the user in
//   ('group', 'left', user, conversation, group)        -> [epoch, at]: the one that removed the user
//   ('group', 'inbox', conversation, group, term, epoch) -> [sender, device, body]: commits that came and are to be applied
//   ('group', 'held', conversation, sender, id)         -> [origin, held at, path kind, path reference, envelope]
//   ('group', 'made', user, conversation)               -> []: groups that a user of this realm has made
import { MAX_ENVELOPE, readId } from '../../src/crypto/envelope.ts';
import { decodeStrict, encodeItem, Fields } from '../../src/crypto/strict-cbor.ts';
import {
  type ConversationId,
  type DeviceId,
  type GroupId,
  idBytes,
  idText,
  type MessageId,
  parseConversationId,
  parseDeviceId,
  parseGroupId,
  parseUserId,
  type UserId,
} from '../../src/realm/ids.ts';
import { parseRealmName, type RealmName } from '../../src/realm/names.ts';
import { PATH_KINDS, type PathKind } from '../../src/realm/path-kinds.ts';
import type { Database } from '../../src/store/database.ts';
import type { Write } from '../../src/store/engine.ts';
import { between, type KeyPart, key, parseKey, under } from '../../src/store/keys.ts';
import {
  decodeState,
  decodeStoredCommit,
  encodeState,
  encodeStoredCommit,
  type Span,
  type StoredCommit,
  type StoredGroup,
} from './group-record.ts';

export interface WaitingCommit {
  readonly sender: UserId;
  readonly device: DeviceId;
  /** As src/protocols/order/commit-body.ts reads it. */
  readonly body: Uint8Array;
}

export interface HeldMessage {
  readonly origin: RealmName;
  readonly at: number;
  readonly path: PathKind;
  readonly pathRef: Uint8Array;
  readonly bytes: Uint8Array;
}

const NOTHING = encodeItem([]);
const MAX_WAITING = MAX_ENVELOPE + 128;
const MAX_NAME = 253;

const put = (at: Uint8Array, value: Uint8Array): Write => ({ type: 'put', key: at, value });
const del = (at: Uint8Array): Write => ({ type: 'del', key: at });
const bytesOf = (part: KeyPart | undefined): Uint8Array => (part instanceof Uint8Array ? part : new Uint8Array());
const groupOf = (part: KeyPart | undefined): GroupId => parseGroupId(idText(bytesOf(part)));

function at(what: string, conversation: ConversationId, group: GroupId, ...rest: KeyPart[]): Uint8Array {
  return key('group', what, idBytes(conversation), idBytes(group), ...rest);
}

const ofUser = (what: 'joined' | 'left', user: UserId, conversation: ConversationId, group: GroupId): Uint8Array =>
  key('group', what, idBytes(user), idBytes(conversation), idBytes(group));
/** Of a row of `ofUser`. */
function groupAt(row: Uint8Array): Group {
  const [conversation, group] = parseKey(row).slice(3);
  return { conversation: parseConversationId(idText(bytesOf(conversation))), group: groupOf(group) };
}

const heldKey = (conversation: ConversationId, sender: UserId, id: MessageId): Uint8Array =>
  key('group', 'held', idBytes(conversation), idBytes(sender), idBytes(id));

// Writes, for a commit of the caller.

export const stateWrite = (state: StoredGroup): Write =>
  put(at('state', state.conversation, state.group), encodeState(state));

export const commitWrite = (conversation: ConversationId, group: GroupId, commit: StoredCommit): Write =>
  put(at('commit', conversation, group, commit.epoch), encodeStoredCommit(commit));

export const commitRemoval = (conversation: ConversationId, group: GroupId, epoch: number): Write =>
  del(at('commit', conversation, group, epoch));

export const infoWrite = (conversation: ConversationId, group: GroupId, epoch: number, info: Uint8Array): Write =>
  put(at('info', conversation, group, epoch), info);

export const infoRemoval = (conversation: ConversationId, group: GroupId, epoch: number): Write =>
  del(at('info', conversation, group, epoch));

type Group = Pick<StoredGroup, 'conversation' | 'group'>;

export const joinedWrites = (user: UserId, { conversation, group }: Group, epoch: number): Write[] => [
  put(ofUser('joined', user, conversation, group), encodeItem([epoch])),
  del(ofUser('left', user, conversation, group)),
];

export const leftRemoval = (user: UserId, { conversation, group }: Group): Write =>
  del(ofUser('left', user, conversation, group));

export const leftWrite = (user: UserId, { conversation, group }: Group, epoch: number, when: number): Write =>
  put(ofUser('left', user, conversation, group), encodeItem([epoch, when]));

export const madeWrite = (user: UserId, conversation: ConversationId): Write =>
  put(key('group', 'made', idBytes(user), idBytes(conversation)), NOTHING);

export function inboxWrite(
  conversation: ConversationId,
  { group, term, epoch }: { readonly group: GroupId; readonly term: number; readonly epoch: number },
  { sender, device, body }: WaitingCommit,
): Write {
  const value = encodeItem([idBytes(sender), idBytes(device), body]);
  return put(at('inbox', conversation, group, term, epoch), value);
}

export const inboxRemoval = (conversation: ConversationId, group: GroupId, term: number, epoch: number): Write =>
  del(at('inbox', conversation, group, term, epoch));

export function heldWrite(
  conversation: ConversationId,
  sender: UserId,
  id: MessageId,
  { origin, at: when, path, pathRef, bytes }: HeldMessage,
): Write {
  const value = encodeItem([origin, when, PATH_KINDS.indexOf(path), pathRef, bytes]);
  return put(heldKey(conversation, sender, id), value);
}

export const heldRemoval = (conversation: ConversationId, sender: UserId, id: MessageId): Write =>
  del(heldKey(conversation, sender, id));

/** Reads what the writes above wrote. */
export class GroupStore {
  readonly #database: Pick<Database, 'get' | 'iterate'>;

  constructor(database: Pick<Database, 'get' | 'iterate'>) {
    this.#database = database;
  }

  /** All groups of a conversation, the lowest id first: that one counts. */
  async states(conversation: ConversationId): Promise<StoredGroup[]> {
    const found: StoredGroup[] = [];
    for await (const [row, value] of this.#database.iterate(under('group', 'state', idBytes(conversation)))) {
      found.push(decodeState(conversation, groupOf(parseKey(row)[3]), value));
    }
    return found;
  }

  async *conversations(): AsyncIterable<{ conversation: ConversationId; group: GroupId }> {
    for await (const [row] of this.#database.iterate(under('group', 'state'))) {
      const [conversation, group] = parseKey(row).slice(2);
      yield { conversation: parseConversationId(idText(bytesOf(conversation))), group: groupOf(group) };
    }
  }

  async commit(conversation: ConversationId, group: GroupId, epoch: number): Promise<StoredCommit | undefined> {
    const value = await this.#database.get(at('commit', conversation, group, epoch));
    return value && decodeStoredCommit(epoch, value);
  }

  /** In order, from the one that is based on `from`; no more once `bytes` are reached. */
  async commits(
    conversation: ConversationId,
    group: GroupId,
    from: number,
    limits: { readonly count: number; readonly bytes: number },
  ): Promise<StoredCommit[]> {
    const prefix = ['group', 'commit', idBytes(conversation), idBytes(group)];
    const found: StoredCommit[] = [];
    let bytes = 0;
    for await (const [row, value] of this.#database.iterate({ ...between(prefix, from), limit: limits.count })) {
      if (bytes > 0 && bytes + value.length > limits.bytes) break;
      bytes += value.length;
      found.push(decodeStoredCommit(Number(parseKey(row)[4]), value));
    }
    return found;
  }

  info(conversation: ConversationId, group: GroupId, epoch: number): Promise<Uint8Array | undefined> {
    return this.#database.get(at('info', conversation, group, epoch));
  }

  /** Epochs of which there is group info, and how long each is; the oldest first. */
  async infos(conversation: ConversationId, group: GroupId): Promise<{ epoch: number; bytes: number }[]> {
    const found: { epoch: number; bytes: number }[] = [];
    const range = under('group', 'info', idBytes(conversation), idBytes(group));
    for await (const [row, value] of this.#database.iterate(range)) {
      found.push({ epoch: Number(parseKey(row)[4]), bytes: value.length });
    }
    return found;
  }

  async span(user: UserId, conversation: ConversationId, group: GroupId): Promise<Span | undefined> {
    const joined = await this.#database.get(ofUser('joined', user, conversation, group));
    if (!joined) return undefined;
    const from = new Fields(decodeStrict(joined, 64), 'joining', 1).uint();
    return { from, left: await this.left(user, conversation, group) };
  }

  /** By which commit, and when, a user of any realm was removed; undefined for members and for strangers. */
  async left(user: UserId, conversation: ConversationId, group: GroupId): Promise<Span['left']> {
    const value = await this.#database.get(ofUser('left', user, conversation, group));
    const fields = value && new Fields(decodeStrict(value, 64), 'leaving', 2);
    return fields && { epoch: fields.uint(), at: fields.uint() };
  }

  /** Groups that a user of this realm is in, or was. */
  async joined(user: UserId): Promise<Group[]> {
    const found: Group[] = [];
    for await (const [row] of this.#database.iterate(under('group', 'joined', idBytes(user)))) found.push(groupAt(row));
    return found;
  }

  /** Groups that a user of any realm was removed from, and by which commit. */
  async leftBy(user: UserId): Promise<(Group & { readonly left: { readonly epoch: number } })[]> {
    const found: (Group & { readonly left: { readonly epoch: number } })[] = [];
    for await (const [row, value] of this.#database.iterate(under('group', 'left', idBytes(user)))) {
      const epoch = new Fields(decodeStrict(value, 64), 'leaving', 2).uint();
      found.push({ ...groupAt(row), left: { epoch } });
    }
    return found;
  }

  async made(user: UserId, most: number): Promise<number> {
    let count = 0;
    for await (const _ of this.#database.iterate({ ...under('group', 'made', idBytes(user)), limit: most })) count++;
    return count;
  }

  async waiting(
    conversation: ConversationId,
    group: GroupId,
    term: number,
    epoch: number,
  ): Promise<WaitingCommit | undefined> {
    const value = await this.#database.get(at('inbox', conversation, group, term, epoch));
    if (!value) return undefined;
    const fields = new Fields(decodeStrict(value, MAX_WAITING), 'waiting commit', 3);
    const [sender, device] = [readId(fields, parseUserId), readId(fields, parseDeviceId)];
    return { sender, device, body: fields.bytes(MAX_ENVELOPE) };
  }

  /** What waits for a conversation, or for all; at most `limit`. */
  async inbox(
    limit: number,
    conversation?: ConversationId,
  ): Promise<{ conversation: ConversationId; group: GroupId; term: number; epoch: number }[]> {
    const prefix = conversation ? [idBytes(conversation)] : [];
    const found: { conversation: ConversationId; group: GroupId; term: number; epoch: number }[] = [];
    for await (const [row] of this.#database.iterate({ ...under('group', 'inbox', ...prefix), limit })) {
      const [c, g, term, epoch] = parseKey(row).slice(2);
      const where = { conversation: parseConversationId(idText(bytesOf(c))), group: groupOf(g) };
      found.push({ ...where, term: Number(term), epoch: Number(epoch) });
    }
    return found;
  }

  async held(limit: number, conversation?: ConversationId): Promise<HeldMessage[]> {
    const prefix = conversation ? [idBytes(conversation)] : [];
    const found: HeldMessage[] = [];
    for await (const [, value] of this.#database.iterate({ ...under('group', 'held', ...prefix), limit })) {
      const fields = new Fields(decodeStrict(value, MAX_WAITING + 512), 'held message', 5);
      found.push({
        origin: fields.parsed(MAX_NAME, parseRealmName),
        at: fields.uint(),
        path: PATH_KINDS[fields.uint(PATH_KINDS.length - 1)] ?? 'local',
        pathRef: fields.bytes(16),
        bytes: fields.bytes(MAX_ENVELOPE),
      });
    }
    return found;
  }
}
