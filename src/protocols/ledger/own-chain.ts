// The author's side of a chain: one writer, one commit for whatever gathers. The key is introduced anew when the node's leaf
// has changed since the last entry, so that an idle chain does not grow by a key entry with each renewal.
import { equals } from 'uint8arrays/equals';
import type { Clock } from '../../realm/clock.ts';
import type { Write } from '../../store/engine.ts';
import { Gather } from '../../store/gather.ts';
import { type ChainId, encodeEntry, joinSigned, keyIdOf, type SignedEntry, signedBytes } from './entry.ts';
import { encodeKey, KEY } from './kinds.ts';
import type { LedgerSigner } from './leaf-key.ts';
import type { LedgerStore } from './ledger-store.ts';
import { follow, type Head } from './verify.ts';

export interface Draft {
  readonly kind: string;
  readonly payload: Uint8Array;
  /** What becomes durable together with the entry. */
  readonly writes?: readonly Write[];
}

/** Written after what gathered with it, so that its payload can speak of all that is on disk. */
interface SnapshotDraft {
  readonly snapshot: () => Promise<Draft>;
}

export interface OwnChainComponents {
  readonly store: LedgerStore;
  readonly clock: Pick<Clock, 'now'>;
  readonly incarnation: number;
  /** What certifies that incarnation; none for the first. */
  readonly certificate?: Uint8Array | undefined;
  /** Asked at each append, because leaves renew. */
  readonly signer: () => LedgerSigner;
  /** Asked at each append; throws while nothing may be numbered. */
  readonly assertMayWrite?: () => void;
}

/** Entries of one commit. */
const MAX_GROUP = 256;

export class OwnChain {
  readonly id: ChainId;
  readonly #parts: OwnChainComponents;
  readonly #drafts: Gather<Draft | SnapshotDraft | undefined>;

  constructor(id: ChainId, components: OwnChainComponents) {
    this.id = id;
    this.#parts = components;
    this.#drafts = new Gather((drafts) => this.#write(drafts), MAX_GROUP);
  }

  /** Resolves when the entry is on disk. @throws LocalError `disk-full`, PeerError `ledger-invalid`, RefusedError `cert-*` */
  append(draft: Draft): Promise<void> {
    return this.#drafts.add(draft);
  }

  /** Introduces the key if the chain is empty or the leaf has changed, so that there is something to follow. */
  introduceKey(): Promise<void> {
    return this.#drafts.add(undefined);
  }

  /** Appends what `make` returns, which sees every entry before it on disk. */
  snapshot(make: () => Promise<Draft>): Promise<void> {
    return this.#drafts.add({ snapshot: make });
  }

  idle(): Promise<void> {
    return this.#drafts.idle();
  }

  async #write(asked: readonly (Draft | SnapshotDraft | undefined)[]): Promise<void> {
    this.#parts.assertMayWrite?.();
    const drafts = asked.filter((draft) => draft !== undefined);
    const plain = drafts.filter((draft) => 'kind' in draft);
    await this.#append(plain);
    for (const draft of drafts) {
      if ('kind' in draft) continue;
      // What was written with it stands, whatever becomes of the snapshot.
      const written = this.#append([await draft.snapshot()]);
      await (plain.length > 0 ? written.catch(() => undefined) : written);
    }
  }

  async #append(drafts: readonly Draft[]): Promise<void> {
    const { store } = this.#parts;
    const signer = this.#parts.signer();
    const before = await store.head(this.id);
    const entries: SignedEntry[] = [];
    let head = before;
    for (const draft of this.#withKey(before, signer, drafts)) {
      const signed = await this.#sign(head, signer, draft);
      // The author judges as a follower would: what others would refuse is never written.
      head = await follow(head, signed, store.checkChain);
      entries.push(signed);
    }
    if (entries.length === 0) return;
    const writes = drafts.flatMap((draft) => draft.writes ?? []);
    await store.commit(before, head, entries, writes);
  }

  #withKey(head: Head, signer: LedgerSigner, drafts: readonly Draft[]): readonly Draft[] {
    const { incarnation, certificate } = this.#parts;
    const begins = incarnation > Math.max(head.incarnation, 1) ? certificate : undefined;
    if (!begins && head.key && equals(head.key.chain, signer.chain)) return drafts;
    return [{ kind: KEY, payload: encodeKey(signer.chain, begins) }, ...drafts];
  }

  async #sign(head: Head, signer: LedgerSigner, { kind, payload }: Draft): Promise<SignedEntry> {
    const entry = {
      ...this.id,
      incarnation: this.#parts.incarnation,
      n: head.n + 1,
      previous: head.hash,
      time: Math.max(this.#parts.clock.now(), head.time),
      kind,
      payload,
      keyId: keyIdOf(signer.publicKey),
    };
    const entryBytes = encodeEntry(entry);
    return joinSigned(entry, entryBytes, await signer.sign(signedBytes(entryBytes)));
  }
}
