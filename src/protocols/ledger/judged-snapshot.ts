// Judges what a chain may be begun with: a snapshot, the entry of the key in force, and the one that begins the snapshot's incarnation.
// An incarnation above the first is believed only with the certificate that its first entry carries: else whoever may sign for the
// realm could state any number.
import { equals } from 'uint8arrays/equals';
import { PeerError } from '../../realm/errors.ts';
import type { ChainId, SignedEntry } from './entry.ts';
import { KEY } from './kinds.ts';
import type { CheckChain } from './leaf-key.ts';
import { decodeRow, decodeSnapshot, SNAPSHOT, statementOf } from './snapshot.ts';
import { after, checkSigned, emptyHead, type Head, type HeadKey, introducedKey } from './verify.ts';

export interface JudgedSnapshot {
  readonly head: Head;
  /** The entries that go to the disk with the rows. */
  readonly kept: readonly SignedEntry[];
  /** The first entry of its incarnation, above the first. */
  readonly begun: SignedEntry | undefined;
}

/** @throws PeerError `ledger-invalid`; RefusedError `cert-*`; InputError `malformed` */
export async function judgeSnapshot(
  id: ChainId,
  entries: readonly SignedEntry[],
  rows: readonly Uint8Array[],
  check: CheckChain,
): Promise<JudgedSnapshot> {
  const snapshot = entries.at(-1);
  const keys = entries.slice(0, -1);
  if (snapshot?.entry.kind !== SNAPSHOT || !areInOrder(id, entries)) return refuse(id, 'is not introduced');
  const { key, begun } = await judgeKeys(id, keys, snapshot.entry.incarnation, check);
  checkSigned(snapshot, key);
  const stated = decodeSnapshot(snapshot.entry.payload);
  const shown = statementOf(rows);
  if (stated.count !== shown.count || !equals(stated.hash, shown.hash)) refuse(id, 'states other rows');
  const numbers = rows.map((row) => decodeRow(id, row).n);
  if (numbers.some((n, i) => n >= snapshot.entry.n || n <= (numbers[i - 1] ?? 0))) refuse(id, 'is out of order');
  const size = rows.reduce((sum, row) => sum + row.length, 0);
  return { head: after({ ...emptyHead(id), size }, snapshot, key), kept: entries, begun };
}

/** Of one chain, ascending, the incarnation of the snapshot the highest, and keys all but it. */
function areInOrder({ realm, chain }: ChainId, entries: readonly SignedEntry[]): boolean {
  return entries.every(({ entry }, i) => {
    const before = entries[i - 1]?.entry;
    const isNext = !before || (before.n < entry.n && before.incarnation <= entry.incarnation && before.kind === KEY);
    return entry.realm === realm && entry.chain === chain && isNext;
  });
}

/** The last key is in force; one of them begins the incarnation. */
export async function judgeKeys(
  id: ChainId,
  keys: readonly SignedEntry[],
  incarnation: number,
  check: CheckChain,
): Promise<{ readonly key: HeadKey; readonly begun: SignedEntry | undefined }> {
  let key: HeadKey | undefined;
  let begun: SignedEntry | undefined;
  for (const signed of keys) {
    key = await introducedKey(signed.entry, check);
    checkSigned(signed, key);
    if (signed.entry.incarnation === incarnation && key.begins === incarnation) begun ??= signed;
  }
  if (!key) return refuse(id, 'has no key');
  if (incarnation > 1 && !begun) return refuse(id, `is of incarnation ${incarnation}, which nobody certified`);
  return { key, begun };
}

function refuse({ realm, chain }: ChainId, why: string): never {
  throw new PeerError('ledger-invalid', `The snapshot of the ${chain} chain of ${realm} ${why}`);
}
