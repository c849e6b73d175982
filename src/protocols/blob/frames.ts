// Frames of /canopy/blob/1. Chunks and lists are raw behind their head, so that 256 KiB are not encoded and copied once more.
import { CHUNK_HASH } from '../../crypto/files/chunk-list.ts';
import { isSealedSize, MAX_CHUNKS } from '../../crypto/files/sizes.ts';
import { blobIdBytes, blobIdOf } from '../../realm/blob-id.ts';
import { CanopyError, PeerError } from '../../realm/errors.ts';
import { parseRealmName, type RealmName } from '../../realm/names.ts';
import { decodeFields, encodeFields, type FieldReader } from '../../store/positional.ts';
import { type BlobAsk, type BlobFrame, CHUNK_HEAD, LIST_PAGE } from './index.ts';

const VERSION = 1;
const CHUNK = 0x01;
const LIST = 0x02;
const ID = 32;
const MAX_NAME = 253;
const MAX_CODE = 64;
const CODE = /^[a-z0-9-]+$/;

export function encodeAsk({ id, reader, origin, first, count, withList }: BlobAsk): Uint8Array {
  return encodeFields([VERSION, blobIdBytes(id), reader, origin, first, count, withList]);
}

/** @throws PeerError `frame-malformed`, `unknown-version` */
export function decodeAsk(bytes: Uint8Array): BlobAsk {
  return strictly(() =>
    decodeFields(bytes, 'request for a blob', (fields) => {
      fields.version(VERSION);
      return {
        id: blobIdOf(fields.bytes(ID, ID)),
        reader: realm(fields),
        origin: realm(fields),
        first: fields.number(MAX_CHUNKS),
        count: fields.number(MAX_CHUNKS),
        withList: fields.boolean(),
      };
    }),
  );
}

export function encodeBlobFrame(frame: BlobFrame): Uint8Array {
  switch (frame.kind) {
    case 'blob':
      return encodeFields([VERSION, 'blob', frame.size]);
    case 'refused':
      return encodeFields([VERSION, 'refused', frame.code]);
    case 'list':
      return behind(Uint8Array.of(LIST), frame.hashes);
    case 'chunk': {
      const head = new Uint8Array(CHUNK_HEAD);
      head[0] = CHUNK;
      new DataView(head.buffer).setUint32(1, frame.index);
      return behind(head, frame.bytes);
    }
  }
}

/** @throws PeerError `frame-malformed`, `unknown-version` */
export function decodeBlobFrame(bytes: Uint8Array): BlobFrame {
  if (bytes[0] === CHUNK && bytes.length > CHUNK_HEAD) {
    const index = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(1);
    return { kind: 'chunk', index, bytes: bytes.subarray(CHUNK_HEAD) };
  }
  if (bytes[0] === LIST) return { kind: 'list', hashes: listOf(bytes.subarray(1)) };
  return strictly(() => decodeFields(bytes, 'frame of a blob', readWord));
}

function readWord(fields: FieldReader): BlobFrame {
  fields.version(VERSION);
  if (fields.oneOf(['blob', 'refused']) === 'blob') return { kind: 'blob', size: sizeOf(fields.number()) };
  const code = fields.text(MAX_CODE);
  if (!CODE.test(code)) throw new PeerError('frame-malformed', 'a refusal has a code');
  return { kind: 'refused', code };
}

function listOf(hashes: Uint8Array): Uint8Array {
  const isPage = hashes.length > 0 && hashes.length <= LIST_PAGE * CHUNK_HASH && hashes.length % CHUNK_HASH === 0;
  if (!isPage) throw new PeerError('frame-malformed', `a page of ${hashes.length} bytes`);
  return hashes;
}

function sizeOf(size: number): number {
  if (!isSealedSize(size)) throw new PeerError('frame-malformed', `a blob of ${size} bytes cannot be`);
  return size;
}

function realm(fields: FieldReader): RealmName {
  return parseRealmName(fields.text(MAX_NAME));
}

function behind(head: Uint8Array, bytes: Uint8Array): Uint8Array {
  const frame = new Uint8Array(head.length + bytes.length);
  frame.set(head);
  frame.set(bytes, head.length);
  return frame;
}

/** What does not fit is the peer's fault. */
function strictly<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof CanopyError && cause.code === 'unknown-version') {
      throw new PeerError('unknown-version', cause.message, { cause });
    }
    throw cause instanceof PeerError ? cause : new PeerError('frame-malformed', String(cause), { cause });
  }
}
