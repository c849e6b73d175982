// Records of a vault: what they say, how they are sealed, and the chain over them.
//
//   entries   [version 1, [[kind, key, value or null, time], ...]]        null: the entry is gone
//   record    nonce (12) | AES-256-GCM by the vault key of the entries, bound to [user, generation, sequence]
//   chain     h(0) = SHA-256(["canopy/vault-chain/1\n", user, generation]), h(n) = SHA-256(h(n-1) | record n)
//
// Sequences count from 1 within a generation. A generation has a vault key of its own; a new one begins when the vault is compacted,
// with only what still counts.
import { sha256 } from '@noble/hashes/sha2.js';
import { InputError, PeerError } from '../../realm/errors.ts';
import { idBytes, type UserId } from '../../realm/ids.ts';
import type { RandomBytes } from '../../realm/random.ts';
import type { WebKey } from '../hpke.ts';
import { decodeStrict, encodeItem, Fields } from '../strict-cbor.ts';

const VERSION = 1;
const NONCE = 12;
const MAX_KIND = 40;
const MAX_KEY = 200;
/** Bytes of one value. */
export const MAX_VALUE = 12 * 1024;
/** Bytes of one sealed record. */
export const MAX_RECORD = 16 * 1024;
const MAX_ENTRIES = 1024;
export const VAULT_KEY = 32;
const CHAIN_LABEL = new TextEncoder().encode('canopy/vault-chain/1\n');

export interface VaultEntry {
  readonly kind: string;
  readonly key: string;
  /** Undefined when the entry is gone. */
  readonly value: Uint8Array | undefined;
  /** Milliseconds since 1970 by the writer's clock. */
  readonly time: number;
}

/** Where a record stands; it opens nowhere else. */
export interface RecordPlace {
  readonly user: UserId;
  readonly generation: number;
  readonly sequence: number;
}

export function importVaultKey(key: Uint8Array): Promise<WebKey> {
  return crypto.subtle.importKey('raw', new Uint8Array(key), 'AES-GCM', false, ['encrypt', 'decrypt']);
}

/** @throws InputError `vault-entry-too-long` */
export function encodeEntries(entries: readonly VaultEntry[]): Uint8Array {
  for (const { kind, key, value } of entries) {
    if (kind.length > MAX_KIND || key.length > MAX_KEY || (value?.length ?? 0) > MAX_VALUE) {
      throw new InputError('vault-entry-too-long', `"${kind}" has a key or a value that is too long for the vault`);
    }
  }
  return encodeItem([VERSION, entries.map(({ kind, key, value, time }) => [kind, key, value ?? null, time])]);
}

/** @throws PeerError `frame-malformed`, `frame-too-long` */
export function decodeEntries(bytes: Uint8Array): VaultEntry[] {
  const fields = new Fields(decodeStrict(bytes, MAX_RECORD), 'vault record', 2);
  if (fields.uint() !== VERSION) fields.fail(`version ${VERSION}`);
  return fields.list(MAX_ENTRIES).map((item) => {
    const entry = new Fields(item, 'vault entry', 4);
    const [kind, key] = [entry.text(MAX_KIND), entry.text(MAX_KEY)];
    return { kind, key, value: readValue(item, entry), time: entry.uint() };
  });
}

function readValue(item: unknown, entry: Fields): Uint8Array | undefined {
  if (!Array.isArray(item) || item[2] !== null) return entry.bytes(MAX_VALUE);
  entry.raw();
  return undefined;
}

/** Entries in as few records as there must be, in their order. */
export function packEntries(entries: readonly VaultEntry[]): VaultEntry[][] {
  const packs: VaultEntry[][] = [];
  let room = 0;
  for (const entry of entries) {
    const size = (entry.value?.length ?? 0) + 4 * (entry.kind.length + entry.key.length) + 32;
    const last = packs.at(-1);
    if (last && size <= room && last.length < MAX_ENTRIES) {
      last.push(entry);
      room -= size;
      continue;
    }
    packs.push([entry]);
    room = MAX_RECORD - 128 - size;
  }
  return packs;
}

export async function sealRecord(
  key: WebKey,
  place: RecordPlace,
  entries: readonly VaultEntry[],
  random: RandomBytes,
): Promise<Uint8Array> {
  const nonce = random(NONCE);
  const options = { name: 'AES-GCM', iv: nonce, additionalData: bound(place) };
  const sealed = new Uint8Array(await crypto.subtle.encrypt(options, key, new Uint8Array(encodeEntries(entries))));
  const record = new Uint8Array(NONCE + sealed.length);
  record.set(nonce);
  record.set(sealed, NONCE);
  if (record.length > MAX_RECORD) throw new InputError('vault-entry-too-long', 'these entries need several records');
  return record;
}

/** @throws PeerError `vault-record-wrong` when it was altered, is of another place or of another vault */
export async function openRecord(key: WebKey, place: RecordPlace, record: Uint8Array): Promise<VaultEntry[]> {
  const options = { name: 'AES-GCM', iv: new Uint8Array(record.subarray(0, NONCE)), additionalData: bound(place) };
  try {
    const opened = await crypto.subtle.decrypt(options, key, new Uint8Array(record.subarray(NONCE)));
    return decodeEntries(new Uint8Array(opened));
  } catch (cause) {
    throw new PeerError('vault-record-wrong', `record ${place.sequence} of the vault does not open`, { cause });
  }
}

/** h(0) of a generation. */
export function chainStart(user: UserId, generation: number): Uint8Array {
  return sha256(encodeItem([CHAIN_LABEL, idBytes(user), generation]));
}

export function chainNext(previous: Uint8Array, record: Uint8Array): Uint8Array {
  const hash = sha256.create();
  return hash.update(previous).update(record).digest();
}

function bound({ user, generation, sequence }: RecordPlace): Uint8Array<ArrayBuffer> {
  return new Uint8Array(encodeItem([idBytes(user), generation, sequence]));
}
