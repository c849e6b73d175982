// The reader's side of /canopy/ledger/1: one run of following a chain at one holder.
import { equals } from 'uint8arrays/equals';
import type { Network, Stream } from '../../overlay/seam.ts';
import type { Clock } from '../../realm/clock.ts';
import { within } from '../../realm/deadline.ts';
import { PeerError, RefusedError } from '../../realm/errors.ts';
import type { RealmName } from '../../realm/names.ts';
import { type ChainId, decodeSigned, isSignedBy, type SignedEntry } from './entry.ts';
import { decodeAnswer, encodeRequest } from './frames.ts';
import {
  LEDGER_PROTOCOL,
  MAX_CHAIN_LENGTH,
  MAX_FRAME,
  REQUEST_DEADLINE,
  SILENCE_DEADLINE,
  WRITE_DEADLINE,
} from './index.ts';
import { KEY } from './kinds.ts';
import type { LedgerStore } from './ledger-store.ts';
import { follow, type Head, introducedKey } from './verify.ts';

export interface FollowComponents {
  readonly store: LedgerStore;
  readonly network: Network;
  readonly clock: Clock;
}

/** Thrown once two signed entries for one number are on disk; the chain must not be followed any more. */
export class FraudError extends PeerError {
  readonly id: ChainId;
  readonly n: number;

  constructor(id: ChainId, n: number) {
    super('ledger-fraud', `${id.realm} signed two entries for number ${n} of its ${id.chain} chain`);
    this.id = id;
    this.n = n;
  }
}

/**
 * Follows the chain at `holder` until the stream ends or the signal aborts; each batch is on disk before the next is read.
 * `onProgress` is called whenever the holder has shown itself alive and in agreement.
 * @throws FraudError, PeerError, RefusedError, UnreachableError, LocalError
 */
export async function followChain(
  { store, network, clock }: FollowComponents,
  id: ChainId,
  holder: RealmName,
  signal: AbortSignal,
  onProgress: () => void,
): Promise<void> {
  const stream = await within(clock, REQUEST_DEADLINE, `stream to ${holder}`, signal, (limited) =>
    network.open(holder, LEDGER_PROTOCOL, { signal: limited, class: 'bulk', maxFrame: MAX_FRAME }),
  );
  try {
    const head = await store.head(id);
    const request = encodeRequest({ ...id, from: Math.max(head.n, 1) });
    await within(clock, WRITE_DEADLINE, 'room to write', signal, (limited) => stream.write(request, limited));
    while (await step({ store, clock }, id, stream, signal)) onProgress();
    await stream.close();
  } catch (error) {
    stream.abort(error instanceof Error ? error : new Error(String(error)));
    throw error;
  }
}

/** Takes one frame; false at the end of the stream. */
async function step(
  { store, clock }: Pick<FollowComponents, 'store' | 'clock'>,
  id: ChainId,
  stream: Stream,
  signal: AbortSignal,
): Promise<boolean> {
  const frame = await within(clock, SILENCE_DEADLINE, 'sign of life', signal, (limited) => stream.read(limited));
  if (!frame) return false;
  const answer = decodeAnswer(frame);
  if (answer.kind === 'refused') throw new RefusedError(answer.code, `${stream.peer.realm} refused: ${answer.code}`);
  if (answer.kind === 'entries') await takeEntries(store, id, answer.entries.map(decodeSigned));
  return true;
}

/** Verifies and stores what is new; what is known must be the same. */
async function takeEntries(store: LedgerStore, id: ChainId, entries: readonly SignedEntry[]): Promise<void> {
  const before = await store.head(id);
  let head: Head = before;
  const fresh: SignedEntry[] = [];
  for (const signed of entries) {
    if (signed.entry.n > MAX_CHAIN_LENGTH)
      throw new PeerError('ledger-too-long', `More than ${MAX_CHAIN_LENGTH} entries`);
    if (signed.entry.n <= before.n) {
      await compare(store, id, signed);
      continue;
    }
    head = await follow(head, signed, store.checkChain);
    fresh.push(signed);
  }
  if (fresh.length > 0) await store.commit(before, head, fresh);
}

async function compare(store: LedgerStore, id: ChainId, theirs: SignedEntry): Promise<void> {
  const { n } = theirs.entry;
  const ours = await store.get(id, n);
  if (ours && equals(ours.hash, theirs.hash)) return;
  if (!ours || !(await isProof(store, id, theirs))) {
    throw new PeerError(
      'ledger-invalid',
      `Entry ${n} of the ${id.chain} chain of ${id.realm} differs from the one held here`,
    );
  }
  await store.recordFraud(ours, theirs);
  throw new FraudError(id, n);
}

/** Only what the realm itself signed proves anything against it; a holder could make up the rest. */
async function isProof(store: LedgerStore, id: ChainId, { entry, ...signed }: SignedEntry): Promise<boolean> {
  if (entry.realm !== id.realm || entry.chain !== id.chain) return false;
  const key = entry.kind === KEY ? await introducedKey(entry, store.checkChain) : await store.keyBefore(id, entry.n);
  return key !== undefined && equals(key.keyId, entry.keyId) && isSignedBy({ entry, ...signed }, key.publicKey);
}
