// The reader's side of /canopy/ledger/1: all chains that this node follows at one holder, on one stream.
import { equals } from 'uint8arrays/equals';
import type { Network, Peer, Stream } from '../../overlay/seam.ts';
import type { Clock } from '../../realm/clock.ts';
import { within } from '../../realm/deadline.ts';
import { asError, CanopyError, PeerError, RefusedError } from '../../realm/errors.ts';
import type { RealmName } from '../../realm/names.ts';
import { Patience } from '../../realm/patience.ts';
import { type ChainId, chainName, decodeSigned, NO_HASH, type SignedEntry } from './entry.ts';
import { decodeFrame, encodeFrame, type LedgerFrame, type Tip } from './frames.ts';
import { FraudError, type FraudProof } from './fraud.ts';
import {
  LEDGER_PROTOCOL,
  MAX_ASKED,
  MAX_FRAME,
  MAX_SNAPSHOT_BYTES,
  REQUEST_DEADLINE,
  SILENCE_DEADLINE,
  WRITE_DEADLINE,
} from './index.ts';
import type { Intake } from './intake.ts';
import type { LedgerStore } from './ledger-store.ts';

export interface HolderSessionComponents {
  readonly store: LedgerStore;
  readonly intake: Intake;
  readonly network: Network;
  readonly clock: Clock;
}

/** What a session tells. */
export interface HolderSessionEvents {
  /** The holder answers. */
  onOpen(): void;
  /** The holder has shown this much of the chain; at its end there, or more follows. */
  onTip(tip: Tip, isEnd: boolean): void;
  onFraud(proof: FraudProof): void;
  /** What the holder has of this chain does not stand; it is not taken from there any more. */
  onBad(id: ChainId, error: CanopyError): void;
  onGossip(frame: LedgerFrame, peer: Peer): Promise<void>;
}

/** Two chains of one realm are at the most between the parts of one snapshot. */
interface Rows {
  readonly rows: Uint8Array[];
  size: number;
  whole: boolean;
}

/** On one stream: when it parts, and when its snapshot comes. */
const MAX_ANEW = 4;

