// The vault as the rest of the library uses it: get, put, list. Puts are taken at once, gathered, and sent in the order in which they
// came; when another device was faster, its changes are taken first and ours are sealed behind them. A value that two devices
// write at one time is that of the later one.
import type { VaultHead } from '../../crypto/vault/head.ts';
import { encodeEntries, type VaultEntry } from '../../crypto/vault/records.ts';
import type { VaultWrap, WrapTarget } from '../../crypto/vault/wraps.ts';
import { MAX_VAULT_BATCH, MAX_VAULT_BATCH_BYTES } from '../../protocols/lan/account-routes.ts';
import type { Clock } from '../../realm/clock.ts';
import { ConflictError, codeOf } from '../../realm/errors.ts';
import type { RandomBytes } from '../../realm/random.ts';
import { inBatches } from './batches.ts';
import type { PreparedChange, SealedVault } from './sealed-vault.ts';
import type { VaultServer } from './vault-server.ts';

/** Where the newest head is kept, so that a server can't go back behind it. */
export interface VaultMemory {
  save(head: Uint8Array): Promise<void>;
}

export interface VaultComponents {
  readonly sealed: SealedVault;
  readonly server: VaultServer;
  readonly memory: VaultMemory;
  readonly clock: Pick<Clock, 'now'>;
  readonly random: RandomBytes;
}

/** What is new in the vault, whoever wrote it; `value` is undefined when it is gone. */
export interface VaultNews {
  readonly kind: string;
  readonly key: string;
  readonly value: Uint8Array | undefined;
}

/** Times that another device may be faster, before it is somebody else's turn to look. */
const MAX_RETRIES = 20;
/** Entries of one change. */
const MAX_GROUP = 256;
/** Records above which a vault is packed anew, if that makes it this many times shorter. */
const COMPACT_ABOVE = 256;
const COMPACT_FACTOR = 4;
const STAGE_BYTES = 12;

export class Vault {
  readonly #parts: VaultComponents;
  readonly #listeners = new Set<(news: readonly VaultNews[]) => void>();
  #waiting: VaultEntry[] = [];
  /** Of those that wait: what gives way to what is there. */
  readonly #yielding = new WeakSet<VaultEntry>();
  #work: Promise<unknown> = Promise.resolve();

  constructor(components: VaultComponents) {
    this.#parts = components;
  }

  /** What was put is there at once, before it is durable. */
  get(kind: string, key: string): Uint8Array | undefined {
    const put = this.#waiting.findLast((entry) => entry.kind === kind && entry.key === key);
    return put ? put.value : this.#parts.sealed.get(kind, key);
  }

