// The way a message took, as its hops reported it when the stream that carried it was opened.
import type { Hop, Path } from '../../src/overlay/seam.ts';
import type { MessageId, UserId } from '../../src/realm/ids.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { ConversationService } from '../conversations/conversation-service.ts';
import type { LoggedMessage } from '../conversations/conversations.ts';
import type { Directory } from '../directory/directory.ts';
import type { MessageRoute, RouteLeg } from './delivery.ts';
import type { HandoverStore } from './handover-store.ts';

export interface MessageRoutesComponents {
  readonly realm: RealmName;
  readonly self: Hop;
  readonly conversations: Pick<ConversationService, 'locate'>;
  readonly directory: Pick<Directory, 'findById'>;
  readonly handovers: HandoverStore;
}

export class MessageRoutes {
  readonly #parts: MessageRoutesComponents;

  constructor(parts: MessageRoutesComponents) {
    this.#parts = parts;
  }

  async explain(user: UserId, id: MessageId): Promise<MessageRoute | undefined> {
    const found = await this.#parts.conversations.locate(user, id);
    if (!found) return undefined;
    const { message, pathRef } = found;
    const legs = message.path === 'local' ? await this.#outward(message) : [await this.#inward(message, pathRef)];
    return { id, legs };
  }

  /** Of a message written here: one leg for each realm of its recipients. */
  #outward(message: LoggedMessage): Promise<RouteLeg[]> {
    const { directory, realm } = this.#parts;
    const homes = new Set(message.envelope.recipients.map((user) => directory.findById(user)?.home ?? realm));
    return Promise.all([...homes].map((home) => (home === realm ? this.#local(message) : this.#remote(message, home))));
  }

  #local({ arrivedAt }: LoggedMessage): RouteLeg {
    const { realm, self } = this.#parts;
    return { realm, state: 'handed-over', at: arrivedAt, path: { kind: 'local', hops: [self] } };
  }

  async #remote({ envelope }: LoggedMessage, realm: RealmName): Promise<RouteLeg> {
    const handover = await this.#parts.handovers.handover(envelope.id, envelope.sender, realm);
    return handover ? { realm, ...handover } : { realm, state: 'queued' };
  }

  async #inward({ arrivedAt }: LoggedMessage, pathRef: Uint8Array): Promise<RouteLeg> {
    const path: Path | undefined = await this.#parts.handovers.path(pathRef);
    return { realm: this.#parts.realm, state: 'handed-over', at: arrivedAt, ...(path && { path }) };
  }
}
