// What one reader follows here, and the frames that it gets: of each chain what it lacks, then whatever becomes durable.
import { equals } from 'uint8arrays/equals';
import type { Peer } from '../../overlay/seam.ts';
import { Bell } from '../../realm/bell.ts';
import type { Clock } from '../../realm/clock.ts';
import { PeerError } from '../../realm/errors.ts';
import { type ChainId, chainName, type SignedEntry } from './entry.ts';
import type { LedgerFrame, Tip } from './frames.ts';
import {
  MAX_BATCH_BYTES,
  MAX_BATCH_ENTRIES,
  MAX_FOLLOWED,
  MAX_ROWS,
  MAX_SNAPSHOT_BYTES,
  TIP_INTERVAL,
} from './index.ts';
import type { LedgerStore, Rewind } from './ledger-store.ts';
import { Standing } from './snapshot.ts';

export interface ServedReaderComponents {
  readonly store: LedgerStore;
  readonly clock: Clock;
}

interface Followed {
  readonly id: ChainId;
  /** The number of the next entry to send; 0 before a snapshot. */
  next: number;
  /** A higher incarnation has used numbers again since the reader asked. */
  rewound: boolean;
}

/** Countersignatures and proofs that wait for a slow reader; beyond it the oldest are dropped, it will meet them again. */
const MAX_WAITING = 256;

export class ServedReader {
  readonly peer: Peer;
  readonly #parts: ServedReaderComponents;
  readonly #chains = new Map<string, Followed>();
  /** Chains that may have something to send. */
  readonly #due = new Set<string>();
  readonly #gossip: LedgerFrame[] = [];
  readonly #bell = new Bell();
  readonly #unsubscribe: readonly (() => void)[];
  #failure: unknown;

  constructor(components: ServedReaderComponents, peer: Peer) {
    this.#parts = components;
    this.peer = peer;
    const { store } = components;
    this.#unsubscribe = [
      store.onFacts((id) => {
        if (this.follows(id)) this.#wake(id);
      }),
      store.onRewind((rewind) => this.#rewound(rewind)),
    ];
  }

  follows(id: ChainId): boolean {
    return this.#chains.has(chainName(id));
  }

