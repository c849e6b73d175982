// Keeps the vaults of own users: one change after the other for each, none taken twice, none that its owner did not sign. The
// server can't open a vault; what it checks keeps a stolen session from ruining one.
import { equals } from 'uint8arrays/equals';
import {
  LINE_START,
  lineAfter,
  readHead,
  stepOf,
  type VaultHead,
  type VaultLine,
  verifyHeadNatively,
} from '../../src/crypto/vault/head.ts';
import { lineOfRows, rowsOf } from '../../src/crypto/vault/line.ts';
import { decodeWraps, wrapsHash } from '../../src/crypto/vault/wraps.ts';
import { MAX_VAULT_BATCH, MAX_VAULT_BATCH_BYTES, MAX_VAULT_STEPS } from '../../src/protocols/lan/account-routes.ts';
import { ConflictError, InputError, LocalError, RefusedError } from '../../src/realm/errors.ts';
import type { UserId } from '../../src/realm/ids.ts';
import type { Write } from '../../src/store/engine.ts';
import { Turns } from '../conversations/turns.ts';
import type { StoredVault, VaultStore } from './vault-store.ts';

export interface VaultServiceComponents {
  readonly store: VaultStore;
  /** The public key by which this realm knows the user. */
  readonly identityOf: (user: UserId) => Uint8Array | undefined;
}

export interface VaultChange {
  readonly head: Uint8Array;
  readonly wraps?: Uint8Array | undefined;
  readonly records: readonly Uint8Array[];
  readonly stage?: string | undefined;
  /** Of the line, between the head that is here and this one. */
  readonly steps?: readonly Uint8Array[] | undefined;
}

/** Bytes of all records of one user; the next generation may take as much while it is staged. */
export const MAX_VAULT = 64 * 1024 * 1024;
/** What a record costs beside its bytes, so that a vault of tiny records is bounded too. */
const ROW = 64;
/** Nonce and tag of an empty record, and more. */
const LEAST_RECORD = 32;
/** Rows of the line that a user takes along to another realm. */
const MOVED_LINE = 8192;
const FIRST_SET = 'first0000000000000';

export class VaultService {
  readonly #parts: VaultServiceComponents;
  readonly #turns = new Turns();
  /** Bytes that a user's client has staged. */
  readonly #staged = new Map<UserId, { readonly stage: string; readonly bytes: number }>();
  readonly #listeners = new Set<(user: UserId) => void>();
  #changes = 0;
  #conflicts = 0;
  #refused = 0;

  constructor(components: VaultServiceComponents) {
    this.#parts = components;
  }

