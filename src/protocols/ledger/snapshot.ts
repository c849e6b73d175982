// A snapshot: what counts of a chain up to a number, so that a newcomer need not read years. It is an entry of the chain itself, in
// which the author states how many rows count before it and the hash over them; its previous hash says of which chain. Everyone
// who follows from the beginning computes the same rows and finds out an author that states others; and whoever countersigns the
// head after it has countersigned it, too.
//
//   row      [n, time, kind, payload] of an entry that still counts, in the order of n
//   hash     SHA-256 over the rows, one after the other
//   entry    kind `snapshot`, payload [number of rows, hash]
//
// What counts: of what replaces itself (a user, a certified realm) the newest, of a user that was removed nothing, of what nobody
// knows here everything. Keys and snapshots are no rows: the key in force goes along.
import { createHash } from 'node:crypto';
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

  take(fact: Fact): void {
    if (fact.kind === KEY || fact.kind === SNAPSHOT) return;
    const slot = slotOf(fact);
    if (fact.kind === USER_REMOVED) this.#remove(slot);
    else this.#slots.set(slot, fact);
  }

  rows(): Uint8Array[] {
    return [...this.#slots.values()].sort((a, b) => a.n - b.n).map(encodeRow);
  }

  #remove(user: string): void {
    this.#slots.delete(user);
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
    default:
      return undefined;
  }
}
