// The body of an envelope of the kind `commit`: a change of a group's keys or members that its home has accepted. The envelope's
// sender and device are those of the member who made it, its origin is the home.
//
//   body = [1, group, epoch, term, commit, roster, [home, …], [index of a member's home, …], group info or empty]
//
// `epoch` is the one that the commit is based on; `term` is the home's (src/crypto/roster.ts). `roster` is who is in the group after
// it, in the form of src/crypto/roster.ts; the two lists say where each of them, in that order, is at home. A small group info comes
// along, so that whoever is welcomed needs no home in reach.
import { readId } from '../../crypto/envelope.ts';
import { decodeRoster, MAX_MEMBERS, MAX_ROSTER, type Roster } from '../../crypto/roster.ts';
import { decodeStrict, encodeItem, Fields } from '../../crypto/strict-cbor.ts';
import { type GroupId, idBytes, parseGroupId } from '../../realm/ids.ts';
import { parseRealmName, type RealmName } from '../../realm/names.ts';

/** Bytes of an MLS commit: one that adds two hundred members, or the first after a thousand joined. */
export const MAX_COMMIT = 160 * 1024;
const MAX_BYTES = 192 * 1024;
/** Realms that one group has members in. */
export const MAX_HOMES = 256;
const VERSION = 1;
const MAX_NAME = 253;
const FIELDS = 9;
/** Bytes of group info that travel with a commit; larger ones are asked for at the home. */
export const MAX_SENT_INFO = 16 * 1024;
const EMPTY = new Uint8Array();

export interface Commit {
  readonly group: GroupId;
  /** The epoch that it is based on. */
  readonly epoch: number;
  readonly term: number;
  readonly commit: Uint8Array;
  readonly rosterBytes: Uint8Array;
  readonly roster: Roster;
  /** Where each member of the roster is at home, in its order. */
  readonly homes: readonly RealmName[];
  /** Of the epoch after it. */
  readonly groupInfo?: Uint8Array | undefined;
}

export function encodeCommit(given: Omit<Commit, 'roster'>): Uint8Array {
  const { group, epoch, term, commit, rosterBytes, homes, groupInfo = EMPTY } = given;
  const info = groupInfo.length > MAX_SENT_INFO || commit.length > MAX_SENT_INFO ? EMPTY : groupInfo;
  const realms = [...new Set(homes)];
  const places = homes.map((home) => realms.indexOf(home));
  return encodeItem([VERSION, idBytes(group), epoch, term, commit, rosterBytes, realms, places, info]);
}

/** @throws PeerError `frame-too-long`, `frame-malformed`, `commit-version`, `roster-version` */
export function decodeCommit(bytes: Uint8Array): Commit {
  const fields = new Fields(decodeStrict(bytes, MAX_BYTES), 'commit', FIELDS);
  if (fields.uint() !== VERSION) fields.fail(`${VERSION}`);
  const group = readId(fields, parseGroupId);
  const [epoch, term] = [fields.uint(), fields.uint()];
  const commit = fields.bytes(MAX_COMMIT);
  const rosterBytes = fields.bytes(MAX_ROSTER);
  const roster = decodeRoster(rosterBytes);
  const homes = readHomes(fields);
  if (homes.length !== roster.members.length) fields.fail('as many homes as members');
  const info = fields.bytes(MAX_SENT_INFO);
  const groupInfo = info.length === 0 ? undefined : info;
  return { group, epoch, term, commit, rosterBytes, roster, homes, groupInfo };
}

function readHomes(fields: Fields): RealmName[] {
  const names = fields.list(MAX_HOMES);
  const each = new Fields(names, 'list of homes');
  const realms = names.map(() => each.parsed(MAX_NAME, parseRealmName));
  const places = fields.list(MAX_MEMBERS);
  const indexes = new Fields(places, 'list of places');
  return places.map(() => realms[indexes.uint(realms.length - 1)] ?? indexes.fail('the place of a home'));
}
