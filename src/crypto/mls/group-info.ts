// What a group shows those who come: made by whoever commits, kept by home for the newest epochs, opaque to servers.
//
//   group info = [1, MLS GroupInfo with the external key, ratchet tree, what the welcomes of this epoch share or nothing]
//
// The tree stands beside the info: it is most of the bytes, and a welcome needs it too. Its hash is in the signed info.
import { decodeMlsMessage, encodeMlsMessage, type GroupInfo, type RatchetTree } from 'ts-mls';
import { decodeRatchetTree, encodeRatchetTree } from 'ts-mls/ratchetTree.js';
import { PeerError } from '../../realm/errors.ts';
import type { ConversationId, GroupId } from '../../realm/ids.ts';
import { decodeStrict, encodeItem, Fields } from '../strict-cbor.ts';
import { epochNumber, groupOf } from './commit-reader.ts';
import { readContext } from './group-context.ts';

/** Bytes: about 600 a device, and the roster. */
export const MAX_GROUP_INFO: number = 1024 * 1024;
/** Roster and some keys. */
const MAX_BARE_INFO = 64 * 1024;

export interface ShownGroup {
  readonly info: GroupInfo;
  readonly tree: RatchetTree;
  /** The part of its welcomes that is the same for all, encrypted; empty without welcomes. */
  readonly welcomed: Uint8Array;
}

export function encodeShown({ info, tree, welcomed }: ShownGroup): Uint8Array {
  const message = encodeMlsMessage({ version: 'mls10', wireformat: 'mls_group_info', groupInfo: info });
  return encodeItem([1, message, encodeRatchetTree(tree), welcomed]);
}

/** @throws PeerError `frame-too-long`, `frame-malformed`, `group-info-malformed` */
export function decodeShown(bytes: Uint8Array): ShownGroup {
  const fields = new Fields(decodeStrict(bytes, MAX_GROUP_INFO), 'group info', 4);
  if (fields.uint() !== 1) fields.fail('version 1');
  const message = whole(fields.bytes(MAX_BARE_INFO), decodeMlsMessage);
  if (message.wireformat !== 'mls_group_info') malformed();
  return {
    info: message.groupInfo,
    tree: whole(fields.bytes(MAX_GROUP_INFO), decodeRatchetTree),
    welcomed: fields.bytes(MAX_BARE_INFO),
  };
}

export interface ShownName {
  readonly group: GroupId;
  readonly epoch: number;
  readonly conversation: ConversationId;
}

/**
 * What a server can see of it: whose it says it is. The tree, most of the bytes, is not read; who joins checks it by its hash.
 * @throws PeerError `frame-too-long`, `frame-malformed`, `group-info-malformed`, `context-unsuitable`
 */
export function readShownName(bytes: Uint8Array): ShownName {
  const fields = new Fields(decodeStrict(bytes, MAX_GROUP_INFO), 'group info', 4);
  if (fields.uint() !== 1) fields.fail('version 1');
  const message = whole(fields.bytes(MAX_BARE_INFO), decodeMlsMessage);
  if (message.wireformat !== 'mls_group_info') malformed();
  fields.bytes(MAX_GROUP_INFO);
  fields.bytes(MAX_BARE_INFO);
  const { groupId, epoch, extensions } = message.groupInfo.groupContext;
  return { group: groupOf(groupId), epoch: epochNumber(epoch), conversation: readContext(extensions).conversation };
}

function whole<T>(bytes: Uint8Array, decode: (bytes: Uint8Array, at: number) => [T, number] | undefined): T {
  let decoded: [T, number] | undefined;
  try {
    decoded = decode(bytes, 0);
  } catch (cause) {
    throw new PeerError('group-info-malformed', 'a part of this group info is malformed', { cause });
  }
  return decoded && decoded[1] === bytes.length ? decoded[0] : malformed();
}

function malformed(): never {
  throw new PeerError('group-info-malformed', 'this is not what a group shows those who come');
}
