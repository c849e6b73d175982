// Who is admitted: for each peer id the certificate it showed and its open connections. A peer leaves the registry with
// its last connection, so it is bounded by the host's limit of connections.
//
// A connection's `timeline` is one object from the socket to the finished libp2p connection; it is the only thing that all
// stages share, so it is the key under which a stage leaves word for a later one.
import type { Connection, MessageStream } from '@libp2p/interface';
import type { Chain, ValidatedLeaf } from '../../pki/chain.ts';
import { asError, codeOf, RefusedError } from '../../realm/errors.ts';
import type { RealmName, Role } from '../../realm/names.ts';
import type { OverlayAudit } from '../audit.ts';
import type { Peer } from '../seam.ts';
import type { Place } from '../shares/fair-places.ts';
import type { Shares } from '../shares/shares.ts';

export interface AdmittedPeer extends Peer {
  readonly leaf: ValidatedLeaf;
  readonly chain: Chain;
  /** Which process of that peer it is: two live ones of one peer id hold one key. Hex. */
  readonly instance: string;
}

/** Who must be at the other end, when that is known before. */
export interface Expectation {
  readonly realm: RealmName;
  readonly role: Role;
}

/** Throws RefusedError when the chain is no longer good. */
export type JudgeChain = (chain: Chain) => Promise<ValidatedLeaf>;

interface Entry {
  peer: AdmittedPeer;
  readonly connections: Set<Connection>;
}

/**
 * Of one realm, at the same time: the four that it may have, and as many that take their place. A realm certifies its relays itself;
 * without an end to them one branch could take every connection, link and quota that is counted for each peer.
 */
export const MAX_RELAYS_OF_REALM = 8;
/** Failed dials whose reason nobody has asked for. */
const MAX_FAILURES = 64;

const TOO_MANY = 'too-many-relays';
const QUOTA = 'quota';

type Staged = Pick<MessageStream, 'timeline'>;

export class Admissions {
  readonly #entries = new Map<string, Entry>();
  readonly #staged = new WeakMap<object, AdmittedPeer>();
  readonly #expected = new WeakMap<object, Expectation>();
  readonly #audited = new WeakSet<object>();
  readonly #failures = new Map<string, Error>();
  readonly #places = new Map<Connection, Place>();
  readonly #audit: OverlayAudit;
  readonly #shares: Pick<Shares, 'connections' | 'lineage'>;

  constructor(audit: OverlayAudit, shares: Pick<Shares, 'connections' | 'lineage'>) {
    this.#audit = audit;
    this.#shares = shares;
  }

  /** An admitted peer with an open connection. */
  get(peerId: string): AdmittedPeer | undefined {
    return this.#entries.get(peerId)?.peer;
  }

  peers(): AdmittedPeer[] {
    return [...this.#entries.values()].map((entry) => entry.peer);
  }

  connections(peerId: string): Connection[] {
    return [...(this.#entries.get(peerId)?.connections ?? [])];
  }

  expect(connection: Staged, expectation: Expectation): void {
    this.#expected.set(connection.timeline, expectation);
  }

  expectation(connection: Staged): Expectation | undefined {
    return this.#expected.get(connection.timeline);
  }

  /** The encrypter has admitted the peer at the end of this connection. */
  stage(connection: Staged, peer: AdmittedPeer): void {
    this.#staged.set(connection.timeline, peer);
  }

  staged(connection: Staged): AdmittedPeer | undefined {
    return this.#staged.get(connection.timeline);
  }

  /** Why we and whoever is at this address did not admit each other; libp2p keeps only the message of that error. */
  noteFailure(address: string, error: Error): void {
    const [oldest] = this.#failures.keys();
    if (this.#failures.size >= MAX_FAILURES && oldest !== undefined) this.#failures.delete(oldest);
    this.#failures.set(address, error);
  }

  /** Once: the failure is forgotten. */
  takeFailure(address: string): Error | undefined {
    const failure = this.#failures.get(address);
    this.#failures.delete(address);
    return failure;
  }

  /** A refusal on this connection was audited, with a better reason than later stages know. */
  markAudited(connection: Staged): void {
    this.#audited.add(connection.timeline);
  }

  isAudited(connection: Staged): boolean {
    return this.#audited.has(connection.timeline);
  }

  opened(connection: Connection): void {
    const peerId = connection.remotePeer.toString();
    const peer = this.staged(connection) ?? this.get(peerId);
    if (!peer) {
      // No way of ours leads here: the gater has refused what nobody admitted.
      connection.abort(new RefusedError('not-admitted', `${peerId} was never admitted`));
      return;
    }
    if (this.#isOneTooMany(peer)) {
      return this.#refuse(connection, peer, TOO_MANY, `${peer.realm} has ${MAX_RELAYS_OF_REALM} relays connected`);
    }
    const place = this.#shares.connections.enter(this.#shares.lineage(peer.realm), () =>
      this.#giveUp(connection, peer),
    );
    if (!place)
      return this.#refuse(connection, peer, QUOTA, `${peer.realm} and its kin have their share of connections`);
    this.#places.set(connection, place);
    const entry = this.#entries.get(peerId) ?? { peer, connections: new Set<Connection>() };
    entry.peer = peer;
    entry.connections.add(connection);
    this.#entries.set(peerId, entry);
  }

  closed(connection: Connection): void {
    const peerId = connection.remotePeer.toString();
    const entry = this.#entries.get(peerId);
    entry?.connections.delete(connection);
    this.#places.get(connection)?.leave();
    this.#places.delete(connection);
    if (entry?.connections.size === 0) this.#entries.delete(peerId);
  }

  /** Judges everyone again and cuts whoever is no longer to be admitted (expired, revoked). */
  async recheck(judge: JudgeChain): Promise<void> {
    for (const [peerId, entry] of this.#entries) {
      const refusal = await refusalOf(judge, entry.peer.chain);
      if (refusal) this.#cut(peerId, entry, refusal);
    }
  }

  #isOneTooMany({ peerId, realm, role }: AdmittedPeer): boolean {
    if (role !== 'relay' || this.#entries.has(peerId)) return false;
    const others = this.peers().filter((other) => other.role === 'relay' && other.realm === realm);
    return others.length >= MAX_RELAYS_OF_REALM;
  }

  #refuse(connection: Connection, { realm, role, peerId }: AdmittedPeer, reason: string, why: string): void {
    this.#audit({ code: 'connection-refused', reason, realm, role, peerId });
    connection.abort(new RefusedError(reason, why));
  }

  /** Its place went to a realm whose side has fewer. */
  #giveUp(connection: Connection, { realm, role, peerId }: AdmittedPeer): void {
    this.#audit({ code: 'session-cut', reason: QUOTA, realm, role, peerId });
    connection.abort(new RefusedError(QUOTA, `${realm} and its kin have more than their share of connections`));
  }

  #cut(peerId: string, { peer, connections }: Entry, refusal: Error): void {
    this.#audit({ code: 'session-cut', reason: codeOf(refusal), realm: peer.realm, role: peer.role, peerId });
    for (const connection of connections) connection.abort(refusal);
  }
}

async function refusalOf(judge: JudgeChain, chain: Chain): Promise<Error | undefined> {
  try {
    await judge(chain);
    return undefined;
  } catch (error) {
    return asError(error);
  }
}
