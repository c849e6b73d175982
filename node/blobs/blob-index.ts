// What the database knows of blobs; their bytes are files (disk.ts).
//
//   ('blob', 'held', id)                   -> [version, size, since]                       a whole blob that lies here
//   ('blob', 'owner', id, user)            -> [version, size, since]                       who uploaded it: counts for the quota
//   ('blob', 'ref', id, message, sender)   -> [version, conversation, origin, [realm, …], expires]
//   ('blob', 'of', message, sender, id)    -> []                                           the same the other way round
//   ('blob', 'upload', upload)             -> [version, user, size, since, id or null]     with an id: it is being given its name
import type { BlobId } from '../../src/realm/blob-id.ts';
import { blobIdBytes, blobIdOf } from '../../src/realm/blob-id.ts';
import {
  type ConversationId,
  idBytes,
  idText,
  type MessageId,
  parseConversationId,
  parseMessageId,
  parseUserId,
  type UserId,
} from '../../src/realm/ids.ts';
import { parseRealmName, type RealmName } from '../../src/realm/names.ts';
import type { Database } from '../../src/store/database.ts';
import type { Write } from '../../src/store/engine.ts';
import { key, parseKey, under } from '../../src/store/keys.ts';
import { decodeFields, encodeFields, type FieldReader } from '../../src/store/positional.ts';

const VERSION = 1;
const MAX_NAME = 253;
/** Realms that one message goes to. */
const MAX_REALMS = 1024;
const UPLOAD_BYTES = 16;

export interface HeldBlob {
  readonly id: BlobId;
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly since: number;
}

export interface OwnedBlob extends HeldBlob {
  readonly user: UserId;
}

/** A message that refers to a blob: whoever may read the one may read the other. */
export interface BlobReference {
  readonly id: BlobId;
  readonly message: MessageId;
  readonly sender: UserId;
  readonly conversation: ConversationId;
  /** Where the message came from, and so the blob. */
  readonly origin: RealmName;
  /** Other realms with members of the conversation, as far as was known when the message came. */
  readonly realms: readonly RealmName[];
  /** Milliseconds since 1970; 0 for never. */
  readonly expires: number;
}

export interface UploadRecord {
  /** 32 hexadecimal digits. */
  readonly upload: string;
  readonly user: UserId;
  readonly size: number;
  readonly since: number;
  /** Set once it is whole and is being given its name. */
  readonly id?: BlobId;
}

const put = (at: Uint8Array, value: Uint8Array): Write => ({ type: 'put', key: at, value });
const del = (at: Uint8Array): Write => ({ type: 'del', key: at });
const bytesOf = (part: unknown): Uint8Array => (part instanceof Uint8Array ? part : new Uint8Array());
const hexBytes = (upload: string): Uint8Array => new Uint8Array(Buffer.from(upload, 'hex'));

// Writes, for a commit of the caller.

export const heldWrite = ({ id, size, since }: HeldBlob): Write =>
  put(key('blob', 'held', blobIdBytes(id)), encodeFields([VERSION, size, since]));
export const heldRemoval = (id: BlobId): Write => del(key('blob', 'held', blobIdBytes(id)));

export const ownerWrite = ({ id, user, size, since }: OwnedBlob): Write =>
  put(key('blob', 'owner', blobIdBytes(id), idBytes(user)), encodeFields([VERSION, size, since]));
export const ownerRemoval = (id: BlobId, user: UserId): Write =>
  del(key('blob', 'owner', blobIdBytes(id), idBytes(user)));

export function referenceWrites(reference: BlobReference): Write[] {
  const { conversation, origin, realms, expires } = reference;
  const value = encodeFields([VERSION, idBytes(conversation), origin, [...realms], expires]);
  const { at, back } = referenceKeys(reference);
  return [put(at, value), put(back, encodeFields([]))];
}

export function referenceRemovals(reference: Pick<BlobReference, 'id' | 'message' | 'sender'>): Write[] {
  const { at, back } = referenceKeys(reference);
  return [del(at), del(back)];
}

function referenceKeys({ id, message, sender }: Pick<BlobReference, 'id' | 'message' | 'sender'>) {
  const [b, m, s] = [blobIdBytes(id), idBytes(message), idBytes(sender)];
  return { at: key('blob', 'ref', b, m, s), back: key('blob', 'of', m, s, b) };
}

