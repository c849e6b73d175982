// Reports of messages: what proves to anybody, without a server, who wrote one (src/crypto/evidence.ts). What this device shows of a message
// has no signature any more, so the sealed body is taken from those that came lately, or asked of the server; it counts only when it says
// the very thing that is shown. The home's word on the sender's identity is asked for with each report, as it is then.
import { equals } from 'uint8arrays/equals';
import { type Content, encodeContent } from '../crypto/content.ts';
import {
  encodeEvidence,
  encodeReport,
  type IdentityProof,
  type ProvenIdentity,
  verifyEvidence,
} from '../crypto/evidence.ts';
import type { SealingContext } from '../crypto/sealed-message.ts';
import { codeOf, PeerError, RefusedError } from '../realm/errors.ts';
import type { ConversationId, MessageId, UserId } from '../realm/ids.ts';
import { type ClientCache, changesOf } from './cache/cache.ts';
import type { Chats } from './chats.ts';
import type { Opener } from './engine/message-keys.ts';
import { failure } from './failure.ts';
import type { Library } from './library.ts';
import { isErased, type OpenedEvent } from './timeline/events.ts';
import { inCausalOrder } from './timeline/order.ts';

export interface ReportsComponents {
  readonly cache: Pick<ClientCache, 'page'>;
  readonly chats: Pick<Chats, 'event'>;
  readonly library: Pick<Library, 'sealed'>;
  /** Of those that came lately. */
  readonly kept: (conversation: ConversationId, id: MessageId) => Promise<Uint8Array | undefined>;
  readonly openerOf: (body: Uint8Array, context: SealingContext) => Promise<Opener | undefined>;
  readonly proofOf: (user: UserId) => Promise<IdentityProof & ProvenIdentity>;
}

export class Reports {
  readonly #c: ReportsComponents;

  constructor(components: ReportsComponents) {
    this.#c = components;
  }

  /** @throws as `Client.evidence` */
  async make(conversation: ConversationId, id: MessageId): Promise<Uint8Array> {
    const event = await this.#c.chats.event(conversation, id);
    if (!event?.stamp) throw failure(RefusedError, 'message-unknown');
    if (isErased(event)) throw failure(RefusedError, 'evidence-gone');
    const proof = await this.#c.proofOf(event.sender).catch(unproven);
    const change = await this.#changeOf(event);
    const message = await this.#evidenceOf(event, proof);
    return encodeReport({ message, ...(change && { change: await this.#evidenceOf(change, proof) }) });
  }

  /** The last one by its author: nothing stands between them but what their author had seen. */
  async #changeOf(event: OpenedEvent): Promise<OpenedEvent | undefined> {
    const changes = await changesOf(this.#c.cache, event);
    return inCausalOrder(new Map(changes.map((one) => [one.id, one]))).at(-1);
  }

  async #evidenceOf(event: OpenedEvent, proof: IdentityProof & ProvenIdentity): Promise<Uint8Array> {
    const { id, conversation, sender, device, content } = event;
    if (!content) throw failure(RefusedError, 'content-unreadable');
    const context = { conversation, message: id, sender, device };
    const kept = await this.#c.kept(conversation, id);
    const from = [async () => kept, () => this.#asked(context)];
    for (const bodyOf of from) {
      const body = await bodyOf();
      const evidence = body && (await this.#verified(body, context, content, proof));
      if (evidence) return evidence;
    }
    throw failure(RefusedError, 'evidence-gone');
  }

  async #asked({ message, sender, device }: SealingContext): Promise<Uint8Array | undefined> {
    try {
      const frame = await this.#c.library.sealed(message);
      return frame.sender === sender && frame.device === device ? frame.body : undefined;
    } catch (error) {
      if (codeOf(error) !== 'message-unknown') throw error;
      return undefined;
    }
  }

  /** As whoever gets it will look at it; undefined for a body that is not what is shown. */
  async #verified(
    body: Uint8Array,
    context: SealingContext,
    shown: Content,
    proof: IdentityProof & ProvenIdentity,
  ): Promise<Uint8Array | undefined> {
    try {
      const opener = await this.#c.openerOf(body, context);
      if (!opener) return undefined;
      const { root, certificate } = opener;
      const { realm, statement, chain } = proof;
      const bytes = encodeEvidence({ context, body, root, certificate: certificate.bytes, realm, statement, chain });
      const { content } = await verifyEvidence(bytes, async () => proof);
      return equals(encodeContent(content), encodeContent(shown)) ? bytes : undefined;
    } catch (error) {
      if (!(error instanceof PeerError)) throw error;
      if (OF_IDENTITY.has(error.code)) return unproven(error);
      return undefined;
    }
  }
}

/** That the sender has another identity by now, or that nobody vouches for it: no body helps. */
const OF_IDENTITY: ReadonlySet<string> = new Set([
  'identity-unproven',
  'identity-other',
  'identity-changed',
  'sender-device-unknown',
  // Whoever is no more.
  'user-unknown',
]);

function unproven(error: unknown): never {
  if (!OF_IDENTITY.has(codeOf(error))) throw error;
  throw failure(RefusedError, 'evidence-unproven', {}, error);
}
