// A vault that is open: its entries, and each change made, checked and signed. One thing at a time; vault.ts sees to that and to retries.
//
// What a server shows is believed when the head is signed by the identity, comes from the newest one seen, and the records make
// the chain that the head states. Else: `vault-head-forged`, `vault-rolled-back`, `vault-forked`, `vault-truncated`,
// `vault-record-wrong`, `vault-wraps-altered`, `vault-gone`.
import { equals } from 'uint8arrays/equals';
import type { WebKey } from '../../crypto/hpke.ts';
import type { SigningKey } from '../../crypto/identity.ts';
import {
  assertNotBefore,
  LINE_START,
  lineAfter,
  readHead,
  signHead,
  stepOf,
  type VaultHead,
  verifyHead,
} from '../../crypto/vault/head.ts';
import {
  chainNext,
  chainStart,
  importVaultKey,
  openRecord,
  packEntries,
  sealRecord,
  VAULT_KEY,
  type VaultEntry,
} from '../../crypto/vault/records.ts';
import { decodeWraps, encodeWraps, type VaultWrap, wrapsHash, wrapVaultKey } from '../../crypto/vault/wraps.ts';
import type { Clock } from '../../realm/clock.ts';
import { PeerError } from '../../realm/errors.ts';
import type { UserId } from '../../realm/ids.ts';
import type { RandomBytes } from '../../realm/random.ts';
import { assertFollows } from './shown-line.ts';
import type { VaultChange, VaultServer, VaultState } from './vault-server.ts';

/** Gets the vault key out of the wraps; of a device, or of a secret. */
export type Opener = (wraps: readonly VaultWrap[]) => Promise<Uint8Array>;

export interface SealedVaultInit {
  readonly user: UserId;
  readonly identityKey: Uint8Array;
  readonly server: VaultServer;
  readonly clock: Pick<Clock, 'now'>;
  readonly random: RandomBytes;
  readonly opener: Opener;
  /** The newest head that this client has seen; undefined on a device that is new. */
  readonly known: VaultHead | undefined;
}

interface OpenState {
  readonly head: VaultHead;
  readonly headBytes: Uint8Array;
  readonly wraps: readonly VaultWrap[];
  readonly key: WebKey;
  readonly rawKey: Uint8Array;
}

/** A change that is signed and sealed, to be sent: the state that it leads to comes into force once the server has taken it. */
export interface PreparedChange {
  readonly change: VaultChange;
  readonly next: OpenState;
  readonly entries: readonly VaultEntry[];
}

export interface GivingUp {
  readonly targets: readonly Omit<VaultWrap, 'sealed'>[];
  readonly steps: readonly Uint8Array[];
  readonly kept: readonly VaultEntry[];
}

/** First come stays of these (people-keys.ts): what this device knew is not to give way to what an older state says. */
const PIN = 'pin';

export class SealedVault {
  readonly #init: SealedVaultInit;
  readonly #entries = new Map<string, Map<string, VaultEntry>>();
  #state: OpenState | undefined;
  #known: VaultHead | undefined;
  #identity: SigningKey | undefined;

  constructor(init: SealedVaultInit) {
    this.#init = init;
    this.#known = init.known;
  }

  get(kind: string, key: string): Uint8Array | undefined {
    return this.#entries.get(kind)?.get(key)?.value;
  }

