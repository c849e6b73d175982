// Who may read a blob. It follows from the messages that refer to it: their conversations' members may, and the realms where such
// members live; its uploader may as well. Knowing the id gives nobody anything.
import type { Envelope } from '../../src/crypto/envelope.ts';
import type { BlobId } from '../../src/realm/blob-id.ts';
import { blobIdOf } from '../../src/realm/blob-id.ts';
import type { Clock } from '../../src/realm/clock.ts';
import { RefusedError } from '../../src/realm/errors.ts';
import type { ConversationId, MessageId, UserId } from '../../src/realm/ids.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { Write } from '../../src/store/engine.ts';
import { BlobClaims } from './blob-claims.ts';
import { type BlobIndex, type BlobReference, referenceRemovals, referenceWrites } from './blob-index.ts';

/** What conversations know of their members. */
export interface BlobAudience {
  /** A user of this realm. */
  isMember(user: UserId, conversation: ConversationId): Promise<boolean>;
  hasMembersAt(realm: RealmName, conversation: ConversationId): Promise<boolean>;
  /** Realms of a group's members; none for a conversation that is no group. */
  realmsOf(conversation: ConversationId): Promise<readonly RealmName[]>;
}

/** Realms that are asked for a file beside the one that it came from. */
const MAX_ELSEWHERE = 16;

/** What an envelope says of the files that its body refers to. */
export type Referring = Pick<
  Envelope,
  'id' | 'sender' | 'conversation' | 'origin' | 'recipients' | 'expires' | 'blobs'
>;

export interface BlobAccessComponents {
  readonly index: BlobIndex;
  readonly audience: BlobAudience;
  /** Undefined for whom nobody here knows. */
  readonly homeOf: (user: UserId) => RealmName | undefined;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
}

export class BlobAccess {
  /** Who is about to refer to what; the sweep asks. */
  readonly claims: BlobClaims;
  readonly #parts: BlobAccessComponents;

  constructor(parts: BlobAccessComponents) {
    this.#parts = parts;
    this.claims = new BlobClaims(parts.clock);
  }

  /** What a user sends on must be the user's to read. @throws RefusedError `blob-unknown` */
  async assertMayRefer(user: UserId, blobs: readonly Uint8Array[]): Promise<void> {
    for (const bytes of blobs) {
      const id = blobIdOf(bytes);
      await this.claims.claim(id);
      if (!(await this.#parts.index.owns(id, user)) && !(await this.referenceFor(user, id))) throw unknown(id);
    }
  }

  /** For the batch in which the message itself is written. */
  referWrites({ id: message, sender, conversation, origin, recipients, expires, blobs }: Referring): Write[] {
    if (blobs.length === 0) return [];
    // Of a group the roster tells, whenever it is asked.
    const homes = recipients.flatMap((user) => this.#parts.homeOf(user) ?? []);
    const realms = [...new Set(homes)].filter((home) => home !== origin);
    const reference = { message, sender, conversation, origin, realms, expires };
    return blobs.flatMap((bytes) => referenceWrites({ ...reference, id: blobIdOf(bytes) }));
  }

  /** For the batch in which the message itself is erased. */
  async forgetWrites(message: MessageId, sender: UserId): Promise<Write[]> {
    const ids = await this.#parts.index.blobsOf(message, sender);
    return ids.flatMap((id) => referenceRemovals({ id, message, sender }));
  }

  /** A message by which the user may read it. */
  async referenceFor(user: UserId, id: BlobId): Promise<BlobReference | undefined> {
    const { index, audience } = this.#parts;
    for await (const reference of this.#live(index.references(id))) {
      if (await audience.isMember(user, reference.conversation)) return reference;
    }
    return undefined;
  }

  async mayRead(user: UserId, id: BlobId): Promise<boolean> {
    return (await this.#parts.index.owns(id, user)) || (await this.referenceFor(user, id)) !== undefined;
  }

  /** Whether people of a realm may read it, as far as this realm knows. */
  async mayGo(to: RealmName, id: BlobId): Promise<boolean> {
    const { index, audience } = this.#parts;
    for await (const { conversation, origin, realms } of this.#live(index.references(id))) {
      if (origin === to || realms.includes(to)) return true;
      if (await audience.hasMembersAt(to, conversation)) return true;
    }
    return false;
  }

  /** Whether a message that refers to it began at that realm. */
  async cameFrom(realm: RealmName, id: BlobId): Promise<boolean> {
    for await (const { origin } of this.#live(this.#parts.index.references(id))) if (origin === realm) return true;
    return false;
  }

  /** Realms that may have a copy: where it came from first, then where else it went. */
  async holders(id: BlobId): Promise<RealmName[]> {
    const [origins, others]: [RealmName[], RealmName[]] = [[], []];
    for await (const { origin, realms } of this.#live(this.#parts.index.references(id))) {
      origins.push(origin);
      others.push(...realms);
    }
    return [...new Set([...origins, ...others])];
  }

  /** Realms whose people may have read it, for when those that should have it have lost it. */
  async elsewhere(id: BlobId): Promise<RealmName[]> {
    const { index, audience } = this.#parts;
    const found = new Set<RealmName>();
    for await (const { conversation } of this.#live(index.references(id))) {
      for (const realm of await audience.realmsOf(conversation)) found.add(realm);
      if (found.size >= MAX_ELSEWHERE) break;
    }
    return [...found].slice(0, MAX_ELSEWHERE);
  }

  async unstated(message: MessageId, sender: UserId, blobs: readonly Uint8Array[]): Promise<Uint8Array[]> {
    if (blobs.length === 0) return [];
    const stated = new Set(await this.#parts.index.blobsOf(message, sender));
    return blobs.filter((bytes) => !stated.has(blobIdOf(bytes)));
  }

  /**
   * What a message refers to is the sender's word, outside of what is sealed, and the copy has lost it. Whoever gives the message back
   * may say it for a file that is that user's to read, or of which this realm has no word at all: for any other the right follows from
   * what is here, and nobody widens it.
   */
  async restatable(user: UserId, blobs: readonly Uint8Array[]): Promise<Uint8Array[]> {
    const found: Uint8Array[] = [];
    for (const bytes of blobs) {
      const id = blobIdOf(bytes);
      await this.claims.claim(id);
      if ((await this.mayRead(user, id)) || !(await this.#isKnown(id))) found.push(bytes);
    }
    return found;
  }

  async #isKnown(id: BlobId): Promise<boolean> {
    const { index } = this.#parts;
    for await (const _owner of index.owners(id)) return true;
    for await (const _reference of index.references(id)) return true;
    return false;
  }

  async isReferred(id: BlobId): Promise<boolean> {
    for await (const _reference of this.#live(this.#parts.index.references(id))) return true;
    return false;
  }

  async *#live(references: AsyncIterable<BlobReference>): AsyncIterable<BlobReference> {
    const now = this.#parts.clock.now();
    for await (const reference of references) {
      if (reference.expires === 0 || reference.expires > now) yield reference;
    }
  }
}

export function unknown(id: BlobId): RefusedError {
  return new RefusedError('blob-unknown', `no file ${id} for whoever asks`);
}
