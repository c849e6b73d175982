// The keys of epochs, in the vault, so that every device of the user reads what one of them could. Each comes with the roster of its
// epoch: it says, alike on every device, who was a member with which role when a message was sealed.
//
//   vault: kind 'epoch-key', key conversation/group/epoch, value [2, key (32), [part of the roster, ...]]      strict CBOR
//          kind 'epoch-roster', key SHA-256 of the part in hexadecimal digits, value at most 8 KiB of a roster
//
// Rosters stand beside, in parts: that of a large group is longer than an entry of the vault, and most epochs have that of the one before.
//   mail:  [1, key (32), roster]
import { sha256 } from '@noble/hashes/sha2.js';
import { concat } from 'uint8arrays/concat';
import { toString } from 'uint8arrays/to-string';
import { decodeRoster, MAX_ROSTER, type Roster } from '../../crypto/roster.ts';
import { decodeStrict, encodeItem, Fields } from '../../crypto/strict-cbor.ts';
import { type ConversationId, type GroupId, parseConversationId, parseGroupId } from '../../realm/ids.ts';
import type { Vault } from '../vault/vault.ts';

/** Kinds of entries of the vault. */
export const EPOCH_KEY = 'epoch-key';
export const EPOCH_ROSTER = 'epoch-roster';
const KIND = EPOCH_KEY;
const KEY = 32;
const MAX_VALUE = MAX_ROSTER + 256;
const ROSTER = EPOCH_ROSTER;
/** Bytes of a part of a roster; an entry of the vault has at most 12 KiB. */
const PART = 8 * 1024;
const MAX_PARTS: number = Math.ceil(MAX_ROSTER / PART);
const MAX_ENTRY = 1024;
const HASH_TEXT = 64;

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

type EpochVault = Pick<Vault, 'get' | 'putAll' | 'list' | 'flush'>;

export class EpochBook {
  readonly #vault: EpochVault;

  constructor(vault: EpochVault) {
    this.#vault = vault;
  }

  get(name: EpochName): EpochKey | undefined {
    const value = this.#vault.get(KIND, nameOf(name));
    if (!value) return undefined;
    const { key, roster } = decodeEntry(value);
    const parts = roster.flatMap((part) => this.#vault.get(ROSTER, part) ?? []);
    return parts.length === roster.length ? { key, roster: concat(parts) } : undefined;
  }

  /** The first one stays: nothing that comes later may make an epoch unreadable. Durable when it resolves. */
  async put(name: EpochName, epoch: EpochKey): Promise<void> {
    // What is there may still be on its way to the server, since a former try.
    if (this.get(name)) return this.#vault.flush();
    const parts = partsOf(epoch.roster).map((value) => ({ kind: ROSTER, key: toString(sha256(value), 'hex'), value }));
    const value = encodeItem([2, epoch.key, parts.map(({ key }) => key)]);
    const fresh = parts.filter(({ key }) => !this.#vault.get(ROSTER, key));
    await this.#vault.putAll([...fresh, { kind: KIND, key: nameOf(name), value }], 'keep');
  }

  /** By group, what any device of the user has seen of a conversation. */
  newest(conversation: ConversationId): ReadonlyMap<GroupId, Newest> {
    const newest = new Map<GroupId, Newest>();
    for (const { key } of this.#vault.list(KIND)) {
      const [of, text, number] = key.split('/');
      if (of !== conversation || text === undefined) continue;
      const [group, epoch] = [parseGroupId(text), Number(number)];
      if (epoch < (newest.get(group)?.epoch ?? 0)) continue;
      const known = this.get({ conversation, group, epoch });
      if (known) newest.set(group, { group, epoch, roster: decodeRoster(known.roster) });
    }
    return newest;
  }
}

export interface Newest {
  readonly group: GroupId;
  readonly epoch: number;
  readonly roster: Roster;
}

function partsOf(roster: Uint8Array): Uint8Array[] {
  const count = Math.ceil(roster.length / PART);
  return Array.from({ length: count }, (_, at) => roster.slice(at * PART, (at + 1) * PART));
}

/** @throws PeerError `frame-malformed` */
function decodeEntry(bytes: Uint8Array): { readonly key: Uint8Array; readonly roster: readonly string[] } {
  const fields = new Fields(decodeStrict(bytes, MAX_ENTRY), 'epoch key', 3);
  if (fields.uint() !== 2) fields.fail('version 2');
  const key = fields.bytes(KEY, KEY);
  const list = fields.list(MAX_PARTS);
  const names = new Fields(list, 'parts of a roster');
  return { key, roster: list.map(() => names.text(HASH_TEXT)) };
}

/** Names of the parts of the roster that an entry has. @throws PeerError `frame-malformed` */
export function rosterPartsOf(value: Uint8Array): readonly string[] {
  return decodeEntry(value).roster;
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
