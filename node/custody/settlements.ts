// Settlements on their way from destinations to origins: made here for what came to us, kept and passed on for others, of each
// sequence the newest alone.

import { MAX_HELD, MAX_SETTLED_ASIDE } from '../../src/protocols/custody/index.ts';
import { refOf } from '../../src/protocols/custody/payload.ts';
import {
  decodeSettlement,
  encodeSettlement,
  type Settlement,
  settledBytes,
} from '../../src/protocols/custody/settlement.ts';
import type { SetAside } from '../../src/protocols/deliver/frames.ts';
import { MAX_INCARNATIONS } from '../../src/protocols/deliver/index.ts';
import { coversRange, type Marks } from '../../src/protocols/deliver/mark-set.ts';
import type { Clock } from '../../src/realm/clock.ts';
import { PeerError, RefusedError } from '../../src/realm/errors.ts';
import type { RealmName } from '../../src/realm/names.ts';
import { nextOnTree } from '../../src/realm/tree.ts';
import type { Database } from '../../src/store/database.ts';
import type { Write } from '../../src/store/engine.ts';
import { type BatchSigner, type OriginKeys, verifierOf } from '../delivery/batch-signing.ts';
import {
  type CustodyStore,
  chainWrite,
  owedRemoval,
  owedWrite,
  type SettledRecord,
  settledRemoval,
  settledWrite,
} from './custody-store.ts';
import type { Answer, Flow, Item } from './hand-on.ts';
import type { HeldMail, Sequence } from './held-mail.ts';
import { declinedAfter } from './retry-times.ts';

export interface SettlementsInit {
  readonly realm: RealmName;
  readonly database: Pick<Database, 'commit'>;
  readonly store: CustodyStore;
  readonly held: HeldMail;
  readonly keys: OriginKeys;
  readonly signer: BatchSigner;
  readonly clock: Pick<Clock, 'now'>;
  /** What we have of an origin's sequence, and what of it was set aside. */
  readonly marksOf: (
    origin: RealmName,
    incarnation: number,
  ) => Promise<{ marks: Marks; setAside: readonly SetAside[] }>;
}

/** A settlement as it came from a neighbour. */
export interface Arrived {
  readonly settled: Uint8Array;
  readonly signature: Uint8Array;
  readonly chain: Uint8Array;
}

interface Kept extends SettledRecord {
  readonly settlement: Settlement;
}

interface Owed {
  readonly origin: RealmName;
  readonly incarnation: number;
  /** Rises with each batch, so that one which came while a settlement was on its way is owed still. */
  version: number;
  busy: boolean;
}

export class Settlements {
  readonly #init: SettlementsInit;
  readonly #owed = new Map<string, Owed>();
  readonly #kept = new Map<string, Kept>();
  /** Their keys by origin and destination: a region keeps too many to look through for each new one. */
  readonly #pairs = new Map<string, Set<string>>();
  /** Of `#kept`, those still to be handed on: few, where a region keeps tens of thousands. */
  readonly #unsent = new Set<string>();
  readonly #busy = new Set<string>();
  /** After a neighbour declined one, which is trouble of its own. */
  #blockedUntil = 0;

  constructor(init: SettlementsInit) {
    this.#init = init;
  }

  async load(): Promise<void> {
    const { store, held } = this.#init;
    for await (const { origin, incarnation } of store.owed()) this.#owe(origin, incarnation);
    for await (const record of store.settled()) {
      const settlement = decodeSettlement(record.settled);
      this.#keep({ ...record, settlement });
      held.remember(settlement, { first: 1, last: settlement.marks.watermark });
    }
  }

  /** We have a batch of this sequence on disk; resolves when it is written that we owe a word about it. */
  async owe(origin: RealmName, incarnation: number): Promise<void> {
    if (this.#owe(origin, incarnation)) await this.#init.database.commit([owedWrite(origin, incarnation)]);
  }

  #owe(origin: RealmName, incarnation: number): boolean {
    const which = `${origin}/${incarnation}`;
    const owed = this.#owed.get(which);
    if (owed) owed.version++;
    else this.#owed.set(which, { origin, incarnation, version: 1, busy: false });
    return !owed;
  }

  /** A batch came again whose origin must have missed the settlement: it goes out once more. */
  again(of: Sequence): void {
    const kept = this.#kept.get(keyOf(of));
    if (kept) this.#keep({ ...kept, handedOn: false });
  }

