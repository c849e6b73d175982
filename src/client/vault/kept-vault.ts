// The ciphertext of the vault, kept in this device's cache as its server showed it last: the account opens by it while the server is
// away, and what was fetched once is not fetched again. It is believed no more than a server is; sealed-vault.ts checks either. A server
// that was restored from a copy gets back from here what it has lost.
//
// Records of the cache's area: `state` -> [head, wraps], with all records that this head counts; `<generation>/<sequence>` -> record.
import { equals } from 'uint8arrays/equals';
import { decodeStrict, encodeItem, Fields } from '../../crypto/strict-cbor.ts';
import { readHead } from '../../crypto/vault/head.ts';
import { CanopyError } from '../../realm/errors.ts';
import type { ClientCache } from '../cache/cache.ts';
import { inBatches } from './batches.ts';
import type { VaultChange, VaultServer, VaultState } from './vault-server.ts';

const AREA = 'vault';
const STATE = 'state';
/** Bytes of a head with its wraps: far more than any has. */
const MAX_STATE = 1024 * 1024;

export type VaultCache = Pick<ClientCache, 'record' | 'records' | 'setRecords'>;

/** Which records are held: the first `count` of one generation. */
interface Held {
  readonly generation: number;
  readonly count: number;
}

export class KeptVault implements VaultServer {
  readonly #server: VaultServer;
  readonly #cache: VaultCache;
  #held: Held | undefined;
  #shown: VaultState | undefined;
  #confirmed: Uint8Array | undefined;
  readonly #staged = new Map<string, Uint8Array[]>();

  constructor(server: VaultServer, cache: VaultCache) {
    this.#server = server;
    this.#cache = cache;
  }

  /** As it was confirmed last, with records to be had without the server. Undefined where nothing whole is kept. */
  async kept(): Promise<VaultState | undefined> {
    const bytes = await this.#cache.record(AREA, STATE);
    if (!bytes) return undefined;
    const fields = new Fields(decodeStrict(bytes, MAX_STATE), 'kept vault', 2);
    return { head: fields.bytes(MAX_STATE), wraps: fields.bytes(MAX_STATE) };
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
    if (held.generation !== generation || held.count < sequence) return shown;
    // The same of each device that gives back this state: they write the same rows.
    const stage = `back${digits(generation)}${digits(counter)}`;
    try {
      const records = (await this.#rows(held)).slice(0, sequence);
      for (const [first, batch] of inBatches(records)) await this.#server.stage(stage, first, batch, signal);
      await this.#server.change({ ...kept, stage }, signal);
    } catch (error) {
      // Another device of the user was faster, or there is no room: what is there now is looked at as ever.
      if (!(error instanceof CanopyError)) throw error;
    }
    return this.#server.state(signal);
  }

  async records(generation: number, after: number, signal?: AbortSignal): Promise<Uint8Array[]> {
    const held = await this.#holding();
    if (held.generation === generation && after < held.count) return (await this.#rows(held)).slice(after);
    const fresh = await this.#server.records(generation, after, signal);
    await this.#quietly(() => this.#add(generation, after, fresh));
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
    await this.#quietly(async () => {
      const wraps = change.wraps ?? this.#shown?.wraps ?? (await this.kept())?.wraps;
      this.#shown = wraps && { head: change.head, wraps };
      await this.#add(generation, sequence - records.length, records);
    });
  }

  async stage(stage: string, first: number, records: readonly Uint8Array[], signal?: AbortSignal): Promise<void> {
    await this.#server.stage(stage, first, records, signal);
    this.#staged.set(stage, [...(this.#staged.get(stage) ?? []), ...records]);
  }

  /** The client has checked the state that this head signs: from now on it opens by it. */
  confirm(head: Uint8Array): Promise<void> {
    return this.#quietly(async () => {
      const shown = this.#shown;
      if (!shown || !equals(shown.head, head)) return;
      const { generation, sequence } = readHead(head);
      const held = await this.#holding();
      const isWhole = held.generation === generation ? held.count >= sequence : sequence === 0;
      if (!isWhole || (this.#confirmed && equals(this.#confirmed, head))) return;
      await this.#cache.setRecords(AREA, new Map([[STATE, encodeItem([head, shown.wraps])]]));
      this.#confirmed = head;
    });
  }

  /** What is kept does not fit what the server shows: it is fetched anew. */
  async forget(): Promise<void> {
    const all = await this.#cache.records(AREA);
    this.#held = undefined;
    this.#confirmed = undefined;
    await this.#cache.setRecords(AREA, new Map([...all.keys()].map((name) => [name, undefined])));
  }

  /** Records of another generation go, and with them the state that counts them. What does not follow what is held is left out. */
  async #add(generation: number, after: number, records: readonly Uint8Array[]): Promise<void> {
    if (records.length === 0) return;
    const held = await this.#holding();
    if (held.generation !== generation) await this.forget();
    else if (held.count !== after) return;
    if (held.generation !== generation && after > 0) return;
    const rows = records.map((record, index) => [nameOf(generation, after + index + 1), record] as const);
    await this.#cache.setRecords(AREA, new Map(rows));
    this.#held = { generation, count: after + records.length };
  }

  async #holding(): Promise<Held> {
    if (this.#held) return this.#held;
    const names = [...(await this.#cache.records(AREA)).keys()].filter((name) => name !== STATE);
    const generation = Number(names[0]?.split('/')[0] ?? 0);
    this.#held = { generation, count: names.length };
    return this.#held;
  }

  async #rows({ generation, count }: Held): Promise<Uint8Array[]> {
    const all = await this.#cache.records(AREA);
    return Array.from({ length: count }, (_, index) => all.get(nameOf(generation, index + 1)) ?? new Uint8Array());
  }

  /** A cache that takes no more must not stand in the way of the vault itself. */
  async #quietly(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof CanopyError)) throw error;
      await this.forget().catch(() => {});
    }
  }
}

const digits = (number: number): string => String(number).padStart(14, '0').slice(-14);
const counterOf = ({ head }: VaultState): number => readHead(head).counter;
const nameOf = (generation: number, sequence: number): string => `${generation}/${sequence}`;
