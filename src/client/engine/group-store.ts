// The states of this device's groups, in its cache: the one that stands, and one that was offered to home and not yet answered. A
// client that ends between the offer and the answer finds out by what home has accepted (group-keeper.ts).
//
//   cache records, area 'group', name conversation:   [1, state, since, offered state or null, offered commit or null]
//   area 'leaves', name conversation/group/epoch:      user and device (16 bytes each) of each leaf of that epoch
//
// Leaves are told apart by user and device: anybody's identity can certify a device under the id of another's.
import { equals } from 'uint8arrays/equals';
import type { DeviceName } from '../../crypto/mls/same-device.ts';
import { decodeStrict, encodeItem, Fields } from '../../crypto/strict-cbor.ts';
import { type ConversationId, idBytes } from '../../realm/ids.ts';
import type { ClientCache } from '../cache/cache.ts';
import type { EpochName } from './epoch-book.ts';

const AREA = 'group';
const LEAVES = 'leaves';
const LEAF = 32;
/** Bytes of a state of a thousand devices. */
const MAX_STATE = 4 * 1024 * 1024;
const MAX_COMMIT = 256 * 1024;

export interface StoredGroup {
  readonly state: Uint8Array;
  /** When its epoch began, milliseconds since 1970. */
  readonly since: number;
  readonly offer?: { readonly state: Uint8Array; readonly commit: Uint8Array };
}

export class GroupStore {
  readonly #cache: Pick<ClientCache, 'record' | 'setRecords'>;

  constructor(cache: Pick<ClientCache, 'record' | 'setRecords'>) {
    this.#cache = cache;
  }

  async get(conversation: ConversationId): Promise<StoredGroup | undefined> {
    const bytes = await this.#cache.record(AREA, conversation);
    return bytes && decodeStored(bytes);
  }

  set(conversation: ConversationId, stored: StoredGroup | undefined): Promise<void> {
    return this.#cache.setRecords(AREA, new Map([[conversation, stored && encodeStored(stored)]]));
  }

  setLeaves(name: EpochName, devices: readonly DeviceName[]): Promise<void> {
    const bytes = new Uint8Array(devices.length * LEAF);
    for (const [at, device] of devices.entries()) bytes.set(leafBytes(device), at * LEAF);
    return this.#cache.setRecords(LEAVES, new Map([[leavesName(name), bytes]]));
  }

  /** As this device saw it; undefined for an epoch that it was not in. */
  async wasLeaf(name: EpochName, device: DeviceName): Promise<boolean | undefined> {
    const bytes = await this.#cache.record(LEAVES, leavesName(name));
    if (!bytes) return undefined;
    const wanted = leafBytes(device);
    const places = Array.from({ length: Math.floor(bytes.length / LEAF) }, (_, at) => at * LEAF);
    return places.some((at) => equals(bytes.subarray(at, at + LEAF), wanted));
  }
}

function leafBytes({ user, device }: DeviceName): Uint8Array {
  const bytes = new Uint8Array(LEAF);
  bytes.set(idBytes(user));
  bytes.set(idBytes(device), LEAF / 2);
  return bytes;
}

function leavesName({ conversation, group, epoch }: EpochName): string {
  return `${conversation}/${group}/${epoch}`;
}

export function encodeStored({ state, since, offer }: StoredGroup): Uint8Array {
  return encodeItem([1, state, since, offer?.state ?? null, offer?.commit ?? null]);
}

/** @throws PeerError `frame-malformed` */
export function decodeStored(bytes: Uint8Array): StoredGroup {
  const fields = new Fields(decodeStrict(bytes, 2 * MAX_STATE), 'stored group', 5);
  if (fields.uint() !== 1) fields.fail('version 1');
  const state = fields.bytes(MAX_STATE);
  const since = fields.uint();
  const [offered, commit] = [fields.raw(), fields.raw()];
  if (offered === null || commit === null) return { state, since };
  const offer = new Fields([offered, commit], 'offered group');
  return { state, since, offer: { state: offer.bytes(MAX_STATE), commit: offer.bytes(MAX_COMMIT) } };
}