  #keep(kept: Kept): void {
    const which = keyOf(kept.settlement);
    this.#kept.set(which, kept);
    const pair = pairOf(kept.settlement);
    this.#pairs.set(pair, (this.#pairs.get(pair) ?? new Set()).add(which));
    if (kept.handedOn) this.#unsent.delete(which);
    else this.#unsent.add(which);
  }

  /** @throws RefusedError `out-of-way`, `cert-…`; PeerError `signature-bad`, `frame-malformed` */
  async check(arrived: Arrived, from: RealmName): Promise<Settlement> {
    const { realm, keys } = this.#init;
    const settlement = decodeSettlement(arrived.settled);
    const { origin, destination } = settlement;
    const isOnTheWay = origin === realm || ![undefined, from].includes(nextOnTree(realm, origin));
    if (nextOnTree(realm, destination) !== from || !isOnTheWay) {
      throw new RefusedError('out-of-way', `a settlement of ${destination} for ${origin} came from ${from}`);
    }
    const verify = await verifierOf(keys, arrived.chain, destination, MAX_HELD);
    if (!verify(settledBytes(arrived.settled), arrived.signature)) {
      throw new PeerError('signature-bad', `a settlement of ${destination} is not signed by its node`);
    }
    return settlement;
  }

  /** Of another origin: keeps the newest and drops what it covers. Resolves when it is on disk. */
  async keep(settlement: Settlement, { settled, signature, chain }: Arrived): Promise<void> {
    const { held, database } = this.#init;
    const before = this.#kept.get(keyOf(settlement));
    // Nothing of it was here: the origin hands its mail on anew, and then it will be.
    if (!before && !held.meets(settlement)) return;
    if (before && !isNewer(settlement, before.settlement)) return;
    const record = { settled, signature, ref: refOf(chain), handedOn: false };
    this.#keep({ ...record, settlement });
    const forgotten = before ? [] : this.#forgetOldest(settlement);
    await database.commit([settledWrite(settlement, record), chainWrite(record.ref, chain), ...forgotten]);
    await held.settle(settlement, settlement.marks);
  }

  /** A destination remembers no more incarnations of an origin either; else they could be made up without end. */
  #forgetOldest(of: Settlement): Write[] {
    const keys = this.#pairs.get(pairOf(of)) ?? new Set();
    const ofPair = [...keys]
      .flatMap((which) => this.#kept.get(which)?.settlement ?? [])
      .toSorted((a, b) => b.incarnation - a.incarnation);
    return ofPair.slice(MAX_INCARNATIONS).map((old) => {
      keys.delete(keyOf(old));
      this.#kept.delete(keyOf(old));
      this.#unsent.delete(keyOf(old));
      this.#init.held.forget(old);
      return settledRemoval(old);
    });
  }

  /** Of all neighbours. */
  flows(): Flow[] {
    const { realm } = this.#init;
    return [...this.#waiting()].flatMap(({ origin, take }) => {
      const next = nextOnTree(realm, origin);
      return next === undefined ? [] : [{ next, take }];
    });
  }

  *#waiting(): Iterable<{ origin: RealmName; take: () => Promise<Item | undefined> }> {
    for (const owed of this.#owed.values()) {
      if (!owed.busy) yield { origin: owed.origin, take: () => this.#make(owed) };
    }
    for (const which of this.#unsent) {
      const kept = this.#kept.get(which);
      if (!kept || this.#busy.has(which)) continue;
      yield { origin: kept.settlement.origin, take: () => this.#passOn(which, kept) };
    }
  }

  /** Our own word, as late as it can be: it then says all that has come by now. */
  async #make(owed: Owed): Promise<Item | undefined> {
    if (owed.busy || this.#isBlocked()) return undefined;
    owed.busy = true;
    const { origin, incarnation, version } = owed;
    const { realm: destination, marksOf, signer, clock, database } = this.#init;
    const { marks, setAside } = await marksOf(origin, incarnation).catch((error: unknown) => {
      owed.busy = false;
      throw error;
    });
    const newest = setAside.slice(0, MAX_SETTLED_ASIDE).map(({ n, code }) => ({ n, code }));
    const settled = encodeSettlement({ origin, incarnation, destination, marks, setAside: newest, at: clock.now() });
    const signature = signer.sign(settledBytes(settled));
    const { chain } = signer;
    return {
      kind: 'settlement',
      bytes: settled.length,
      ref: refOf(chain),
      chain,
      settled,
      signature,
      answered: async ({ kind }) => {
        owed.busy = false;
        this.#note(kind);
        if (kind !== 'taken' || owed.version !== version) return;
        this.#owed.delete(`${origin}/${incarnation}`);
        await database.commit([owedRemoval(origin, incarnation)]);
      },
    };
  }

  async #passOn(which: string, kept: Kept): Promise<Item | undefined> {
    if (this.#busy.has(which) || this.#isBlocked()) return undefined;
    this.#busy.add(which);
    const { settled, signature, ref, settlement } = kept;
    const chain = await this.#init.store.chain(ref).catch((error: unknown) => {
      this.#busy.delete(which);
      throw error;
    });
    if (!chain) {
      this.#busy.delete(which);
      return undefined;
    }
    const common = { bytes: settled.length, ref, chain, settled, signature };
    return {
      kind: 'settlement',
      ...common,
      answered: async ({ kind }) => {
        this.#busy.delete(which);
        this.#note(kind);
        const now = this.#kept.get(which);
        // A newer one has come meanwhile, which goes out by itself.
        if (kind !== 'taken' || now?.settled !== settled) return;
        this.#keep({ ...kept, handedOn: true });
        await this.#init.database.commit([settledWrite(settlement, { settled, signature, ref, handedOn: true })]);
      },
    };
  }

  #isBlocked(): boolean {
    return this.#blockedUntil > this.#init.clock.now();
  }

  #note(kind: Answer['kind']): void {
    if (kind === 'declined') this.#blockedUntil = this.#init.clock.now() + declinedAfter(0);
  }

  refs(): Uint8Array[] {
    return [...this.#kept.values()].map(({ ref }) => ref);
  }
}

/** Marks only grow; what is replayed never takes their place. */
function isNewer(one: Settlement, before: Settlement): boolean {
  const { watermark, ranges } = before.marks;
  const covered = coversRange(one.marks, 1, watermark) && ranges.every(([a, b]) => coversRange(one.marks, a, b));
  return covered && one.at >= before.at;
}

function pairOf({ origin, destination }: Pick<Sequence, 'origin' | 'destination'>): string {
  return `${origin}/${destination}`;
}

function keyOf({ origin, destination, incarnation }: Sequence): string {
  return `${origin}/${destination}/${incarnation}`;
}
