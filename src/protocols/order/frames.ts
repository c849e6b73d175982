// The frames of `/canopy/order/1`; their forms stand in index.ts.
import { readId } from '../../crypto/envelope.ts';
import { MAX_ROSTER } from '../../crypto/roster.ts';
import { decodeStrict, encodeItem, Fields } from '../../crypto/strict-cbor.ts';
import {
  type ConversationId,
  type DeviceId,
  type GroupId,
  idBytes,
  idText,
  parseConversationId,
  parseDeviceId,
  parseGroupId,
  parseUserId,
  type UserId,
} from '../../realm/ids.ts';
import { parseRealmName, type RealmName } from '../../realm/names.ts';
import { MAX_COMMIT } from './commit-body.ts';
import { MAX_COMMITS, MAX_ORDER_FRAME } from './index.ts';

export type OrderRequest =
  | {
      readonly kind: 'propose';
      readonly conversation: ConversationId;
      readonly group: GroupId;
      readonly epoch: number;
      readonly commit: Uint8Array;
      readonly rosterBytes: Uint8Array;
      readonly groupInfo: Uint8Array | undefined;
      readonly user: UserId;
      readonly device: DeviceId;
    }
  | {
      readonly kind: 'commits';
      readonly conversation: ConversationId;
      readonly group: GroupId | undefined;
      readonly from: number;
    }
  | {
      readonly kind: 'put-info';
      readonly conversation: ConversationId;
      readonly group: GroupId;
      readonly epoch: number;
      readonly groupInfo: Uint8Array;
      readonly user: UserId;
      readonly device: DeviceId;
    }
  | { readonly kind: 'info'; readonly conversation: ConversationId; readonly group: GroupId; readonly epoch: number };

export interface OrderedCommit {
  readonly sender: UserId;
  readonly device: DeviceId;
  /** As commit-body.ts reads it. */
  readonly body: Uint8Array;
}

export type OrderAnswer =
  | { readonly kind: 'accepted'; readonly epoch: number }
  | {
      readonly kind: 'commits';
      readonly home: RealmName;
      readonly term: number;
      readonly commits: readonly OrderedCommit[];
      readonly more: boolean;
    }
  | { readonly kind: 'info'; readonly epoch: number; readonly groupInfo: Uint8Array }
  | { readonly kind: 'refused'; readonly code: string; readonly epoch: number };

const VERSION = 1;
const MAX_INFO = 1024 * 1024;
const MAX_BODY = 192 * 1024;
const MAX_NAME = 253;
const MAX_CODE = 64;
const EMPTY = new Uint8Array();

export function encodeOrderRequest(request: OrderRequest): Uint8Array {
  const conversation = idBytes(request.conversation);
  switch (request.kind) {
    case 'propose': {
      const { group, epoch, commit, rosterBytes, groupInfo = EMPTY, user, device } = request;
      const by = [idBytes(user), idBytes(device)];
      return encodeItem([VERSION, 0, conversation, idBytes(group), epoch, commit, rosterBytes, groupInfo, ...by]);
    }
    case 'commits':
      return encodeItem([VERSION, 1, conversation, request.group ? idBytes(request.group) : EMPTY, request.from]);
    case 'info':
      return encodeItem([VERSION, 2, conversation, idBytes(request.group), request.epoch]);
    case 'put-info': {
      const { group, epoch, groupInfo, user, device } = request;
      return encodeItem([VERSION, 3, conversation, idBytes(group), epoch, groupInfo, idBytes(user), idBytes(device)]);
    }
  }
}

/** @throws PeerError `frame-too-long`, `frame-malformed`, as all of these */
export function decodeOrderRequest(bytes: Uint8Array): OrderRequest {
  const fields = begin(bytes, 'question', [10, 5, 5, 8]);
  const conversation = readId(fields, parseConversationId);
  if (fields.kind === 0) return readProposal(fields, conversation);
  if (fields.kind === 2) {
    return { kind: 'info', conversation, group: readId(fields, parseGroupId), epoch: fields.uint() };
  }
  if (fields.kind === 3) {
    const [group, epoch, groupInfo] = [readId(fields, parseGroupId), fields.uint(), fields.bytes(MAX_INFO)];
    const by = { user: readId(fields, parseUserId), device: readId(fields, parseDeviceId) };
    return { kind: 'put-info', conversation, group, epoch, groupInfo, ...by };
  }
  const named = fields.bytes(16);
  const group = named.length === 0 ? undefined : parseGroupId(idText(named));
  return { kind: 'commits', conversation, group, from: fields.uint() };
}

function readProposal(fields: Fields, conversation: ConversationId): OrderRequest {
  const [group, epoch] = [readId(fields, parseGroupId), fields.uint()];
  const [commit, rosterBytes, info] = [fields.bytes(MAX_COMMIT), fields.bytes(MAX_ROSTER), fields.bytes(MAX_INFO)];
  const by = { user: readId(fields, parseUserId), device: readId(fields, parseDeviceId) };
  const groupInfo = info.length === 0 ? undefined : info;
  return { kind: 'propose', conversation, group, epoch, commit, rosterBytes, groupInfo, ...by };
}

export function encodeOrderAnswer(answer: OrderAnswer): Uint8Array {
  switch (answer.kind) {
    case 'accepted':
      return encodeItem([VERSION, 0, answer.epoch]);
    case 'commits': {
      const rows = answer.commits.map(({ sender, device, body }) => [idBytes(sender), idBytes(device), body]);
      return encodeItem([VERSION, 1, answer.home, answer.term, rows, answer.more]);
    }
    case 'info':
      return encodeItem([VERSION, 2, answer.epoch, answer.groupInfo]);
    case 'refused':
      return encodeItem([VERSION, 3, answer.code, answer.epoch]);
  }
}

export function decodeOrderAnswer(bytes: Uint8Array): OrderAnswer {
  const fields = begin(bytes, 'answer', [3, 6, 4, 4]);
  switch (fields.kind) {
    case 0:
      return { kind: 'accepted', epoch: fields.uint() };
    case 1: {
      const [home, term] = [fields.parsed(MAX_NAME, parseRealmName), fields.uint()];
      return { kind: 'commits', home, term, commits: fields.list(MAX_COMMITS).map(readCommit), more: fields.flag() };
    }
    case 2:
      return { kind: 'info', epoch: fields.uint(), groupInfo: fields.bytes(MAX_INFO) };
    default:
      return { kind: 'refused', code: fields.text(MAX_CODE), epoch: fields.uint() };
  }
}

function readCommit(item: unknown): OrderedCommit {
  const fields = new Fields(item, 'commit', 3);
  return {
    sender: readId(fields, parseUserId),
    device: readId(fields, parseDeviceId),
    body: fields.bytes(MAX_BODY),
  };
}

class KindFields extends Fields {
  readonly kind: number;

  constructor(item: unknown, what: string, lengths: readonly number[]) {
    super(item, what);
    if (this.uint() !== VERSION) this.fail(`${VERSION}`);
    this.kind = this.uint(lengths.length - 1);
    if (this.count !== lengths[this.kind]) this.fail('the kind of a frame with as many fields');
  }
}

function begin(bytes: Uint8Array, what: string, lengths: readonly number[]): KindFields {
  return new KindFields(decodeStrict(bytes, MAX_ORDER_FRAME), what, lengths);
}
