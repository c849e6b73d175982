// What realms tell each other about chains beside the chains themselves: countersigned heads, and proofs of fraud. Both are verified,
// kept and handed on; what is known already goes no further.
import { equals } from 'uint8arrays/equals';
import type { Peer } from '../../src/overlay/seam.ts';
import type { ChainId } from '../../src/protocols/ledger/entry.ts';
import type { LedgerFrame } from '../../src/protocols/ledger/frames.ts';
import { decodeProof, type FraudProof } from '../../src/protocols/ledger/fraud.ts';
import { MAX_STATEMENTS } from '../../src/protocols/ledger/index.ts';
import type { LedgerSigner } from '../../src/protocols/ledger/leaf-key.ts';
import { type LedgerStore, standingKey } from '../../src/protocols/ledger/ledger-store.ts';
import type { ProofStore } from '../../src/protocols/ledger/proof-store.ts';
import type { HeadKey } from '../../src/protocols/ledger/verify.ts';
import {
  decodeStatement,
  type HeadStatement,
  isStatementSignedBy,
  signHead,
} from '../../src/protocols/ledger/witness.ts';
import type { WitnessStore } from '../../src/protocols/ledger/witness-store.ts';
import type { Clock } from '../../src/realm/clock.ts';
import { PeerError, RefusedError } from '../../src/realm/errors.ts';
import type { RealmName } from '../../src/realm/names.ts';

/** A stream on which something can be handed on. */
export interface Outlet {
  readonly realm: RealmName;
  follows(id: ChainId): boolean;
  send(frame: LedgerFrame): void;
}

export interface NotaryComponents {
  readonly store: LedgerStore;
  readonly proofs: ProofStore;
  readonly witnesses: WitnessStore;
  readonly clock: Pick<Clock, 'now'>;
  readonly signer: () => LedgerSigner;
  readonly outlets: () => readonly Outlet[];
}

export interface NotaryEvents {
  /** A proof that is on disk and was not known. */
  onFraud(proof: FraudProof): Promise<void>;
  /** A witness has signed another entry for a number that is here. */
  onContradiction(statement: HeadStatement): void;
}

/** Key entries of a witness that are searched for the key of a statement. */
const MAX_KEYS = 24;
/** Milliseconds by which a witness's clock may be ahead. */
const MAX_AHEAD = 10 * 60 * 1000;

export class Notary {
  readonly #realm: RealmName;
  readonly #parts: NotaryComponents;
  readonly #events: NotaryEvents;
  refused = 0;

  constructor(realm: RealmName, components: NotaryComponents, events: NotaryEvents) {
    this.#realm = realm;
    this.#parts = components;
    this.#events = events;
  }

