// What a message says of a file that goes with it; part of sealed content, so that servers see nothing of it. A CBOR map:
//
//   name     text of at most 255 characters: what the sender calls it. Untrusted: shown as text, and never used as a path
//   size     whole number: bytes of plaintext
//   type     text of at most 127 characters: the sender's word for what it is (a media type), untrusted as well
//   blob     32 bytes: the id of the ciphertext
//   key      32 bytes, prefix 7 bytes: what opens it (stream-cipher.ts)
//   hash     32 bytes: digest "content" of the plaintext (chunk-list.ts)
//   preview  map {type: text, bytes: at most 16 KiB, width, height: whole numbers}, optional: a small picture of the sender's making
//
// A message that forwards a file carries the same card: no second upload, and one blob for both.
import { BLOB_ID_BYTES, type BlobId, blobIdBytes, blobIdOf } from '../../realm/blob-id.ts';
import { InputError, PeerError } from '../../realm/errors.ts';
import { Fields } from '../strict-cbor.ts';
import { CHUNK_HASH } from './chunk-list.ts';
import { MAX_PLAIN } from './sizes.ts';
import { FILE_KEY, FILE_PREFIX, type FileSecret } from './stream-cipher.ts';

export const MAX_FILE_NAME = 255;
export const MAX_PREVIEW = 16 * 1024;
const MAX_TYPE = 127;
const MAX_SIDE = 4096;
const MEDIA_TYPE = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,62}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,62}$/;
export const UNKNOWN_TYPE = 'application/octet-stream';

export interface Preview {
  readonly type: string;
  readonly bytes: Uint8Array;
  readonly width: number;
  readonly height: number;
}

export interface FileCard extends FileSecret {
  readonly name: string;
  readonly size: number;
  readonly type: string;
  readonly blob: BlobId;
  readonly hash: Uint8Array;
  readonly preview?: Preview;
}

/** The plain value for a field of content. @throws InputError `bad-file-card` */
export function packFileCard({ name, size, type, blob, key, prefix, hash, preview }: FileCard): object {
  if (name.length === 0 || name.length > MAX_FILE_NAME || !name.isWellFormed()) throw bad('a name');
  if (preview && preview.bytes.length > MAX_PREVIEW) throw bad(`a preview of at most ${MAX_PREVIEW} bytes`);
  const fields = { name, size, type: mediaType(type), blob: blobIdBytes(blob), key, prefix, hash };
  return preview ? { ...fields, preview: { ...preview, type: mediaType(preview.type) } } : fields;
}

/** Of a value that strict CBOR gave. @throws PeerError `frame-malformed` */
export function unpackFileCard(value: unknown): FileCard {
  const field = fieldsOf(value, 'file');
  const card = {
    name: field('name').text(MAX_FILE_NAME),
    size: field('size').uint(MAX_PLAIN),
    type: mediaType(field('type').text(MAX_TYPE)),
    blob: blobIdOf(field('blob').bytes(BLOB_ID_BYTES, BLOB_ID_BYTES)),
    key: field('key').bytes(FILE_KEY, FILE_KEY),
    prefix: field('prefix').bytes(FILE_PREFIX, FILE_PREFIX),
    hash: field('hash').bytes(CHUNK_HASH, CHUNK_HASH),
  };
  if (card.name.length === 0) throw new PeerError('frame-malformed', 'a file without a name');
  const preview = field('preview').raw();
  return preview === undefined ? card : { ...card, preview: unpackPreview(preview) };
}

function unpackPreview(value: unknown): Preview {
  const field = fieldsOf(value, 'preview');
  return {
    type: mediaType(field('type').text(MAX_TYPE)),
    bytes: field('bytes').bytes(MAX_PREVIEW),
    width: field('width').uint(MAX_SIDE),
    height: field('height').uint(MAX_SIDE),
  };
}

/** What is no media type is none that anybody should act upon. */
export function mediaType(text: string): string {
  const type = text.toLowerCase();
  return MEDIA_TYPE.test(type) ? type : UNKNOWN_TYPE;
}

function fieldsOf(value: unknown, what: string): (name: string) => Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Uint8Array) {
    throw new PeerError('frame-malformed', `a ${what} is a map`);
  }
  const entries = new Map<string, unknown>(Object.entries(value));
  return (name) => new Fields([entries.get(name)], `${what}'s ${name}`);
}

function bad(expected: string): InputError {
  return new InputError('bad-file-card', `expected ${expected}`);
}
