// A snapshot: what counts of a chain up to a number, so that a newcomer need not read years. It is an entry of the chain itself, in
// which the author states how many rows count before it and the hash over them; its previous hash says of which chain. Everyone
// who follows from the beginning computes the same rows and finds out an author that states others; and whoever countersigns the
// head after it has countersigned it, too.
//
//   row      [n, time, kind, payload] of an entry that still counts, in the order of n
//   hash     SHA-256 over the rows, one after the other
//   entry    kind `snapshot`, payload [number of rows, hash]
//
// What counts: of what replaces itself (a user, an identity, a device, a certified realm) the newest, of a user that was removed
// nothing, of trusts what standing-trusts.ts says, of what nobody knows here everything. Keys and snapshots are no rows: the key in force goes along.
import { createHash } from 'node:crypto';
import { InputError } from '../../realm/errors.ts';
import type { DeviceId, UserId } from '../../realm/ids.ts';
import { decodeFields, encodeFields } from '../../store/positional.ts';
import { type ChainId, type Fact, HASH, MAX_KIND, MAX_PAYLOAD } from './entry.ts';
import {
  decodeRealmCertified,
  decodeUser,
  decodeUserEntry,
  KEY,
  REALM_CERTIFIED,
  USER_ADDED,
  USER_CHANGED,
  USER_REMOVED,
} from './kinds.ts';
import {
  certifiedDevice,
  DEVICE_ADDED,
  DEVICE_REMOVED,
  decodeDeviceAdded,
  decodeDeviceRemoved,
  decodeUserIdentity,
  decodeUserMoved,
  USER_IDENTITY,
  USER_MOVED,
} from './people-kinds.ts';
import { StandingTrusts } from './standing-trusts.ts';

export const SNAPSHOT = 'snapshot';
export const MAX_ROW = MAX_PAYLOAD + 64;

export interface SnapshotStatement {
  readonly count: number;
  readonly hash: Uint8Array;
}

export function encodeSnapshot({ count, hash }: SnapshotStatement): Uint8Array {
  return encodeFields([count, hash]);
}

/** @throws InputError `malformed` */
export function decodeSnapshot(payload: Uint8Array): SnapshotStatement {
  return decodeFields(payload, 'snapshot', (reader) => ({ count: reader.number(), hash: reader.bytes(HASH, HASH) }));
}

export function encodeRow({ n, time, kind, payload }: Fact): Uint8Array {
  return encodeFields([n, time, kind, payload]);
}

/** @throws InputError `malformed` */
export function decodeRow({ realm, chain }: ChainId, row: Uint8Array): Fact {
  return decodeFields(row, 'row of a snapshot', (reader) => ({
    realm,
    chain,
    n: reader.number(),
    time: reader.number(),
    kind: reader.text(MAX_KIND),
    payload: reader.bytes(MAX_PAYLOAD),
  }));
}

export function statementOf(rows: readonly Uint8Array[]): SnapshotStatement {
  const hash = createHash('sha256');
  for (const row of rows) hash.update(row);
  return { count: rows.length, hash: new Uint8Array(hash.digest()) };
}

/** Folds facts, in their order, into those that count. */
export class Standing {
  readonly #slots = new Map<string, Fact>();
  /** What each user's keys stand under, so that all of it goes with the user. */
  readonly #ofUser = new Map<string, Set<string>>();
  readonly #trusts = new StandingTrusts();
  #latest = 0;

  take(fact: Fact): void {
    this.#latest = Math.max(this.#latest, fact.time);
    if (this.#trusts.take(fact)) return;
    if (fact.kind === KEY || fact.kind === SNAPSHOT) return;
    const slot = slotOf(fact);
    if (fact.kind === USER_REMOVED) return this.#remove(slot);
    // Who has moved is another realm's user; that it was so stays.
    if (fact.kind === USER_MOVED) this.#removeMoved(fact);
    this.#slots.set(slot, fact);
    const user = userOf(fact);
    if (user !== undefined) this.#ofUser.set(user, (this.#ofUser.get(user) ?? new Set()).add(slot));
  }

  rows(): Uint8Array[] {
    const standing = [...this.#slots.values(), ...this.#trusts.facts(this.#latest)];
    return standing.sort((a, b) => a.n - b.n).map(encodeRow);
  }

  #removeMoved({ payload }: Fact): void {
    try {
      this.#remove(`user ${decodeUserMoved(payload).user}`);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
    }
  }

  #remove(user: string): void {
    this.#slots.delete(user);
    for (const slot of this.#ofUser.get(user) ?? []) this.#slots.delete(slot);
    this.#ofUser.delete(user);
  }
}

/** What the entry replaces: itself alone, unless it is known to replace more. A payload that does not decode replaces nothing. */
function slotOf(fact: Fact): string {
  try {
    return knownSlot(fact) ?? `entry ${fact.n}`;
  } catch {
    return `entry ${fact.n}`;
  }
}

function knownSlot({ kind, payload }: Fact): string | undefined {
  switch (kind) {
    case REALM_CERTIFIED:
      return `realm ${decodeRealmCertified(payload).realm}`;
    case USER_ADDED:
    case USER_CHANGED:
      return `user ${decodeUserEntry(payload).id}`;
    case USER_REMOVED:
      return `user ${decodeUser(payload)}`;
    case USER_IDENTITY:
      return `identity ${decodeUserIdentity(payload).user}`;
    case DEVICE_ADDED:
      return deviceSlot(certifiedDevice(decodeDeviceAdded(payload)));
    case DEVICE_REMOVED:
      return deviceSlot(decodeDeviceRemoved(payload));
    default:
      return undefined;
  }
}

/** The slot of the user whose keys an entry speaks of. */
function userOf({ kind, payload }: Fact): string | undefined {
  try {
    if (kind === USER_IDENTITY) return `user ${decodeUserIdentity(payload).user}`;
    if (kind === DEVICE_ADDED) return `user ${certifiedDevice(decodeDeviceAdded(payload)).user}`;
    if (kind === DEVICE_REMOVED) return `user ${decodeDeviceRemoved(payload).user}`;
    return undefined;
  } catch {
    return undefined;
  }
}

const deviceSlot = ({ user, device }: { readonly user: UserId; readonly device: DeviceId }): string =>
  `device ${user} ${device}`;