  /** Signs the heads of these chains that have grown since the last time. */
  async countersign(chains: readonly ChainId[]): Promise<number> {
    let signed = 0;
    for (const id of chains) if (await this.#countersign(id)) signed++;
    return signed;
  }

  async take(frame: LedgerFrame, peer: Peer): Promise<void> {
    if (frame.kind === 'heads') {
      for (const bytes of frame.statements) {
        if (!this.#parts.witnesses.has(bytes)) await this.#takeStatement(decodeStatement(bytes), peer.realm);
      }
    } else if (frame.kind === 'fraud') {
      const proof = await this.#judgeProof(frame.proof);
      if (proof) await this.accuse(proof, peer.realm);
    }
  }

  /** A key that counts at its sender may have been revoked here: no reason to end a stream that carries all chains. */
  async #judgeProof(bytes: Uint8Array): Promise<FraudProof | undefined> {
    try {
      return await decodeProof(bytes, this.#parts.store.checkChain);
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      this.refused++;
      return undefined;
    }
  }

  /** Keeps a verified proof and hands it on to everybody. */
  async accuse(proof: FraudProof, from?: RealmName): Promise<void> {
    const { proofs } = this.#parts;
    const known = await proofs.get(proof);
    if (known && known.incarnation >= proof.incarnation) return;
    await proofs.put(proof, this.#parts.clock.now());
    await this.#events.onFraud(proof);
    this.#spread({ kind: 'fraud', proof: proof.bytes }, () => true, from);
  }

  /** To a realm that has just begun to listen: what is known of its own chains and of those that it follows. */
  async welcome(outlet: Outlet, chains: readonly ChainId[]): Promise<void> {
    const { proofs, witnesses } = this.#parts;
    for (const id of await proofs.list()) {
      const proof = await proofs.get(id);
      if (proof) outlet.send({ kind: 'fraud', proof: proof.bytes });
    }
    const statements: Uint8Array[] = [];
    for (const id of chains) {
      if (id.realm !== outlet.realm && !outlet.follows(id)) continue;
      for (const { bytes } of await witnesses.of(id)) statements.push(bytes);
    }
    for (let at = 0; at < statements.length; at += MAX_STATEMENTS) {
      outlet.send({ kind: 'heads', statements: statements.slice(at, at + MAX_STATEMENTS) });
    }
  }

  async #countersign(id: ChainId): Promise<boolean> {
    const { store, witnesses, clock, signer, proofs } = this.#parts;
    const { n, hash, incarnation } = await store.head(id);
    const before = await witnesses.by(id, this.#realm);
    if (n === 0 || (before && before.head.n >= n && before.head.incarnation >= incarnation)) return false;
    if (await proofs.against(id, incarnation)) return false;
    const head = { ...id, witness: this.#realm, incarnation, n, hash, time: clock.now() };
    await this.#keep(await signHead(head, signer()));
    return true;
  }

  async #takeStatement(statement: HeadStatement, from: RealmName): Promise<void> {
    const { head } = statement;
    // Of chains that nobody has here there is nothing to compare, and their names could be made up without end.
    if (head.realm !== this.#realm && (await this.#parts.store.head(head)).n === 0) return;
    if (!(await this.#parts.witnesses.isNews(head))) return;
    const key = await this.#keyOf(statement);
    if (!key || head.witness === head.realm || head.time > this.#parts.clock.now() + MAX_AHEAD) {
      this.refused++;
      return;
    }
    if (!isStatementSignedBy(statement, key)) {
      throw new PeerError('ledger-invalid', `${from} sent a head that ${head.witness} has not signed`);
    }
    await this.#keep(statement, from);
  }

  async #keep(statement: HeadStatement, from?: RealmName): Promise<void> {
    if (!(await this.#parts.witnesses.put(statement))) return;
    const { head } = statement;
    const ours = await this.#parts.store.linkAt(head, head.n);
    if (ours && !equals(ours.hash, head.hash) && ours.incarnation === head.incarnation) {
      this.#events.onContradiction(statement);
    }
    const concerns = (outlet: Outlet) => outlet.realm === head.realm || outlet.follows(head);
    this.#spread({ kind: 'heads', statements: [statement.bytes] }, concerns, from);
  }

  #spread(frame: LedgerFrame, concerns: (outlet: Outlet) => boolean, from?: RealmName): void {
    const told = new Set<RealmName>(from ? [from] : []);
    for (const outlet of this.#parts.outlets()) {
      if (told.has(outlet.realm) || !concerns(outlet)) continue;
      told.add(outlet.realm);
      outlet.send(frame);
    }
  }

  /** The key that the statement names, from the chains of the witness that are here. */
  async #keyOf({ head }: HeadStatement): Promise<HeadKey | undefined> {
    for (const chain of ['network', 'directory'] as const) {
      let searched = 0;
      for await (const signed of this.#parts.store.keyEntries({ realm: head.witness, chain })) {
        const { entry } = signed;
        if (equals(entry.keyId, head.keyId)) return standingKey(signed, this.#parts.store.checkChain);
        if (++searched >= MAX_KEYS) break;
      }
    }
    return undefined;
  }
}
