// The keys of epochs, in the vault, so that every device of the user reads what one of them could. Each comes with the roster of its
// epoch: it says, alike on every device, who was a member with which role when a message was sealed.
//
//   vault: kind 'epoch-key', key conversation/group/epoch, value [1, key (32), roster]      strict CBOR
import { MAX_ROSTER } from '../../crypto/roster.ts';
import { decodeStrict, encodeItem, Fields } from '../../crypto/strict-cbor.ts';
import { type ConversationId, type GroupId, parseConversationId } from '../../realm/ids.ts';
import type { Vault } from '../vault/vault.ts';

const KIND = 'epoch-key';
const KEY = 32;
const MAX_VALUE = MAX_ROSTER + 256;

export interface EpochName {
  readonly conversation: ConversationId;
  readonly group: GroupId;
  readonly epoch: number;
}

export interface EpochKey {
  readonly key: Uint8Array;
  /** As members checked it (src/crypto/roster.ts). */
  readonly roster: Uint8Array;
}

export class EpochBook {
  readonly #vault: Pick<Vault, 'get' | 'put'>;

  constructor(vault: Pick<Vault, 'get' | 'put'>) {
    this.#vault = vault;
  }

  get(name: EpochName): EpochKey | undefined {
    const value = this.#vault.get(KIND, nameOf(name));
    return value && decodeEpochKey(value);
  }

  /** The first one stays: nothing that comes later may make an epoch unreadable. */
  async put(name: EpochName, epoch: EpochKey): Promise<void> {
    if (!this.get(name)) await this.#vault.put(KIND, nameOf(name), encodeEpochKey(epoch));
  }
}

/** Whose epoch an entry of the vault is. */
export function conversationOfEpoch(kind: string, key: string): readonly ConversationId[] {
  const [conversation = ''] = key.split('/');
  return kind === KIND ? [parseConversationId(conversation)] : [];
}

function nameOf({ conversation, group, epoch }: EpochName): string {
  return `${conversation}/${group}/${epoch}`;
}

export function encodeEpochKey({ key, roster }: EpochKey): Uint8Array {
  return encodeItem([1, key, roster]);
}

/** @throws PeerError `frame-malformed` */
export function decodeEpochKey(bytes: Uint8Array): EpochKey {
  const fields = new Fields(decodeStrict(bytes, MAX_VALUE), 'epoch key', 3);
  if (fields.uint() !== 1) fields.fail('version 1');
  return { key: fields.bytes(KEY, KEY), roster: fields.bytes(MAX_ROSTER) };
}
