// Asking again for the key of an epoch, and answering. A wider circle would be a way to get keys out of people: this device asks and
// answers only the own user's devices, and devices that were leaves of that very epoch, as this device remembers it.
//
//   request = [1, group (16), [epoch, …], certificate of the asking device, signature (64)]
//   answer  = HPKE to that device of [1, group (16), [[epoch, epoch key], …], certificate, signature (64)]
//
// The signature is of the sending device, over the label, conversation and all fields before it. A key that comes is believed only
// when it opens a message of that epoch: what nobody asked for, and what opens nothing, is thrown away.

import {
  type DeviceCertificate,
  MAX_DEVICE_CERTIFICATE,
  readDeviceCertificate,
} from '../../crypto/device-certificate.ts';
import { openWithKey } from '../../crypto/hpke.ts';
import { type DeviceKeys, SIGNATURE_BYTES, signLabelled, verifyLabelled } from '../../crypto/identity.ts';
import { MAX_ROSTER } from '../../crypto/roster.ts';
import { sealToDevice } from '../../crypto/seal-to-device.ts';
import { decodeStrict, encodeItem, Fields } from '../../crypto/strict-cbor.ts';
import { PeerError } from '../../realm/errors.ts';
import { type ConversationId, type GroupId, idBytes, idText, parseGroupId } from '../../realm/ids.ts';
import { decodeEpochKey, type EpochKey, encodeEpochKey } from './epoch-book.ts';

export const MAX_ASKED = 16;
const MAX_FORM = 112 * 1024;
const REQUEST = 'canopy/key-request/1\n';
const ANSWER = 'canopy/key-answer/1\n';

export interface KeyRequest {
  readonly group: GroupId;
  readonly epochs: readonly number[];
  /** Of the device that asks; whether it counts is for the reader to see. */
  readonly from: DeviceCertificate;
}

export interface KeyAnswer {
  readonly group: GroupId;
  readonly keys: readonly (readonly [epoch: number, key: EpochKey])[];
  readonly from: DeviceCertificate;
}

export interface Asking {
  readonly certificate: DeviceCertificate;
  readonly keys: DeviceKeys;
}

export function makeKeyRequest(
  me: Asking,
  conversation: ConversationId,
  group: GroupId,
  epochs: readonly number[],
): Uint8Array {
  return signed(me, REQUEST, conversation, [1, idBytes(group), [...epochs].slice(0, MAX_ASKED), me.certificate.bytes]);
}

/** @throws PeerError `frame-malformed`, `signature-wrong`, and those of readDeviceCertificate() */
export function readKeyRequest(bytes: Uint8Array, conversation: ConversationId): KeyRequest {
  const { fields, from } = checked(bytes, REQUEST, conversation);
  const group = groupIn(fields);
  const list = fields.list(MAX_ASKED);
  const numbers = new Fields(list, 'list of epochs');
  return { group, epochs: list.map(() => numbers.uint()), from };
}

export function makeKeyAnswer(
  me: Asking,
  conversation: ConversationId,
  to: DeviceCertificate,
  { group, keys }: Pick<KeyAnswer, 'group' | 'keys'>,
): Promise<Uint8Array> {
  const rows = keys.map(([epoch, key]) => [epoch, encodeEpochKey(key)]);
  const answer = signed(me, ANSWER, conversation, [1, idBytes(group), rows, me.certificate.bytes]);
  return sealToDevice(to, answer, ANSWER);
}

/** @throws PeerError `not-sealed-to-this`, `frame-malformed`, `signature-wrong` */
export async function readKeyAnswer(me: Asking, bytes: Uint8Array, conversation: ConversationId): Promise<KeyAnswer> {
  const { fields, from } = checked(await openWithKey(me.keys.hpke, bytes, ANSWER), ANSWER, conversation);
  const group = groupIn(fields);
  const keys = fields.list(MAX_ASKED).map((item) => {
    const row = new Fields(item, 'epoch', 2);
    return [row.uint(), decodeEpochKey(row.bytes(MAX_ROSTER + 256))] as const;
  });
  return { group, keys, from };
}

function signed(me: Asking, label: string, conversation: ConversationId, fields: readonly unknown[]): Uint8Array {
  const bound = encodeItem([idBytes(conversation), ...fields]);
  return encodeItem([...fields, signLabelled(me.keys.signature, label, bound)]);
}

function checked(bytes: Uint8Array, label: string, conversation: ConversationId) {
  const items = new Fields([decodeStrict(bytes, MAX_FORM)], 'mail of keys').list(5);
  const all = new Fields(items, 'mail of keys', 5);
  const fields = new Fields(items, 'mail of keys', 5);
  if (fields.uint() !== 1) fields.fail('version 1');
  all.raw();
  all.raw();
  all.raw();
  const from = readDeviceCertificate(all.bytes(MAX_DEVICE_CERTIFICATE));
  const signature = all.bytes(SIGNATURE_BYTES, SIGNATURE_BYTES);
  const bound = encodeItem([idBytes(conversation), ...items.slice(0, 4)]);
  if (!verifyLabelled(from.signatureKey, label, bound, signature)) {
    throw new PeerError('signature-wrong', `the device ${from.device} did not sign this`);
  }
  return { fields, from };
}

function groupIn(fields: Fields): GroupId {
  return parseGroupId(idText(fields.bytes(16, 16)));
}