export class HolderSession {
  readonly holder: RealmName;
  readonly #parts: HolderSessionComponents;
  readonly #events: HolderSessionEvents;
  readonly #asked = new Map<string, ChainId>();
  readonly #outgoing: LedgerFrame[] = [];
  /** Chains of which the holder's last entry differs and was asked for. */
  readonly #compared = new Set<string>();
  /** How often chains that have parted from what is here were asked for from the holder's snapshot on. */
  readonly #anew = new Map<string, number>();
  #rows: Rows | undefined;
  #stream: Stream | undefined;
  #writes: Patience | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(components: HolderSessionComponents, holder: RealmName, events: HolderSessionEvents) {
    this.#parts = components;
    this.holder = holder;
    this.#events = events;
  }

  /** Runs until the stream ends or the signal aborts. @throws PeerError, RefusedError, UnreachableError, LocalError */
  async run(signal: AbortSignal): Promise<void> {
    const { network, clock } = this.#parts;
    const stream = await within(clock, REQUEST_DEADLINE, `stream to ${this.holder}`, signal, (limited) =>
      network.open(this.holder, LEDGER_PROTOCOL, { signal: limited, class: 'bulk', maxFrame: MAX_FRAME }),
    );
    this.#stream = stream;
    this.#writes = new Patience(clock, WRITE_DEADLINE, 'room to write', signal);
    const reads = new Patience(clock, SILENCE_DEADLINE, 'sign of life', signal);
    try {
      this.#events.onOpen();
      this.#flush();
      while (await this.#step(stream, reads)) this.#flush();
      await stream.close();
    } catch (error) {
      stream.abort(asError(error));
      throw error;
    } finally {
      this.#stream = undefined;
      reads.end();
      this.#writes.end();
    }
  }

  follows(id: ChainId): boolean {
    return this.#asked.has(chainName(id));
  }

  get chains(): number {
    return this.#asked.size;
  }

  /** Asks for chains that have not been asked for yet. */
  async ask(ids: readonly ChainId[]): Promise<void> {
    const fresh = ids.filter((id) => !this.follows(id));
    for (const id of fresh) this.#asked.set(chainName(id), id);
    const tips = await Promise.all(fresh.map((id) => this.#ownTip(id)));
    for (let at = 0; at < tips.length; at += MAX_ASKED) {
      this.send({ kind: 'follow', tips: tips.slice(at, at + MAX_ASKED) });
    }
  }

  send(frame: LedgerFrame): void {
    this.#outgoing.push(frame);
    this.#flush();
  }

  /** Writes in order, beside the reading; a write that fails ends the stream. */
  #flush(): void {
    const stream = this.#stream;
    const writes = this.#writes;
    if (!stream || !writes) return;
    for (const frame of this.#outgoing.splice(0)) {
      this.#writing = this.#writing
        .then(() => writes.for((limited) => stream.write(encodeFrame(frame), limited)))
        .catch((error: unknown) => stream.abort(asError(error)));
    }
  }

  /** Nothing, where only a new beginning would be taken. */
  async #ownTip(id: ChainId): Promise<Tip> {
    if (await this.#parts.intake.isConvicted(id)) return { ...id, n: 0, hash: NO_HASH };
    const { n, hash } = await this.#parts.store.head(id);
    return { ...id, n, hash };
  }

  /** Takes one frame; false at the end of the stream. */
  async #step(stream: Stream, reads: Patience): Promise<boolean> {
    const bytes = await reads.for((limited) => stream.read(limited));
    if (!bytes) return false;
    const frame = decodeFrame(bytes);
    switch (frame.kind) {
      case 'refused':
        throw new RefusedError(frame.code, `${this.holder} refused: ${frame.code}`);
      case 'entries':
        await this.#takeEntries(frame.entries.map(decodeSigned));
        break;
      case 'snapshot':
        this.#takeRows(frame.rows, frame.ends);
        break;
      case 'tips':
        for (const tip of frame.tips) await this.#takeTip(tip);
        break;
      case 'heads':
      case 'fraud':
        await this.#events.onGossip(frame, stream.peer);
        break;
      case 'follow':
        throw new PeerError('malformed', 'A holder asks for nothing');
    }
    return true;
  }

  #takeRows(rows: readonly Uint8Array[], ends: boolean): void {
    if (this.#rows?.whole) throw new PeerError('malformed', 'A snapshot without its entry');
    const taken = this.#rows ?? { rows: [], size: 0, whole: false };
    taken.rows.push(...rows);
    taken.size += rows.reduce((sum, row) => sum + row.length, 0);
    taken.whole = ends;
    if (taken.size > MAX_SNAPSHOT_BYTES) throw new PeerError('ledger-too-long', 'A snapshot beyond every measure');
    this.#rows = taken;
  }

  async #takeEntries(entries: readonly SignedEntry[]): Promise<void> {
    const [first] = entries;
    const rows = this.#rows;
    if (rows?.whole && first) {
      this.#rows = undefined;
      const id = this.#askedChain(first);
      return this.#judge(id, () => this.#parts.intake.begin(id, entries, rows.rows));
    }
    for (const group of byChain(entries)) {
      const [head] = group;
      if (!head) continue;
      const id = this.#askedChain(head);
      await this.#judge(id, () => this.#parts.intake.take(id, group));
      const last = group.at(-1) ?? head;
      this.#events.onTip({ ...id, n: last.entry.n, hash: last.hash }, false);
    }
  }

  #askedChain({ entry }: SignedEntry): ChainId {
    const id = this.#asked.get(chainName(entry));
    if (!id) throw new PeerError('ledger-unasked', `Nobody asked for the ${entry.chain} chain of ${entry.realm}`);
    return id;
  }

  async #judge(id: ChainId, step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      if (error instanceof FraudError) this.#events.onFraud(error.proof);
      else if (codeIs(error, 'ledger-convicted')) return;
      else if (codeIs(error, 'ledger-parted') && this.#askAnew(id)) return;
      else if (isOthersFault(error)) this.#events.onBad(id, error);
      else throw error;
    }
  }

  /** The holder's snapshot may begin the incarnation that does not go on from what is here; a new incarnation soon has one. */
  #askAnew(id: ChainId): boolean {
    const times = (this.#anew.get(chainName(id)) ?? 0) + 1;
    this.#anew.set(chainName(id), times);
    if (times <= MAX_ANEW) this.send({ kind: 'follow', tips: [{ ...id, n: 0, hash: NO_HASH }] });
    return times <= MAX_ANEW;
  }

  /** A holder that has less, and something else for its last number, is asked for that number: it may prove fraud. */
  async #takeTip(tip: Tip): Promise<void> {
    const ours = tip.n === 0 ? undefined : await this.#parts.store.linkAt(tip, tip.n);
    if (ours && !equals(ours.hash, tip.hash)) {
      if (this.#compared.has(chainName(tip))) return;
      this.#compared.add(chainName(tip));
      const { realm, chain, n } = tip;
      this.send({ kind: 'follow', tips: [{ realm, chain, n, hash: ours.hash }] });
    } else {
      this.#events.onTip(tip, true);
    }
  }
}

const isOthersFault = (error: unknown): error is CanopyError =>
  error instanceof PeerError || error instanceof RefusedError || codeIs(error, 'malformed');

function codeIs(error: unknown, code: string): boolean {
  return error instanceof CanopyError && error.code === code;
}

/** Runs of entries of one chain. */
function byChain(entries: readonly SignedEntry[]): SignedEntry[][] {
  const groups: SignedEntry[][] = [];
  let name = '';
  for (const signed of entries) {
    if (chainName(signed.entry) !== name) groups.push([]);
    name = chainName(signed.entry);
    groups.at(-1)?.push(signed);
  }
  return groups;
}
