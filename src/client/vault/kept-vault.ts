// The ciphertext of the vault, kept in this device's cache as its server showed it last: the account opens by it while the server is
// away, and what was fetched once is not fetched again. It is believed no more than a server is; sealed-vault.ts checks either. A server
// that was restored from a copy gets back from here what it has lost.
//
// Records of the cache's area: `state` -> [head, wraps], with all records that this head counts; `<generation>/<sequence>` -> record;
// `line/<counter>` -> the line before a change, and its step: of the last changes before the state, as far as they were shown.
// One write makes them so: what a server shows stays in memory until the client has checked the whole of it, and only then takes the
// place of what was there. So nothing that a server sends, and no cut of the power, costs the state that was confirmed before.
import { equals } from 'uint8arrays/equals';
import { decodeStrict, encodeItem, Fields } from '../../crypto/strict-cbor.ts';
import { lineAfter, readHead, STEP_BYTES, stepOf, type VaultHead, type VaultLine } from '../../crypto/vault/head.ts';
import { rowsOf } from '../../crypto/vault/line.ts';
import { chainNext, chainStart } from '../../crypto/vault/records.ts';
import { wrapsHash } from '../../crypto/vault/wraps.ts';
import { MAX_VAULT_STEPS } from '../../protocols/lan/account-routes.ts';
import { CanopyError, PeerError } from '../../realm/errors.ts';
import type { UserId } from '../../realm/ids.ts';
import type { ClientCache } from '../cache/cache.ts';
import { inBatches } from './batches.ts';
import { lineTo } from './shown-line.ts';
import type { VaultChange, VaultServer, VaultState } from './vault-server.ts';

const AREA = 'vault';
const STATE = 'state';
const LINE = 'line/';
/** Bytes of a head with its wraps: far more than any has. */
const MAX_STATE = 1024 * 1024;

export type VaultCache = Pick<ClientCache, 'record' | 'records' | 'setRecords'>;

/** Which records are kept: the first `count` of one generation. */
interface Held {
  readonly generation: number;
  readonly count: number;
}

/** Shown by the server or written here, and not confirmed yet: records after a sequence of one generation. */
interface Fresh {
  readonly generation: number;
  readonly after: number;
  readonly records: Uint8Array[];
}

export class KeptVault implements VaultServer {
  readonly #server: VaultServer;
  readonly #user: UserId;
  readonly #cache: VaultCache;
  #held: Held | undefined;
  #fresh: Fresh | undefined;
  /** What is kept does not fit what the owner signed: it is not read, and stays until something else is confirmed. */
  #isDoubted = false;
  #shown: VaultState | undefined;
  #confirmed: Uint8Array | undefined;
  readonly #staged = new Map<string, Uint8Array[]>();

  constructor(server: VaultServer, user: UserId, cache: VaultCache) {
    this.#server = server;
    this.#user = user;
    this.#cache = cache;
  }

  /** As it was confirmed last, with records to be had without the server. Undefined where nothing whole is kept that can be read. */
  async kept(): Promise<VaultState | undefined> {
    const bytes = await this.#cache.record(AREA, STATE);
    if (!bytes) return undefined;
    try {
      const fields = new Fields(decodeStrict(bytes, MAX_STATE), 'kept vault', 2);
      const state = { head: fields.bytes(MAX_STATE), wraps: fields.bytes(MAX_STATE) };
      // of an earlier user of this address, it is as good as nothing
      return readHead(state.head).user === this.#user ? state : undefined;
    } catch (error) {
      // a disk may rot, and an earlier version wrote other forms: the server has it
      if (error instanceof PeerError) return undefined;
      throw error;
    }
  }

  async state(signal?: AbortSignal): Promise<VaultState | undefined> {
    const shown = await this.#server.state(signal);
    const kept = await this.kept();
    const isBehind = shown !== undefined && kept !== undefined && counterOf(shown) < counterOf(kept);
    this.#shown = isBehind ? await this.#giveBack(kept, shown, signal) : shown;
    return this.#shown;
  }