  list(kind: string): { readonly key: string; readonly value: Uint8Array; readonly time: number }[] {
    return [...(this.#entries.get(kind)?.values() ?? [])].flatMap(({ key, value, time }) =>
      value ? [{ key, value, time }] : [],
    );
  }

  get head(): VaultHead | undefined {
    return this.#known;
  }

  get headBytes(): Uint8Array | undefined {
    return this.#state?.headBytes;
  }

  get wraps(): readonly VaultWrap[] {
    return this.#state?.wraps ?? [];
  }

  /** How many records the entries take, and how many they would take packed. */
  get fill(): { readonly records: number; readonly packed: number } {
    return { records: this.#state?.head.sequence ?? 0, packed: packEntries(this.#standing()).length };
  }

  useIdentity(identity: SigningKey): void {
    this.#identity = identity;
  }

  /** Takes what the server has; resolves to the entries that are new. */
  async refresh(signal?: AbortSignal): Promise<readonly VaultEntry[]> {
    const shown = await this.#init.server.state(signal);
    if (!shown) throw new PeerError('vault-gone', 'the server no longer shows the vault');
    return this.take(shown, signal);
  }

  /** As `refresh`, of a state that was shown already. */
  async take(shown: VaultState, signal?: AbortSignal): Promise<readonly VaultEntry[]> {
    const { user, identityKey } = this.#init;
    const head = verifyHead(shown.head, user, identityKey);
    if (this.#known) {
      assertNotBefore(this.#known, head);
      await assertFollows(this.#init.server, this.#known, head, signal);
    }
    const now = this.#state;
    if (now && now.head.counter === head.counter) return [];
    if (!equals(wrapsHash(shown.wraps), head.wraps)) {
      throw new PeerError('vault-wraps-altered', 'what unlocks the vault is not what its owner signed');
    }
    const wraps = decodeWraps(shown.wraps);
    const isSame = now?.head.generation === head.generation;
    const rawKey = isSame ? now.rawKey : await this.#init.opener(wraps);
    const key = isSame ? now.key : await importVaultKey(rawKey);
    const from = isSame ? now.head : { sequence: 0, chain: chainStart(user, head.generation) };
    const fresh = await this.#fetch(key, head, from, signal);
    if (!isSame) this.#entries.clear();
    this.#apply(fresh);
    this.#become({ head, headBytes: shown.head, wraps, key, rawKey });
    return fresh;
  }

  /** Seals entries behind those there are. */
  async prepare(entries: readonly VaultEntry[]): Promise<PreparedChange> {
    const { user, random } = this.#init;
    const now = this.#present();
    const records: Uint8Array[] = [];
    let { sequence, chain } = now.head;
    for (const pack of packEntries(entries)) {
      sequence += 1;
      const place = { user, generation: now.head.generation, sequence };
      const record = await sealRecord(now.key, place, pack, random);
      chain = chainNext(chain, record);
      records.push(record);
    }
    const next = this.#sign({ ...now.head, sequence, chain }, now);
    return { change: { head: next.headBytes, records }, next, entries };
  }

  /** The same vault, unlocked by other wraps. */
  prepareWraps(wraps: readonly VaultWrap[]): PreparedChange {
    const now = this.#present();
    const encoded = encodeWraps(wraps);
    const next = this.#sign({ ...now.head, wraps: wrapsHash(encoded) }, { ...now, wraps });
    return { change: { head: next.headBytes, wraps: encoded }, next, entries: [] };
  }

  /** The next generation: a new key, wrapped for those who stay, and only what still counts. Its records are yet to be staged. */
  async prepareGeneration(stage: string, stays: (wrap: VaultWrap) => boolean) {
    const { head, wraps } = this.#present();
    return this.#generation(stage, { ...head, generation: head.generation + 1 }, wraps.filter(stays));
  }

  /**
   * The next generation, in the place of a newer state that was known and is given up; `targets` alone unlock it. What the device holds
   * of that state comes along in `kept`.
   * @param steps names what is given up
   */
  async prepareInPlaceOf(
    known: VaultHead,
    stage: string,
    { targets, steps, kept }: GivingUp,
  ): Promise<{ readonly prepared: PreparedChange; readonly records: Uint8Array[] }> {
    const { head } = this.#present();
    this.#apply(kept.filter((entry) => isOver(entry, this.#entries.get(entry.kind)?.get(entry.key))));
    const generation = Math.max(head.generation, known.generation) + 1;
    const after = { ...head, generation, counter: head.counter + steps.length, line: lineAfter(head.line, steps) };
    const { prepared, records } = await this.#generation(stage, after, targets);
    return { prepared: { ...prepared, change: { ...prepared.change, steps } }, records };
  }

  /** @param after the head before it, of the generation that is to be */
  async #generation(stage: string, after: VaultHead, targets: readonly Omit<VaultWrap, 'sealed'>[]) {
    const { user, random } = this.#init;
    const { generation } = after;
    const rawKey = random(VAULT_KEY);
    const key = await importVaultKey(rawKey);
    const wraps = await Promise.all(targets.map((target) => wrapVaultKey(user, rawKey, target)));
    const records: Uint8Array[] = [];
    let chain = chainStart(user, generation);
    for (const pack of packEntries(this.#standing())) {
      const record = await sealRecord(key, { user, generation, sequence: records.length + 1 }, pack, random);
      chain = chainNext(chain, record);
      records.push(record);
    }
    const encoded = encodeWraps(wraps);
    const head = { ...after, sequence: records.length, chain, wraps: wrapsHash(encoded) };
    const next = this.#sign(head, { wraps, key, rawKey });
    const change: VaultChange = { head: next.headBytes, wraps: encoded, stage };
    return { prepared: { change, next, entries: [] } satisfies PreparedChange, records };
  }

  /** The very first state. Nothing is at the server yet. */
  async begin(targets: readonly Omit<VaultWrap, 'sealed'>[], entries: readonly VaultEntry[]): Promise<PreparedChange> {
    const { user, random, clock } = this.#init;
    const rawKey = random(VAULT_KEY);
    const wraps = await Promise.all(targets.map((target) => wrapVaultKey(user, rawKey, target)));
    const encoded = encodeWraps(wraps);
    const key = await importVaultKey(rawKey);
    const counts = { user, generation: 1, counter: 0, sequence: 0 };
    const head = {
      ...counts,
      chain: chainStart(user, 1),
      wraps: wrapsHash(encoded),
      time: clock.now(),
      line: LINE_START,
    };
    this.#state = { head, headBytes: new Uint8Array(), wraps, key, rawKey };
    const prepared = await this.prepare(entries);
    return { ...prepared, change: { ...prepared.change, wraps: encoded } };
  }

  /** For a new wrap. */
  wrapFor(target: Omit<VaultWrap, 'sealed'>): Promise<VaultWrap> {
    return wrapVaultKey(this.#init.user, this.#present().rawKey, target);
  }

  /** The server has taken it. */
  adopt({ next, entries }: PreparedChange): void {
    this.#apply(entries);
    this.#become(next);
  }

  async #fetch(
    key: WebKey,
    head: VaultHead,
    from: { readonly sequence: number; readonly chain: Uint8Array },
    signal?: AbortSignal,
  ): Promise<VaultEntry[]> {
    const { server } = this.#init;
    try {
      return await this.#read(key, head, from, signal);
    } catch (error) {
      if (!(error instanceof PeerError) || !server.forget) throw error;
      await server.forget();
      return this.#read(key, head, from, signal);
    }
  }

  async #read(
    key: WebKey,
    head: VaultHead,
    from: { readonly sequence: number; readonly chain: Uint8Array },
    signal?: AbortSignal,
  ): Promise<VaultEntry[]> {
    const { server, user } = this.#init;
    const { generation } = head;
    const fresh: VaultEntry[] = [];
    let { sequence, chain } = from;
    while (sequence < head.sequence) {
      const page = await server.records(generation, sequence, signal);
      if (page.length === 0) throw new PeerError('vault-truncated', 'the server keeps records of the vault back');
      for (const record of page.slice(0, head.sequence - sequence)) {
        sequence += 1;
        chain = chainNext(chain, record);
        fresh.push(...(await openRecord(key, { user, generation, sequence }, record)));
      }
    }
    if (!equals(chain, head.chain)) {
      throw new PeerError('vault-forked', 'the records of the vault are not those that its owner signed');
    }
    return fresh;
  }

  #sign(head: VaultHead, state: Omit<OpenState, 'head' | 'headBytes'>): OpenState {
    if (!this.#identity) throw new PeerError('vault-locked', 'the vault has not given its identity yet');
    const core = { ...head, counter: head.counter + 1, time: Math.max(this.#init.clock.now(), head.time) };
    const next = { ...core, line: lineAfter(head.line, [stepOf(core)]) };
    return { ...state, head: next, headBytes: signHead(this.#identity, next) };
  }

  #apply(entries: readonly VaultEntry[]): void {
    for (const entry of entries) {
      const ofKind = this.#entries.get(entry.kind) ?? new Map<string, VaultEntry>();
      this.#entries.set(entry.kind, ofKind);
      if (entry.value) ofKind.set(entry.key, entry);
      else ofKind.delete(entry.key);
    }
  }

  #become(state: OpenState): void {
    this.#state = state;
    this.#known = readHead(state.headBytes);
  }

  /** Everything that counts. */
  get entries(): readonly VaultEntry[] {
    return this.#standing();
  }

  #standing(): VaultEntry[] {
    return [...this.#entries.values()].flatMap((ofKind) => [...ofKind.values()]);
  }

  #present(): OpenState {
    if (!this.#state) throw new PeerError('vault-locked', 'the vault is not open');
    return this.#state;
  }
}

function isOver(kept: VaultEntry, shown: VaultEntry | undefined): boolean {
  return shown === undefined || kept.kind === PIN || kept.time >= shown.time;
}
