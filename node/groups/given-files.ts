// Files of messages that are given back. To which files a message refers stands beside what is sealed, and who gives it back need not be
// its sender: what may be believed of it, `LostReferences` says (node/blobs). A message that was given back by somebody who could not
// open it lies here without its files; whoever can gives those.
import type { ConversationId, MessageId, UserId } from '../../src/realm/ids.ts';
import type { Database } from '../../src/store/database.ts';
import type { LostReferences } from '../blobs/blobs.ts';
import type { EventStore } from '../conversations/event-store.ts';

/** A message as somebody who has it names it. */
export interface GivenName {
  readonly id: MessageId;
  readonly sender: UserId;
  /** Ids of the files that its body has sealed. */
  readonly blobs?: readonly Uint8Array[] | undefined;
}

export interface GivenFilesComponents {
  readonly store: Pick<EventStore, 'message' | 'event'>;
  readonly database: Pick<Database, 'commit'>;
  /** Absent: there are no files. */
  readonly blobs?: LostReferences | undefined;
}

export class GivenFiles {
  readonly #parts: GivenFilesComponents;

  constructor(parts: GivenFilesComponents) {
    this.#parts = parts;
  }

  /** Whether the message is here with all its files. */
  async hasWhole(conversation: ConversationId, { id, sender, blobs = [] }: GivenName): Promise<boolean> {
    const { store, blobs: lost } = this.#parts;
    if ((await store.message(id, sender))?.conversation !== conversation) return false;
    return ((await lost?.unstated(id, sender, blobs)) ?? []).length === 0;
  }

  /** Those to which a message may refer by this user's word. */
  async believed(user: UserId, { blobs = [] }: GivenName): Promise<readonly Uint8Array[]> {
    return (await this.#parts.blobs?.restatable(user, blobs)) ?? [];
  }

  /** To a message that is here and has lost them. Its other terms are those that it has here. */
  async add(conversation: ConversationId, { id, sender }: GivenName, blobs: readonly Uint8Array[]): Promise<void> {
    const { store, database, blobs: lost } = this.#parts;
    const entry = await store.message(id, sender);
    const missing = (await lost?.unstated(id, sender, blobs)) ?? [];
    if (!lost || missing.length === 0 || entry?.conversation !== conversation) return;
    const record = await store.event(entry.cursor);
    if (record?.kind !== 'message') return;
    await database.commit(lost.referWrites({ ...record.encoded.envelope, blobs: missing }));
  }
}