  /**
   * The server has gone back: it was restored from a copy, or it lies. Either way it gets what this device has seen there, to the byte, so
   * that all devices go on from one state. Whoever then still shows the old one is told off by the checks of sealed-vault.ts.
   */
  async #giveBack(kept: VaultState, shown: VaultState, signal?: AbortSignal): Promise<VaultState | undefined> {
    const { generation, sequence, counter } = readHead(kept.head);
    const held = await this.#holding();
    if (held.generation !== generation || held.count !== sequence || this.#isDoubted) return shown;
    const steps = await this.#stepsSince(readHead(shown.head), readHead(kept.head));
    if (!steps) return shown;
    // The same of each device that gives back this state: they write the same rows.
    const stage = `back${digits(generation)}${digits(counter)}`;
    try {
      const records = await this.#rows(held);
      if (!isWhole(kept, records)) return shown;
      for (const [first, batch] of inBatches(records)) await this.#server.stage(stage, first, batch, signal);
      await this.#server.change({ ...kept, stage, steps }, signal);
    } catch (error) {
      // Another device of the user was faster, or there is no room: what is there now is looked at as ever.
      if (!(error instanceof CanopyError)) throw error;
    }
    return this.#server.state(signal);
  }

  line(after: number, signal?: AbortSignal): Promise<VaultLine> {
    return this.#server.line(after, signal);
  }