  list(kind: string): { readonly key: string; readonly value: Uint8Array; readonly time: number }[] {
    const found = new Map(this.#parts.sealed.list(kind).map((entry) => [entry.key, entry]));
    for (const { key, value, time, ...entry } of this.#waiting) {
      if (entry.kind !== kind) continue;
      if (value) found.set(key, { key, value, time });
      else found.delete(key);
    }
    return [...found.values()];
  }

  /** Resolves when it is durable at the home node. @throws InputError `vault-entry-too-long`; UnreachableError; what a hostile server earns */
  put(kind: string, key: string, value: Uint8Array): Promise<void> {
    return this.putAll([{ kind, key, value }]);
  }

  delete(kind: string, key: string): Promise<void> {
    return this.putAll([{ kind, key, value: undefined }]);
  }

  /**
   * @param rule `keep`: what another device wrote there before stays, also when this one has not heard of it yet. For what a server
   *   could otherwise have replaced by showing one device less than another
   */
  async putAll(entries: readonly VaultNews[], rule: 'replace' | 'keep' = 'replace'): Promise<void> {
    const time = this.#parts.clock.now();
    const stamped = entries.map((entry) => ({ ...entry, time }));
    if (rule === 'keep') for (const entry of stamped) this.#yielding.add(entry);
    // What can't be written must not stand in the way of what comes after it.
    for (const entry of stamped) encodeEntries([entry]);
    this.#waiting.push(...stamped);
    this.#tell(entries);
    return this.#inTurn(() => this.#flush());
  }

  /** Calls back with what was put here or came from other devices. Returns the unsubscriber. */
  onChange(listener: (news: readonly VaultNews[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Takes what other devices wrote. @throws PeerError for a vault that was rolled back, forked, truncated or swapped */
  refresh(signal?: AbortSignal): Promise<void> {
    return this.#inTurn(() => this.#refresh(signal));
  }

  /** Writes again what is still waiting after a failure. */
  flush(): Promise<void> {
    return this.#inTurn(() => this.#flush());
  }

  get head(): VaultHead | undefined {
    return this.#parts.sealed.head;
  }

  get wraps(): readonly VaultWrap[] {
    return this.#parts.sealed.wraps;
  }

  /** Unlocks for one more, or anew for one that is there. */
  addWrap(target: WrapTarget): Promise<void> {
    return this.#inTurn(() => this.#change(() => this.#withWrap(target)));
  }

  /** The change that makes `target` unlock the vault, for a request of the caller's that must be atomic with it; then the vault is read anew. */
  rewrap<T>(target: WrapTarget, send: (change: { head: Uint8Array; wraps: Uint8Array }) => Promise<T>): Promise<T> {
    return this.#inTurn(async () => {
      await this.#refresh();
      const prepared = await this.#withWrap(target);
      const { head, wraps = new Uint8Array() } = prepared.change;
      const result = await send({ head, wraps });
      await this.#parts.server.took?.(prepared.change);
      await this.#adopt(prepared);
      return result;
    });
  }

  /** A new key for the vault and only what still counts; those whose wrap does not stay unlock nothing that comes later. */
  renew(stays: (wrap: VaultWrap) => boolean = () => true): Promise<void> {
    return this.#inTurn(() => this.#renew(stays));
  }

  async #withWrap(target: WrapTarget): Promise<PreparedChange> {
    const { sealed } = this.#parts;
    const others = sealed.wraps.filter(({ kind, id }) => kind !== target.kind || id !== target.id);
    return sealed.prepareWraps([...others, await sealed.wrapFor(target)]);
  }

  async #flush(): Promise<void> {
    while (this.#waiting.length > 0) {
      let taken: readonly VaultEntry[] = [];
      await this.#change(async () => {
        this.#yield();
        taken = this.#waiting.slice(0, MAX_GROUP);
        return taken.length > 0 ? this.#fitting(taken, (fewer) => (taken = fewer)) : undefined;
      });
      this.#waiting = this.#waiting.slice(taken.length);
    }
    const { records, packed } = this.#parts.sealed.fill;
    if (records > COMPACT_ABOVE && records > COMPACT_FACTOR * packed) await this.#renew(() => true);
  }

  #yield(): void {
    const { sealed } = this.#parts;
    const isLate = (entry: VaultEntry) => this.#yielding.has(entry) && sealed.get(entry.kind, entry.key) !== undefined;
    if (this.#waiting.some(isLate)) this.#waiting = this.#waiting.filter((entry) => !isLate(entry));
  }

  /** As many as one request carries. */
  async #fitting(
    entries: readonly VaultEntry[],
    onFewer: (fewer: readonly VaultEntry[]) => void,
  ): Promise<PreparedChange> {
    const prepared = await this.#parts.sealed.prepare(entries);
    const { records = [] } = prepared.change;
    const size = records.reduce((sum, { length }) => sum + length, 0);
    if (records.length <= MAX_VAULT_BATCH && size <= MAX_VAULT_BATCH_BYTES) return prepared;
    const fewer = entries.slice(0, Math.max(1, entries.length >> 1));
    onFewer(fewer);
    return this.#fitting(fewer, onFewer);
  }

  async #renew(stays: (wrap: VaultWrap) => boolean): Promise<void> {
    const { sealed, random, server } = this.#parts;
    await this.#change(async () => {
      const stage = [...random(STAGE_BYTES)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
      const { prepared, records } = await sealed.prepareGeneration(stage, stays);
      for (const [first, batch] of inBatches(records)) await server.stage(stage, first, batch);
      return prepared;
    });
  }

  /** Prepares and sends; anew as often as another device was faster. There may be nothing left to change. */
  async #change(prepare: () => Promise<PreparedChange | undefined>): Promise<void> {
    for (let tries = 0; ; tries++) {
      const prepared = await prepare();
      if (!prepared) return;
      try {
        await this.#parts.server.change(prepared.change);
        return await this.#adopt(prepared);
      } catch (error) {
        if (!(error instanceof ConflictError) || codeOf(error) !== 'vault-conflict' || tries === MAX_RETRIES)
          throw error;
        await this.#refresh();
      }
    }
  }

  async #adopt(prepared: PreparedChange): Promise<void> {
    this.#parts.sealed.adopt(prepared);
    await this.#remember();
  }

  async #refresh(signal?: AbortSignal): Promise<void> {
    const fresh = await this.#parts.sealed.refresh(signal);
    await this.#remember();
    if (fresh.length > 0) this.#tell(fresh);
  }

  async #remember(): Promise<void> {
    const { sealed, memory } = this.#parts;
    if (sealed.headBytes) await memory.save(sealed.headBytes);
  }

  #tell(news: readonly VaultNews[]): void {
    for (const listener of this.#listeners) listener(news);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#work.then(work, work);
    this.#work = mine.catch(() => undefined);
    return mine;
  }
}
