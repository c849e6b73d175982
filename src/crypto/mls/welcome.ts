// What a device that was added gets: the secrets that are sealed to its key package. What all of them share, and the tree, are in the
// group info of the new epoch (group-info.ts).
//
//   welcome = [1, group (16), epoch that it leads to, reference of the key package (32), HPKE output, ciphertext]
import type { Welcome } from 'ts-mls';
import { type GroupId, idBytes, idText, parseGroupId } from '../../realm/ids.ts';
import { decodeStrict, encodeItem, Fields } from '../strict-cbor.ts';
import { SUITE_NAME } from './suite.ts';

const MAX_WELCOME = 1024;
const REFERENCE = 32;

export interface ReadWelcome {
  readonly group: GroupId;
  /** Of the group info that it needs. */
  readonly epoch: number;
  /** Of the key package that it was made for. */
  readonly reference: Uint8Array;
  readonly kemOutput: Uint8Array;
  readonly ciphertext: Uint8Array;
}

export function encodeWelcome(welcome: ReadWelcome): Uint8Array {
  const { group, epoch, reference, kemOutput, ciphertext } = welcome;
  return encodeItem([1, idBytes(group), epoch, reference, kemOutput, ciphertext]);
}

/** @throws PeerError `frame-too-long`, `frame-malformed` */
export function readWelcome(bytes: Uint8Array): ReadWelcome {
  const fields = new Fields(decodeStrict(bytes, MAX_WELCOME), 'welcome', 6);
  if (fields.uint() !== 1) fields.fail('version 1');
  return {
    group: parseGroupId(idText(fields.bytes(16, 16))),
    epoch: fields.uint(),
    reference: fields.bytes(REFERENCE, REFERENCE),
    kemOutput: fields.bytes(MAX_WELCOME),
    ciphertext: fields.bytes(MAX_WELCOME),
  };
}

/** In the form of RFC 9420, section 12.4.3.1. */
export function asMlsWelcome({ reference, kemOutput, ciphertext }: ReadWelcome, welcomed: Uint8Array): Welcome {
  const secrets = [{ newMember: reference, encryptedGroupSecrets: { kemOutput, ciphertext } }];
  return { cipherSuite: SUITE_NAME, secrets, encryptedGroupInfo: welcomed };
}
