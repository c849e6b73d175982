// An accepted commit on its way to the realms that have members: one envelope for each realm, in the order of acceptance, since each
// destination has one queue.
import { sha256 } from '@noble/hashes/sha2.js';
import { encodeEnvelope } from '../../src/crypto/envelope.ts';
import type { Commit } from '../../src/protocols/order/commit-body.ts';
import type { Clock } from '../../src/realm/clock.ts';
import {
  type ConversationId,
  type DeviceId,
  idText,
  type MessageId,
  parseMessageId,
  type UserId,
} from '../../src/realm/ids.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { HybridClock } from '../conversations/hybrid-clock.ts';
import type { Added, Outbox } from '../delivery/outbox.ts';

export interface FanOutComponents {
  readonly realm: RealmName;
  readonly incarnation: number;
  readonly stamps: HybridClock;
  readonly outbox: Pick<Outbox, 'add'>;
  readonly clock: Pick<Clock, 'now'>;
}

interface By {
  readonly conversation: ConversationId;
  readonly user: UserId;
  readonly device: DeviceId;
}

export class FanOut {
  readonly #parts: FanOutComponents;

  constructor(parts: FanOutComponents) {
    this.#parts = parts;
  }

  /** The caller commits what comes back in this same turn. */
  add({ conversation, user, device }: By, commit: Commit, body: Uint8Array, to: readonly RealmName[]): Added[] {
    const { realm: origin, incarnation, stamps, outbox, clock } = this.#parts;
    const id = commitId(conversation, commit);
    const addresses = {
      version: 1,
      id,
      conversation,
      sender: user,
      device,
      recipients: [],
      origin,
      incarnation,
    } as const;
    const terms = {
      stamp: stamps.tick(),
      expires: 0,
      priority: 'text',
      durable: true,
      kind: 'commit',
      blobs: [],
    } as const;
    const encoded = encodeEnvelope({ ...addresses, ...terms, body });
    return to.map((realm) => outbox.add(realm, encoded, clock.now()));
  }
}

/** The same commit has the same id whenever it goes out. */
export function commitId(conversation: ConversationId, { group, term, epoch, commit }: Commit): MessageId {
  const named = new TextEncoder().encode(`canopy/commit-id/v1|${conversation}|${group}|${term}|${epoch}|`);
  const digest = sha256(Uint8Array.from([...named, ...sha256(commit)])).slice(0, 16);
  digest[6] = ((digest[6] ?? 0) & 0x0f) | 0x80;
  digest[8] = ((digest[8] ?? 0) & 0x3f) | 0x80;
  return parseMessageId(idText(digest));
}
