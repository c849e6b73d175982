// One entry of an outbox, and where it lies:
//
//   ('outbox', 'entry', destination, incarnation, n)  -> [queuedAt, expires, sender, id, digest, envelope]
//   ('outbox', 'last', destination)                   -> [incarnation, n]: the newest number given out
import { MAX_ENVELOPE, readId } from '../../src/crypto/envelope.ts';
import { decodeStrict, encodeItem, Fields } from '../../src/crypto/strict-cbor.ts';
import { idBytes, type MessageId, parseMessageId, parseUserId, type UserId } from '../../src/realm/ids.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { Write } from '../../src/store/engine.ts';
import { key, parseKey } from '../../src/store/keys.ts';

export interface OutboxEntry {
  readonly incarnation: number;
  readonly n: number;
  readonly queuedAt: number;
  /** Milliseconds since 1970; 0 for never. */
  readonly expires: number;
  readonly sender: UserId;
  readonly id: MessageId;
  readonly digest: Uint8Array;
  readonly bytes: Uint8Array;
}

export interface Position {
  readonly incarnation: number;
  readonly n: number;
}

const HASH = 32;
/** Bytes of one, encoded. */
export const MAX_ENTRY: number = MAX_ENVELOPE + 256;

export function entryKey(destination: RealmName, incarnation: number, n: number): Uint8Array {
  return key('outbox', 'entry', destination, incarnation, n);
}

export function entryWrites(destination: RealmName, entry: OutboxEntry): Write[] {
  const { incarnation, n } = entry;
  return [
    { type: 'put', key: entryKey(destination, incarnation, n), value: encodeEntry(entry) },
    { type: 'put', key: key('outbox', 'last', destination), value: encodeItem([incarnation, n]) },
  ];
}

/** Without its place. */
export function encodeEntry({ queuedAt, expires, sender, id, digest, bytes }: OutboxEntry): Uint8Array {
  return encodeItem([queuedAt, expires, idBytes(sender), idBytes(id), digest, bytes]);
}

export function placeOf(at: Uint8Array): Position {
  const [incarnation = 0, n = 0] = parseKey(at).slice(3).map(Number);
  return { incarnation, n };
}

export function readEntry(place: Position, value: Uint8Array): OutboxEntry {
  const fields = new Fields(decodeStrict(value, MAX_ENTRY), 'outbox entry', 6);
  return {
    ...place,
    queuedAt: fields.uint(),
    expires: fields.uint(),
    sender: readId(fields, parseUserId),
    id: readId(fields, parseMessageId),
    digest: fields.bytes(HASH, HASH),
    bytes: fields.bytes(MAX_ENVELOPE),
  };
}