  async records(generation: number, after: number, signal?: AbortSignal): Promise<Uint8Array[]> {
    const held = await this.#holding();
    if (!this.#isDoubted && held.generation === generation && after < held.count) {
      return (await this.#rows(held)).slice(after);
    }
    const known = this.#freshAfter(generation, after);
    if (known.length > 0) return known;
    const fresh = await this.#server.records(generation, after, signal);
    this.#add(generation, after, fresh);
    return fresh;
  }

  async change(change: VaultChange, signal?: AbortSignal): Promise<void> {
    await this.#server.change(change, signal);
    await this.took(change);
  }

  /** The server has a change that went there by another request. */
  async took(change: VaultChange): Promise<void> {
    const staged = change.stage === undefined ? undefined : this.#staged.get(change.stage);
    this.#staged.clear();
    const { generation, sequence } = readHead(change.head);
    const records = staged ?? change.records ?? [];
    const wraps = change.wraps ?? this.#shown?.wraps ?? (await this.kept())?.wraps;
    this.#shown = wraps && { head: change.head, wraps };
    this.#add(generation, sequence - records.length, records);
  }

  async stage(stage: string, first: number, records: readonly Uint8Array[], signal?: AbortSignal): Promise<void> {
    await this.#server.stage(stage, first, records, signal);
    this.#staged.set(stage, [...(this.#staged.get(stage) ?? []), ...records]);
  }

  /** The client has checked the state that this head signs: from now on it opens by it. */
  async confirm(head: Uint8Array): Promise<void> {
    const shown = this.#shown;
    if (!shown || !equals(shown.head, head) || (this.#confirmed && equals(this.#confirmed, head))) return;
    const { generation, sequence } = readHead(head);
    const held = await this.#holding();
    const rows = await this.#rowsFor(generation, sequence, held);
    if (!rows) return;
    for (const [name, row] of await this.#lineRows(readHead(head))) rows.set(name, row);
    try {
      await this.#cache.setRecords(AREA, rows.set(STATE, encodeItem([head, shown.wraps])));
    } catch (error) {
      // A cache that takes no more must not stand in the way of the vault itself; what it has is whole as it was.
      if (error instanceof CanopyError) return;
      throw error;
    }
    this.#confirmed = head;
    this.#held = { generation, count: sequence };
    this.#fresh = undefined;
    this.#isDoubted = false;
  }

  /** What was read does not fit what the owner signed: it is fetched anew. What is kept stays until that has been checked. */
  async forget(): Promise<void> {
    this.#fresh = undefined;
    this.#isDoubted = true;
  }

  /** What makes the kept rows those of a state; undefined when not all of its records are at hand. */
  async #rowsFor(generation: number, sequence: number, held: Held) {
    const fresh = this.#fresh?.generation === generation ? this.#fresh : undefined;
    const stays = held.generation === generation ? held.count : 0;
    const after = fresh?.after ?? stays;
    const records = fresh?.records ?? [];
    if (after > stays || Math.max(stays, after + records.length) < sequence) return undefined;
    const rows = new Map<string, Uint8Array | undefined>();
    if (held.generation !== generation || held.count > sequence) {
      for (const name of (await this.#cache.records(AREA)).keys()) {
        if (isRecord(name) && !isRowOf(name, generation, sequence)) rows.set(name, undefined);
      }
    }
    for (const [index, record] of records.entries()) {
      if (after + index < sequence) rows.set(nameOf(generation, after + index + 1), record);
    }
    return rows;
  }

  /** What leads from the state that was confirmed to this one. Without it the state is kept all the same. */
  async #lineRows(head: VaultHead): Promise<Map<string, Uint8Array | undefined>> {
    const kept = await this.kept();
    const before = kept && readHead(kept.head);
    const oldest = Math.max(0, head.counter - MAX_VAULT_STEPS);
    const after = before && before.counter <= head.counter ? Math.max(before.counter, oldest) : oldest;
    const rows = new Map<string, Uint8Array | undefined>();
    try {
      const isNext = before && equals(lineAfter(before.line, [stepOf(head)]), head.line);
      const part = isNext ? { line: before.line, steps: [stepOf(head)] } : await lineTo(this.#server, after, head);
      for (const [index, row] of rowsOf(part).entries()) {
        const counter = after + index + 1;
        rows.set(lineName(counter), row);
        if (counter > MAX_VAULT_STEPS) rows.set(lineName(counter - MAX_VAULT_STEPS), undefined);
      }
    } catch (error) {
      if (!(error instanceof CanopyError)) throw error;
    }
    return rows;
  }

  /** Lines of the states up to the kept one, the oldest first, as far as they are kept. */
  async lines(): Promise<Uint8Array[]> {
    const rows = [...(await this.#cache.records(AREA))].filter(([name]) => name.startsWith(LINE));
    const ordered = rows.sort(([a], [b]) => Number(a.slice(LINE.length)) - Number(b.slice(LINE.length)));
    const kept = await this.kept();
    const last = kept ? [readHead(kept.head).line] : [];
    return [...ordered.map(([, row]) => row.slice(0, STEP_BYTES)), ...last];
  }

  /** Between an older state and the kept one; undefined when that does not come from it, or not all of them are kept. */
  async #stepsSince(older: VaultHead, kept: VaultHead): Promise<Uint8Array[] | undefined> {
    const all = await this.#cache.records(AREA);
    const steps: Uint8Array[] = [];
    for (let counter = older.counter + 1; counter < kept.counter; counter++) {
      const row = all.get(lineName(counter));
      if (!row || steps.length === MAX_VAULT_STEPS) return undefined;
      steps.push(row.slice(STEP_BYTES));
    }
    return equals(lineAfter(older.line, [...steps, stepOf(kept)]), kept.line) ? steps : undefined;
  }

  #freshAfter(generation: number, after: number): Uint8Array[] {
    const fresh = this.#fresh;
    return fresh?.generation === generation && after >= fresh.after ? fresh.records.slice(after - fresh.after) : [];
  }

  /** What does not follow what is at hand begins anew. */
  #add(generation: number, after: number, records: readonly Uint8Array[]): void {
    if (records.length === 0) return;
    const fresh = this.#fresh;
    const follows = fresh?.generation === generation && fresh.after + fresh.records.length === after;
    if (follows) fresh.records.push(...records);
    else this.#fresh = { generation, after, records: [...records] };
  }

  async #holding(): Promise<Held> {
    if (this.#held) return this.#held;
    const kept = await this.kept();
    const head = kept && readHead(kept.head);
    this.#held = { generation: head?.generation ?? 0, count: head?.sequence ?? 0 };
    return this.#held;
  }

  async #rows({ generation, count }: Held): Promise<Uint8Array[]> {
    const all = await this.#cache.records(AREA);
    return Array.from({ length: count }, (_, index) => all.get(nameOf(generation, index + 1)) ?? new Uint8Array());
  }
}

const digits = (number: number): string => String(number).padStart(14, '0').slice(-14);
const counterOf = ({ head }: VaultState): number => readHead(head).counter;
const lineName = (counter: number): string => `${LINE}${counter}`;
const isRecord = (name: string): boolean => /^[0-9]/.test(name);
const nameOf = (generation: number, sequence: number): string => `${generation}/${sequence}`;

/** A disk may rot: what goes back to a server must be what the owner signed. */
function isWhole({ head, wraps }: VaultState, records: readonly Uint8Array[]): boolean {
  const { user, generation, chain, wraps: ofWraps } = readHead(head);
  return equals(records.reduce(chainNext, chainStart(user, generation)), chain) && equals(wrapsHash(wraps), ofWraps);
}

function isRowOf(name: string, generation: number, count: number): boolean {
  const [of, sequence] = name.split('/').map(Number);
  return of === generation && sequence !== undefined && sequence <= count;
}
