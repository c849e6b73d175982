// How groups lie in the store, as positional CBOR arrays.
//
//   state    [group's kind, home, term, epoch, incarnation, since, roster, [home, …], [index of each member's home, …]]
//   commit   [term, sender, device, at, commit, roster or empty]
import { readId } from '../../src/crypto/envelope.ts';
import { decodeRoster, MAX_ROSTER } from '../../src/crypto/roster.ts';
import { decodeStrict, encodeItem, Fields } from '../../src/crypto/strict-cbor.ts';
import { MAX_COMMIT, MAX_HOMES } from '../../src/protocols/order/commit-body.ts';
import {
  type ConversationId,
  type DeviceId,
  type GroupId,
  idBytes,
  parseDeviceId,
  parseUserId,
  type UserId,
} from '../../src/realm/ids.ts';
import { parseRealmName, type RealmName } from '../../src/realm/names.ts';
import type { GroupMember, GroupState } from '../conversations/group-state.ts';

const MAX_STATE = MAX_ROSTER + 96 * 1024;
const MAX_NAME = 253;

/** A state, and the incarnation of the home in which it was last known to be the newest there is. */
export interface StoredGroup extends GroupState {
  readonly incarnation: number;
  /** Milliseconds since 1970: when the newest commit came. */
  readonly since: number;
}

export interface StoredCommit {
  readonly epoch: number;
  readonly term: number;
  readonly sender: UserId;
  readonly device: DeviceId;
  readonly at: number;
  readonly commit: Uint8Array;
  readonly rosterBytes: Uint8Array;
  readonly homes: readonly RealmName[];
}

/** Which commits of a group a user may fetch: from the one that brought the user in, up to the one that removed the user. */
export interface Span {
  readonly from: number;
  readonly left: { readonly epoch: number; readonly at: number } | undefined;
}

function encodeHomes(homes: readonly RealmName[]): [RealmName[], number[]] {
  const realms = [...new Set(homes)];
  return [realms, homes.map((home) => realms.indexOf(home))];
}

function readHomes(fields: Fields): RealmName[] {
  const names = fields.list(MAX_HOMES);
  const each = new Fields(names, 'list of homes');
  const realms = names.map(() => each.parsed(MAX_NAME, parseRealmName));
  const list = fields.list(MAX_STATE);
  const places = new Fields(list, 'list of places');
  return list.map(() => realms[places.uint(realms.length - 1)] ?? places.fail('the place of a home'));
}

export function encodeState(state: StoredGroup): Uint8Array {
  const { term, epoch, incarnation, since, home, rosterBytes, members } = state;
  const homes = [...members.values()].map((member) => member.home);
  return encodeItem([home, term, epoch, incarnation, since, rosterBytes, ...encodeHomes(homes)]);
}

export function decodeState(conversation: ConversationId, group: GroupId, value: Uint8Array): StoredGroup {
  const fields = new Fields(decodeStrict(value, MAX_STATE), 'state of a group', 8);
  const home = fields.parsed(MAX_NAME, parseRealmName);
  const [term, epoch, incarnation, since] = [fields.uint(), fields.uint(), fields.uint(), fields.uint()];
  const rosterBytes = fields.bytes(MAX_ROSTER);
  const { kind, members } = decodeRoster(rosterBytes);
  const homes = readHomes(fields);
  const all = new Map(
    members.map(({ user, role }, i): [UserId, GroupMember] => [user, { role, home: homes[i] ?? home }]),
  );
  return { conversation, group, kind, home, term, epoch, incarnation, since, rosterBytes, members: all };
}

export function encodeStoredCommit({ term, sender, device, at, commit, rosterBytes, homes }: StoredCommit): Uint8Array {
  const who = [idBytes(sender), idBytes(device)];
  return encodeItem([term, ...who, at, commit, rosterBytes, ...encodeHomes(homes)]);
}

export function decodeStoredCommit(epoch: number, value: Uint8Array): StoredCommit {
  const fields = new Fields(decodeStrict(value, MAX_COMMIT + MAX_STATE), 'commit', 8);
  return {
    epoch,
    term: fields.uint(),
    sender: readId(fields, parseUserId),
    device: readId(fields, parseDeviceId),
    at: fields.uint(),
    commit: fields.bytes(MAX_COMMIT),
    rosterBytes: fields.bytes(MAX_ROSTER),
    homes: readHomes(fields),
  };
}
