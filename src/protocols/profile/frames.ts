// The two frames of /canopy/profile/1.
import { idBytes, idText, parseUserId, type UserId } from '../../realm/ids.ts';
import { decodeFields, encodeFields } from '../../store/positional.ts';
import { MAX_IDS } from './index.ts';
import { MAX_RECORD } from './record.ts';

const VERSION = 1;
const UUID = 16;

export function encodeRequest(ids: readonly UserId[]): Uint8Array {
  return encodeFields([VERSION, ids.map(idBytes)]);
}

/** @throws InputError `malformed`, `unknown-version` */
export function decodeRequest(bytes: Uint8Array): UserId[] {
  return decodeFields(bytes, 'profile request', (reader) => {
    reader.version(VERSION);
    return reader.list(MAX_IDS, (item) => parseUserId(idText(item.bytes(UUID, UUID))));
  });
}

export function encodeReply(records: readonly (Uint8Array | undefined)[]): Uint8Array {
  return encodeFields([VERSION, records.map((record) => record ?? null)]);
}

/** @throws InputError `malformed`, `unknown-version` */
export function decodeReply(bytes: Uint8Array): (Uint8Array | undefined)[] {
  return decodeFields(bytes, 'profile reply', (reader) => {
    reader.version(VERSION);
    return reader.list(MAX_IDS, (item) => item.optional((field) => field.bytes(MAX_RECORD)));
  });
}
