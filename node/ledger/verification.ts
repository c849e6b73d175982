// Verifies the chains on disk, from the first byte on: entries, keys, signatures, snapshots; what witnesses have signed; who was convicted.
import { equals } from 'uint8arrays/equals';
import { type ChainId, type SignedEntry } from '../../src/protocols/ledger/entry.ts';
import { judgeKeys } from '../../src/protocols/ledger/judged-snapshot.ts';
import type { LedgerStore, Rewind } from '../../src/protocols/ledger/ledger-store.ts';
import type { ProofStore } from '../../src/protocols/ledger/proof-store.ts';
import { decodeSnapshot, SNAPSHOT, Standing, statementOf } from '../../src/protocols/ledger/snapshot.ts';
import { after, checkSigned, emptyHead, follow, type Head } from '../../src/protocols/ledger/verify.ts';
import type { HeadStatement } from '../../src/protocols/ledger/witness.ts';
import type { WitnessStore } from '../../src/protocols/ledger/witness-store.ts';
import { codeOf, messageOf, PeerError } from '../../src/realm/errors.ts';
import type { RealmName } from '../../src/realm/names.ts';

export interface WitnessVerdict {
  readonly realm: RealmName;
  readonly n: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** agrees: the same entry is here; ahead: it has seen more than is here; contradicts: it has seen another entry. */
  readonly says: 'agrees' | 'ahead' | 'contradicts';
}

export interface ChainVerdict extends ChainId {
  readonly n: number;
  readonly incarnation: number;
  readonly time: number;
  readonly bytes: number;
  /** Where the following began: 1, or a snapshot. */
  readonly from: number;
  readonly whole: boolean;
  readonly damage?: { readonly n: number; readonly code: string; readonly why: string };
  /** What proves fraud: the number that was signed twice, in which incarnation, when the proof came, and whether it still counts. */
  readonly fraud?: {
    readonly n: number;
    readonly incarnation: number;
    readonly since: number;
    readonly over?: 'resumed' | 'revoked';
  };
  /** Entries that gave way to a higher incarnation. */
  readonly rewinds: readonly Omit<Rewind, 'id'>[];
  readonly witnesses: readonly WitnessVerdict[];
}

export interface VerificationComponents {
  readonly store: LedgerStore;
  readonly proofs: ProofStore;
  readonly witnesses: WitnessStore;
}

export async function verifyLedger(parts: VerificationComponents): Promise<ChainVerdict[]> {
  const { store, proofs } = parts;
  const held = await store.chains();
  const convicted = (await proofs.list()).filter(
    (id) => !held.some((one) => one.realm === id.realm && one.chain === id.chain),
  );
  const verdicts: ChainVerdict[] = [];
  for (const id of [...held, ...convicted]) verdicts.push(await verifyChain(parts, id));
  return verdicts;
}

async function verifyChain({ store, proofs, witnesses }: VerificationComponents, id: ChainId): Promise<ChainVerdict> {
  const { n, incarnation, time, size } = await store.head(id);
  const damage = await damageOf(store, id);
  const fraud = await fraudOf(proofs, id, incarnation);
  const statements = await witnesses.of(id);
  return {
    ...id,
    n,
    incarnation,
    time,
    bytes: size,
    from: await store.base(id),
    whole: damage === undefined,
    ...(damage ? { damage } : {}),
    ...(fraud === undefined ? {} : { fraud }),
    rewinds: (await store.rewinds(id)).map(({ incarnation: to, begins, was }) => ({ incarnation: to, begins, was })),
    witnesses: await Promise.all(statements.map((statement) => witnessVerdict(store, statement))),
  };
}

async function fraudOf(proofs: ProofStore, id: ChainId, incarnation: number): Promise<ChainVerdict['fraud']> {
  const kept = await proofs.kept(id);
  if (!kept) return undefined;
  const { n, incarnation: of } = kept;
  const over = incarnation > of ? 'resumed' : (await proofs.get(id)) ? undefined : 'revoked';
  return { n, incarnation: of, since: await proofs.since(id), ...(over && { over }) };
}

async function witnessVerdict(store: LedgerStore, { head }: HeadStatement): Promise<WitnessVerdict> {
  const { witness, n, time, hash } = head;
  const ours = await store.get(head, n);
  const says = ours ? (equals(ours.hash, hash) ? 'agrees' : 'contradicts') : 'ahead';
  return { realm: witness, n, time, says };
}

async function damageOf(store: LedgerStore, id: ChainId): Promise<ChainVerdict['damage']> {
  let at = 0;
  try {
    const base = await store.base(id);
    const standing = new Standing();
    let head = emptyHead(id);
    for await (const signed of store.entries(id, base)) {
      at = signed.entry.n;
      head =
        at === base && base > 1
          ? await beginning(store, id, signed, standing)
          : await follow(head, signed, store.checkChain);
      if (signed.entry.kind === SNAPSHOT) checkRows(signed, standing);
      standing.take(signed.entry);
    }
    return undefined;
  } catch (error) {
    return { n: at, code: codeOf(error), why: messageOf(error) };
  }
}

/** The snapshot with which the following began: its key, its signature, and its rows. */
async function beginning(store: LedgerStore, id: ChainId, snapshot: SignedEntry, standing: Standing): Promise<Head> {
  const keys: SignedEntry[] = [];
  for await (const signed of store.keyEntries(id)) if (signed.entry.n < snapshot.entry.n) keys.unshift(signed);
  const { key } = await judgeKeys(id, keys, snapshot.entry.incarnation, store.checkChain);
  checkSigned(snapshot, key);
  for await (const fact of store.facts(id, snapshot.entry.n)) standing.take(fact);
  return after(emptyHead(id), snapshot, key);
}

function checkRows({ entry }: SignedEntry, standing: Standing): void {
  const stated = decodeSnapshot(entry.payload);
  const found = statementOf(standing.rows());
  if (stated.count === found.count && equals(stated.hash, found.hash)) return;
  throw new PeerError(
    'snapshot-wrong',
    `The snapshot of entry ${entry.n} states ${stated.count} rows that are not those before it`,
  );
}
