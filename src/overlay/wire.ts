// Frames of the overlay's own protocols: CBOR arrays, positional, decoded strictly. What doesn't match is the peer's fault.
import type { MessageStream } from '@libp2p/interface';
import { type LengthPrefixedStream, lpStream } from '@libp2p/utils';
import * as v from 'valibot';
import { readCbor } from '../realm/cbor.ts';
import { PeerError } from '../realm/errors.ts';
import { isRealmName, type RealmName, ROLES } from '../realm/names.ts';

const MAX_CODE = 64;
const MAX_PEER_ID = 128;

export const realmField = v.custom<RealmName>((value) => typeof value === 'string' && isRealmName(value), 'a realm');
export const roleField = v.picklist(ROLES);
/** A reason on the wire: lower-case words joined by hyphens. */
export const codeField = v.pipe(v.string(), v.maxLength(MAX_CODE), v.regex(/^[a-z0-9-]+$/));
export const peerIdField = v.pipe(v.string(), v.maxLength(MAX_PEER_ID), v.regex(/^[A-Za-z0-9]+$/));
/** Counts, process ids and times; times reach past 2^31. */
export const countField = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** @throws PeerError `bad-frame` */
export function decodeFrame<Schema extends v.GenericSchema>(
  schema: Schema,
  bytes: Uint8Array,
  what: string,
): v.InferOutput<Schema> {
  let value: unknown;
  try {
    value = readCbor(bytes);
  } catch (cause) {
    throw new PeerError('bad-frame', `a ${what} is not CBOR`, { cause });
  }
  const result = v.safeParse(schema, value);
  if (!result.success) throw new PeerError('bad-frame', `a ${what} has a wrong field: ${result.issues[0].message}`);
  return result.output;
}

/** What a peer may send ahead while we still read its handshake. */
const MAX_READ_AHEAD = 2 * 1024 * 1024;
const PREFIX = 4;

/**
 * Frames with a length of four bytes, for handshakes only: what comes after them is held until it is unwrapped. Not the
 * default varint: an endless one is decoded anew for each of its bytes, so that 3 MB of them cost a stranger nothing and us
 * many seconds.
 */
export function handshakeFrames<S extends MessageStream>(stream: S, maxFrame: number): LengthPrefixedStream<S> {
  return lpStream(stream, {
    maxDataLength: maxFrame,
    maxLengthLength: PREFIX,
    maxBufferSize: MAX_READ_AHEAD,
    lengthEncoder: (length) => {
      const prefix = new Uint8Array(PREFIX);
      new DataView(prefix.buffer).setUint32(0, length);
      return prefix;
    },
    lengthDecoder: (data) => {
      // lpStream takes a RangeError for "not enough bytes yet".
      if (data.byteLength < PREFIX) throw new RangeError('the length is not whole');
      return data.getUint32(0);
    },
  });
}