  send(frame: LedgerFrame): void {
    this.#gossip.push(frame);
    if (this.#gossip.length > MAX_WAITING) this.#gossip.shift();
    this.#bell.ring();
  }

  close(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
  }

  /** Makes `frames` throw. */
  fail(error: unknown): void {
    this.#failure = error;
    this.#bell.ring();
  }
  async follow(tips: readonly Tip[]): Promise<void> {
    for (const tip of tips) {
      const { realm, chain } = tip;
      const id = { realm, chain };
      if (!this.follows(id) && this.#chains.size >= MAX_FOLLOWED) {
        throw new PeerError('ledger-too-many', `More than ${MAX_FOLLOWED} chains on one stream`);
      }
      this.#chains.set(chainName(id), { id, next: await this.#beginAt(tip), rewound: false });
      this.#wake(id);
    }
  }

  /** Ends when the signal aborts; nothing is read before there is room for it. */
  async *frames(ended: AbortSignal): AsyncGenerator<LedgerFrame> {
    while (!ended.aborted) {
      if (this.#failure !== undefined) throw this.#failure;
      const gossip = this.#gossip.shift();
      if (gossip) yield gossip;
      else yield* this.#next(ended);
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  /**
   * The reader's own last entry again when ours is another one, so that it can prove it. Where ours is of a later incarnation
   * than the first, the chain may have parted long before: everything from the first of those on, which the reader can join.
   */
  async #beginAt({ n, hash, ...id }: Tip): Promise<number> {
    if (n === 0) return 0;
    const ours = await this.#parts.store.linkAt(id, n);
    if (!ours || equals(ours.hash, hash)) return n + 1;
    return ours.incarnation > 1 ? Math.min(n, (await this.#laterIncarnations(id)) ?? n) : n;
  }

  /** The number with which the second incarnation begins here, or a later one where that is all there is. */
  async #laterIncarnations(id: ChainId): Promise<number | undefined> {
    let first: number | undefined;
    for await (const { entry } of this.#parts.store.keyEntries(id)) {
      if (entry.incarnation <= 1) break;
      first = entry.n;
    }
    return first;
  }

  async *#next(ended: AbortSignal): AsyncGenerator<LedgerFrame> {
    const tips: Tip[] = [];
    for (const name of this.#due) {
      const followed = this.#chains.get(name);
      this.#due.delete(name);
      if (!followed) continue;
      let sent = false;
      for await (const frame of this.#entriesOf(followed)) {
        sent = true;
        yield frame;
      }
      if (sent) this.#due.add(name);
      else tips.push(await this.#tipOf(followed.id));
      if (sent || tips.length === MAX_BATCH_ENTRIES) break;
    }
    if (tips.length > 0) yield { kind: 'tips', tips };
    if (!(await this.#hasNews(ended))) yield { kind: 'tips', tips: [] };
  }

  /** False when it is time for a sign of life: a ring without news puts it off by nothing. */
  async #hasNews(ended: AbortSignal): Promise<boolean> {
    const { clock } = this.#parts;
    const until = clock.monotonic() + TIP_INTERVAL;
    while (this.#due.size === 0 && this.#gossip.length === 0 && this.#failure === undefined && !ended.aborted) {
      if (clock.monotonic() >= until) return false;
      await this.#bell.heardWithin(clock, until - clock.monotonic(), ended).catch(() => {});
    }
    return true;
  }

  /** The reader needs what comes in place of what it was sent. */
  #rewound({ id, begins }: Rewind): void {
    const followed = this.#chains.get(chainName(id));
    if (!followed) return;
    followed.next = Math.min(followed.next, begins);
    followed.rewound = true;
  }

  async *#entriesOf(followed: Followed): AsyncGenerator<LedgerFrame> {
    const { store } = this.#parts;
    const { id } = followed;
    if (followed.rewound && followed.next < (await store.base(id))) followed.next = 0;
    followed.rewound = false;
    if (followed.next === 0) {
      followed.next = 1;
      // One that no reader would take is passed over for an older one.
      for (let n = await store.snapshotAt(id); n !== undefined; n = await store.snapshotAt(id, n)) {
        const rows = await this.#rowsBelow(id, n);
        if (rows.reduce((sum, row) => sum + row.length, 0) > MAX_SNAPSHOT_BYTES) continue;
        followed.next = n + 1;
        return yield* this.#snapshotOf(id, n, rows);
      }
    }
    if (followed.next < (await store.base(id))) return;
    const entries = await store.read(id, followed.next, MAX_BATCH_ENTRIES, MAX_BATCH_BYTES);
    followed.next += entries.length;
    if (entries.length > 0) yield { kind: 'entries', entries };
  }

  async #rowsBelow(id: ChainId, n: number): Promise<Uint8Array[]> {
    const standing = new Standing();
    for await (const fact of this.#parts.store.facts(id, n)) standing.take(fact);
    return standing.rows();
  }

  async *#snapshotOf(id: ChainId, n: number, rows: readonly Uint8Array[]): AsyncGenerator<LedgerFrame> {
    const { store } = this.#parts;
    const entry = await store.get(id, n);
    const key = await store.keyEntryBefore(id, n);
    if (!entry || !key) return;
    const begun = await this.#beginningOf(id, entry);
    for (const part of inParts(rows)) yield { kind: 'snapshot', ...part };
    const keys = begun && begun.entry.n < key.entry.n ? [begun.bytes, key.bytes] : [key.bytes];
    yield { kind: 'entries', entries: [...keys, entry.bytes] };
  }

  /** The entry with which the incarnation of this one begins; none for the first. */
  async #beginningOf(id: ChainId, { entry: { n, incarnation } }: SignedEntry): Promise<SignedEntry | undefined> {
    if (incarnation === 1) return undefined;
    let begun: SignedEntry | undefined;
    for await (const signed of this.#parts.store.keyEntries(id)) {
      if (signed.entry.incarnation < incarnation) break;
      if (signed.entry.incarnation === incarnation && signed.entry.n < n) begun = signed;
    }
    return begun;
  }

  async #tipOf(id: ChainId): Promise<Tip> {
    const { n, hash } = await this.#parts.store.head(id);
    return { ...id, n, hash };
  }

  #wake(id: ChainId): void {
    this.#due.add(chainName(id));
    this.#bell.ring();
  }
}

function* inParts(rows: readonly Uint8Array[]): Generator<{ rows: Uint8Array[]; ends: boolean }> {
  for (let at = 0; ; ) {
    const part: Uint8Array[] = [];
    for (let size = 0; at < rows.length && part.length < MAX_ROWS && size < MAX_BATCH_BYTES; at++) {
      const row = rows[at] ?? new Uint8Array();
      part.push(row);
      size += row.length;
    }
    yield { rows: part, ends: at >= rows.length };
    if (at >= rows.length) return;
  }
}
