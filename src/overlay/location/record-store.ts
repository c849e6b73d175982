// The records that a relay holds of the realms below it, in memory: one for each of a realm's relays, the newest, until it
// expires. Bounded: a realm that is new finds no place once the store is full, or once the realms right below the same one, which
// certifies as many as it likes, take half of it.
import type { Clock } from '../../realm/clock.ts';
import { RefusedError } from '../../realm/errors.ts';
import { parentOf, type RealmName } from '../../realm/names.ts';
import { type CheckedRecord, isNewer, MAX_RELAYS, type RelayAddresses } from './record.ts';

/** At most 24 KiB each. */
const MAX_REALMS = 4096;
export const MAX_BELOW_ONE = MAX_REALMS / 2;
/** Kept so long after it came, whatever the clock of its signer says. */
const MAX_AGE = 20 * 60_000;

interface Entry {
  readonly record: CheckedRecord;
  readonly until: number;
}

export class RecordStore {
  readonly #clock: Clock;
  readonly #realms = new Map<RealmName, Map<string, Entry>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#realms.size;
  }

  /** An older record than the one held is passed over. @throws RefusedError `location-full` */
  put(record: CheckedRecord): void {
    this.#expire();
    const entries = this.#realms.get(record.realm) ?? new Map<string, Entry>();
    const held = entries.get(record.signer);
    if (held && !isNewer(record, held.record)) return;
    const isFull = !this.#realms.has(record.realm) && !this.#hasPlace(record.realm);
    if (isFull || (!held && entries.size >= MAX_RELAYS)) {
      throw new RefusedError('location-full', `no room for the record of ${record.realm}`);
    }
    entries.set(record.signer, { record, until: this.#clock.monotonic() + MAX_AGE });
    this.#realms.set(record.realm, entries);
  }

  get(realm: RealmName): CheckedRecord[] {
    this.#expire();
    return [...(this.#realms.get(realm)?.values() ?? [])].map(({ record }) => record);
  }

  #hasPlace(realm: RealmName): boolean {
    const above = parentOf(realm);
    const siblings = [...this.#realms.keys()].filter((other) => parentOf(other) === above);
    return this.#realms.size < MAX_REALMS && siblings.length < MAX_BELOW_ONE;
  }

  #expire(): void {
    const now = this.#clock.monotonic();
    for (const [realm, entries] of this.#realms) {
      for (const [signer, entry] of entries) if (entry.until <= now) entries.delete(signer);
      if (entries.size === 0) this.#realms.delete(realm);
    }
  }
}

/** The relays that several records of one realm name, each once: as it says of itself, else as the others say. */
export function relaysOf(records: readonly CheckedRecord[]): RelayAddresses[] {
  const own = records.flatMap(({ signer, relays }) => relays.filter(({ peerId }) => peerId === signer));
  const said = new Set(own.map(({ peerId }) => peerId));
  const hearsay = records.flatMap(({ relays }) => relays.filter(({ peerId }) => !said.has(peerId)));
  return mergeRelays([...own, ...hearsay]);
}

/** Each relay once, with all its addresses. */
export function mergeRelays(all: readonly RelayAddresses[]): RelayAddresses[] {
  const relays = new Map<string, Set<string>>();
  for (const { peerId, addrs } of all) {
    const known = relays.get(peerId) ?? new Set<string>();
    for (const addr of addrs) known.add(addr);
    relays.set(peerId, known);
  }
  return [...relays].map(([peerId, addrs]) => ({ peerId, addrs: [...addrs] }));
}