export const uploadWrite = ({ upload, user, size, since, id }: UploadRecord): Write =>
  put(
    key('blob', 'upload', hexBytes(upload)),
    encodeFields([VERSION, idBytes(user), size, since, id ? blobIdBytes(id) : null]),
  );
export const uploadRemoval = (upload: string): Write => del(key('blob', 'upload', hexBytes(upload)));

export class BlobIndex {
  readonly #database: Pick<Database, 'get' | 'iterate' | 'commit'>;

  constructor(database: Pick<Database, 'get' | 'iterate' | 'commit'>) {
    this.#database = database;
  }

  commit(writes: readonly Write[]): Promise<void> {
    return this.#database.commit(writes);
  }

  async held(id: BlobId): Promise<HeldBlob | undefined> {
    const value = await this.#database.get(key('blob', 'held', blobIdBytes(id)));
    return value && { id, ...readSized(value) };
  }

  async *allHeld(): AsyncIterable<HeldBlob> {
    for await (const [at, value] of this.#database.iterate(under('blob', 'held'))) {
      yield { id: blobIdOf(bytesOf(parseKey(at)[2])), ...readSized(value) };
    }
  }

  async owns(id: BlobId, user: UserId): Promise<boolean> {
    return (await this.#database.get(key('blob', 'owner', blobIdBytes(id), idBytes(user)))) !== undefined;
  }

  owners(id?: BlobId): AsyncIterable<OwnedBlob> {
    return this.#owned(id ? under('blob', 'owner', blobIdBytes(id)) : under('blob', 'owner'));
  }

  async *#owned(range: ReturnType<typeof under>): AsyncIterable<OwnedBlob> {
    for await (const [at, value] of this.#database.iterate(range)) {
      const [, , id, user] = parseKey(at);
      yield { id: blobIdOf(bytesOf(id)), user: parseUserId(idText(bytesOf(user))), ...readSized(value) };
    }
  }

  async *references(id: BlobId): AsyncIterable<BlobReference> {
    for await (const [at, value] of this.#database.iterate(under('blob', 'ref', blobIdBytes(id)))) {
      const [, , , message, sender] = parseKey(at);
      yield { id, ...messageOf(message, sender), ...readReference(value) };
    }
  }

  /** Blobs that a message refers to. */
  async blobsOf(message: MessageId, sender: UserId): Promise<BlobId[]> {
    const found: BlobId[] = [];
    for await (const [at] of this.#database.iterate(under('blob', 'of', idBytes(message), idBytes(sender)))) {
      found.push(blobIdOf(bytesOf(parseKey(at)[4])));
    }
    return found;
  }

  async upload(upload: string): Promise<UploadRecord | undefined> {
    const value = await this.#database.get(key('blob', 'upload', hexBytes(upload)));
    return value && { upload, ...readUpload(value) };
  }

  async *uploads(): AsyncIterable<UploadRecord> {
    for await (const [at, value] of this.#database.iterate(under('blob', 'upload'))) {
      yield { upload: Buffer.from(bytesOf(parseKey(at)[2])).toString('hex'), ...readUpload(value) };
    }
  }
}

function messageOf(message: unknown, sender: unknown) {
  return { message: parseMessageId(idText(bytesOf(message))), sender: parseUserId(idText(bytesOf(sender))) };
}

function readSized(value: Uint8Array): { size: number; since: number } {
  return decodeFields(value, 'record of a blob', (reader) => {
    reader.version(VERSION);
    return { size: reader.number(), since: reader.number() };
  });
}

function readReference(value: Uint8Array) {
  return decodeFields(value, 'reference to a blob', (reader) => {
    reader.version(VERSION);
    return {
      conversation: parseConversationId(idText(reader.bytes(UPLOAD_BYTES))),
      origin: readRealm(reader),
      realms: reader.list(MAX_REALMS, readRealm),
      expires: reader.number(),
    };
  });
}

function readRealm(reader: FieldReader): RealmName {
  return parseRealmName(reader.text(MAX_NAME));
}

function readUpload(value: Uint8Array): Omit<UploadRecord, 'upload'> {
  return decodeFields(value, 'record of an upload', (reader) => {
    reader.version(VERSION);
    const user = parseUserId(idText(reader.bytes(UPLOAD_BYTES)));
    const [size, since] = [reader.number(), reader.number()];
    const id = reader.optional((field) => blobIdOf(field.bytes(32)));
    return { user, size, since, ...(id && { id }) };
  });
}