  /** Calls back after a change is on disk. Returns the unsubscriber. */
  onChange(listener: (user: UserId) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  has(user: UserId): Promise<boolean> {
    return this.#parts.store.get(user).then((vault) => vault !== undefined);
  }

  /** @throws RefusedError `vault-none` */
  async state(user: UserId): Promise<{ readonly head: Uint8Array; readonly wraps: Uint8Array }> {
    const { head, wraps } = await this.#vaultOf(user);
    return { head, wraps };
  }

  /** @throws RefusedError `vault-none`; ConflictError `vault-conflict` when the vault is of another generation by now */
  async records(user: UserId, generation: number, after: number): Promise<Uint8Array[]> {
    const { store } = this.#parts;
    const vault = await this.#vaultOf(user);
    if (readHead(vault.head).generation !== generation) throw this.#conflict();
    return store.records(user, vault.set, after, MAX_VAULT_BATCH, MAX_VAULT_BATCH_BYTES);
  }

  /** Steps after a counter, as many as fit. @throws RefusedError `vault-none` */
  async line(user: UserId, after: number): Promise<VaultLine> {
    const { counter } = readHead((await this.#vaultOf(user)).head);
    if (after >= counter) return { line: new Uint8Array(), steps: [] };
    return lineOfRows(await this.#parts.store.line(user, after, MAX_VAULT_STEPS));
  }

  /** @throws ConflictError `vault-conflict`; LocalError `vault-full`; PeerError `vault-head-forged`, `frame-malformed`; InputError */
  change(user: UserId, change: VaultChange): Promise<void> {
    return this.during(user, change, (writes) => this.#parts.store.commit(writes));
  }

  /** As `change`, with the vault's writes in a commit of the caller's. */
  during<T>(user: UserId, change: VaultChange, commit: (writes: readonly Write[]) => Promise<T>): Promise<T> {
    return this.#turns.run(user, async () => {
      const result = await commit(await this.#writesOf(user, change));
      this.#changes += 1;
      for (const listener of this.#listeners) listener(user);
      return result;
    });
  }

  /** A vault that takes the place of whatever there was. `identity` is the key that signed its head. */
  begin<T>(
    user: UserId,
    change: VaultChange,
    identity: Uint8Array,
    commit: (writes: readonly Write[]) => Promise<T>,
  ): Promise<T> {
    return this.#turns.run(user, async () => {
      const { store } = this.#parts;
      const head = await verifyHeadNatively(change.head, user, identity);
      assertWraps(head, change.wraps);
      if (head.sequence !== change.records.length) throw unfitting('the head states another number of records');
      const steps = [stepOf(head)];
      if (head.counter !== 1 || !equals(lineAfter(LINE_START, steps), head.line))
        throw unfitting('it is no first head');
      const bytes = sizeOf(change.records);
      const wraps = change.wraps ?? new Uint8Array();
      const stored = { set: FIRST_SET, bytes, head: change.head, wraps };
      const old = await store.eraseAll(user);
      const fresh = store.putRecords(user, FIRST_SET, 1, change.records);
      const line = store.putLine(user, 1, rowsOf({ line: LINE_START, steps }));
      return commit([...old, ...fresh, ...line, store.put(user, stored)]);
    });
  }

  /** A part of the next generation. @throws LocalError `vault-full`; RefusedError `vault-none` */
  stage(user: UserId, stage: string, first: number, records: readonly Uint8Array[]): Promise<void> {
    return this.#turns.run(user, async () => {
      const { store } = this.#parts;
      const vault = await this.#vaultOf(user);
      if (stage === vault.set) throw unfitting('this set is in use');
      // What another client staged and never used makes room for this.
      const old = first === 1 ? await store.otherSets(user, vault.set) : [];
      const known = this.#staged.get(user);
      const before = first === 1 ? 0 : known?.stage === stage ? known.bytes : (await store.measure(user, stage)).bytes;
      // Only a beginning makes a set, and takes the place of any other: there is never more than one beside that in use.
      if (first !== 1 && before === 0) throw this.#conflict();
      const bytes = before + sizeOf(records);
      if (bytes > MAX_VAULT) throw full();
      await store.commit([...old, ...store.putRecords(user, stage, first, records)]);
      this.#staged.set(user, { stage, bytes });
    });
  }

  /** All of it, for another realm; undefined when there is none. */
  async export(user: UserId) {
    const { store } = this.#parts;
    const vault = await store.get(user);
    if (!vault) return undefined;
    const count = readHead(vault.head).sequence;
    const after = Math.max(0, readHead(vault.head).counter - MOVED_LINE);
    const line = await store.line(user, after, MOVED_LINE);
    return { head: vault.head, wraps: vault.wraps, count, line, records: () => this.#all(user, vault.set, count) };
  }

  async *#all(user: UserId, set: string, count: number): AsyncGenerator<Uint8Array> {
    for (let after = 0; after < count; ) {
      const page = await this.#parts.store.records(user, set, after, MAX_VAULT_BATCH, MAX_VAULT_BATCH_BYTES);
      if (page.length === 0) return;
      yield* page;
      after += page.length;
    }
  }

  /** The counterpart: what there was gives way. The last writes are for the caller's commit. @throws LocalError `vault-full`; InputError */
  import(
    user: UserId,
    vault: { readonly head: Uint8Array; readonly wraps: Uint8Array } | undefined,
    count: number,
    next: () => Promise<Uint8Array>,
    nextLine: () => Promise<readonly Uint8Array[]>,
  ): Promise<Write[]> {
    return this.#turns.run(user, async () => {
      const { store } = this.#parts;
      await store.commit(await store.eraseAll(user));
      if (!vault) return [];
      const head = readHead(vault.head);
      if (head.user !== user || head.sequence !== count) throw unfitting('the head states another number of records');
      assertWraps(head, vault.wraps);
      let bytes = 0;
      for (let sequence = 1; sequence <= count; sequence++) {
        const record = await next();
        bytes += sizeOf([record]);
        if (bytes > MAX_VAULT) throw full();
        await store.commit(store.putRecords(user, FIRST_SET, sequence, [record]));
      }
      const rows = await nextLine();
      const { line, steps } = lineOfRows(rows);
      const isTheirs = rows.length <= Math.min(head.counter, MOVED_LINE) && equals(lineAfter(line, steps), head.line);
      if (!isTheirs) throw unfitting('its line does not lead to the head');
      const { head: bytesOfHead, wraps } = vault;
      const first = head.counter - rows.length + 1;
      return [
        ...store.putLine(user, first, rows),
        store.put(user, { set: FIRST_SET, bytes, head: bytesOfHead, wraps }),
      ];
    });
  }

  /** For a user who leaves. */
  eraseAll(user: UserId): Promise<Write[]> {
    return this.#parts.store.eraseAll(user);
  }

  counters(): Record<string, number> {
    return { changes: this.#changes, conflicts: this.#conflicts, refused: this.#refused };
  }

  async #writesOf(user: UserId, change: VaultChange): Promise<Write[]> {
    const { store } = this.#parts;
    const vault = await this.#vaultOf(user);
    const head = await this.#checked(user, change.head);
    const before = readHead(vault.head);
    // A whole vault may be ahead by more than one: a client gives back what a restored node has lost, as the identity signed it.
    const isWhole = change.stage !== undefined && change.wraps !== undefined;
    const steps = [...((isWhole && change.steps) || []), stepOf(head)];
    if (head.counter !== before.counter + steps.length) throw this.#conflict();
    // What does not come from the state that is here would take that back: whoever wrote it looks again, and sees.
    if (!equals(lineAfter(before.line, steps), head.line)) throw this.#conflict();
    if (change.wraps) assertWraps(head, change.wraps);
    else if (!equals(head.wraps, before.wraps)) throw unfitting('the head states other wraps');
    const next = { head: change.head, wraps: change.wraps ?? vault.wraps };
    const line = store.putLine(user, before.counter + 1, rowsOf({ line: before.line, steps }));
    if (change.stage !== undefined) {
      return [...line, ...(await this.#changeOver(user, change.stage, before, head, next))];
    }
    const follows = head.generation === before.generation && head.sequence === before.sequence + change.records.length;
    if (!follows) throw unfitting('the head states another number of records');
    const bytes = vault.bytes + sizeOf(change.records);
    if (bytes > MAX_VAULT) throw full();
    return [
      ...line,
      ...store.putRecords(user, vault.set, before.sequence + 1, change.records),
      store.put(user, { ...next, set: vault.set, bytes }),
    ];
  }

  async #changeOver(
    user: UserId,
    set: string,
    before: VaultHead,
    head: VaultHead,
    next: Pick<StoredVault, 'head' | 'wraps'>,
  ): Promise<Write[]> {
    const { store } = this.#parts;
    const { count, bytes } = await store.measure(user, set);
    if (head.generation < before.generation) throw unfitting('the head states an older generation');
    // Another device has staged one of its own meanwhile: this one stages anew.
    if (head.sequence !== count) throw this.#conflict();
    this.#staged.delete(user);
    return [...(await store.otherSets(user, set)), store.put(user, { ...next, set, bytes })];
  }

  async #checked(user: UserId, bytes: Uint8Array): Promise<VaultHead> {
    const identity = this.#parts.identityOf(user);
    if (!identity) throw new RefusedError('vault-none', 'this user has no identity yet');
    try {
      return await verifyHeadNatively(bytes, user, identity);
    } catch (error) {
      this.#refused += 1;
      throw error;
    }
  }

  async #vaultOf(user: UserId): Promise<StoredVault> {
    const vault = await this.#parts.store.get(user);
    if (!vault) throw new RefusedError('vault-none', 'this user has no vault yet');
    return vault;
  }

  #conflict(): ConflictError {
    this.#conflicts += 1;
    return new ConflictError('vault-conflict', 'another change of the vault came first');
  }
}

function assertWraps(head: VaultHead, wraps: Uint8Array | undefined): void {
  if (!wraps || !equals(wrapsHash(wraps), head.wraps)) throw unfitting('the head states other wraps');
  decodeWraps(wraps);
}

/** @throws InputError `vault-change-unfitting` */
function sizeOf(records: readonly Uint8Array[]): number {
  if (records.some(({ length }) => length < LEAST_RECORD)) throw unfitting('a record is too short to be one');
  return records.reduce((sum, { length }) => sum + length + ROW, 0);
}

function unfitting(why: string): InputError {
  return new InputError('vault-change-unfitting', `this change of the vault does not fit: ${why}`);
}

function full(): LocalError {
  return new LocalError('vault-full', `a vault holds at most ${MAX_VAULT} bytes`);
}
