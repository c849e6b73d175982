// Judges what a neighbour hands on and takes it: for this realm into its log, for others into custody, settlements to where
// they are awaited. Each check comes before the first write.
import type { Path } from '../../src/overlay/seam.ts';
import type { BatchFrame, SettlementFrame } from '../../src/protocols/custody/frames.ts';
import { MAX_HELD } from '../../src/protocols/custody/index.ts';
import { decodePayload, refOf } from '../../src/protocols/custody/payload.ts';
import type { Settlement } from '../../src/protocols/custody/settlement.ts';
import { type BatchHeader, decodeBatchHeader } from '../../src/protocols/deliver/batch.ts';
import type { Clock } from '../../src/realm/clock.ts';
import { PeerError, RefusedError } from '../../src/realm/errors.ts';
import { isWithin, type RealmName } from '../../src/realm/names.ts';
import { nextOnTree, treeBetween } from '../../src/realm/tree.ts';
import type { Audit } from '../audit/audit.ts';
import { assertCertified, type OriginKeys, verifierOf } from '../delivery/batch-signing.ts';
import type { Inbound } from '../delivery/inbound.ts';
import { type OpenedBatch, openBatch } from '../delivery/opened-batch.ts';
import type { Standing } from '../delivery/standing.ts';
import type { CustodyTaker } from './custody-server.ts';
import type { HeldRecord } from './custody-store.ts';
import type { CustodyTally } from './custody-tally.ts';
import type { HeldMail } from './held-mail.ts';
import type { Settlements } from './settlements.ts';

export interface TakingComponents {
  readonly realm: RealmName;
  readonly keys: OriginKeys;
  readonly held: HeldMail;
  readonly settlements: Settlements;
  readonly standing: Standing;
  readonly inboundOf: (origin: RealmName) => Promise<Inbound>;
  /** A settlement of our own mail: resolves when it is on disk. */
  readonly onSettled: (settlement: Settlement, path: Path) => Promise<void>;
  /** There is something for the neighbour on the way to that realm. */
  readonly wake: (towards: RealmName) => void;
  readonly audit: Pick<Audit, 'record'>;
  readonly tally: CustodyTally;
  readonly clock: Pick<Clock, 'now'>;
}

/** What an honest neighbour never hands on. */
const HOSTILE = new Set(['signature-bad', 'digest-wrong', 'body-altered', 'out-of-way', 'origin-foreign']);
/** Milliseconds between two records of the same neighbour and reason. */
const AUDIT_EACH = 60_000;

export class Taking implements CustodyTaker {
  readonly #parts: TakingComponents;
  readonly #audited = new Map<string, number>();

  constructor(parts: TakingComponents) {
    this.#parts = parts;
  }

  async batch(from: RealmName, frame: BatchFrame, chain: Uint8Array, path: Path): Promise<void> {
    const { realm, keys } = this.#parts;
    const batch = decodePayload(frame.payload);
    const header = decodeBatchHeader(batch.header);
    this.#checkWay(header, from);
    this.#checkTrail(header, frame);
    const verify = await verifierOf(keys, chain, header.origin, MAX_HELD);
    await assertCertified(keys, batch.certificate, header);
    const opened = openBatch(batch, { ...header, verify });
    // The signature covers a body's hash and not the body: here the hop before it is to blame, not the origin.
    const altered = opened.items.find(({ code }) => code === 'body-altered');
    if (altered)
      throw new PeerError('body-altered', `number ${altered.n} of ${header.origin} came altered from ${from}`);
    if (header.destination === realm) await this.#arrive(opened, frame, from, path);
    else await this.#hold(opened, frame, from, chain);
  }

  /** Only from the side of the origin, and only what goes on to the other side. @throws RefusedError `out-of-way` */
  #checkWay({ origin, destination }: BatchHeader, from: RealmName): void {
    const { realm } = this.#parts;
    const next = destination === realm ? realm : nextOnTree(realm, destination);
    if (nextOnTree(realm, origin) === from && next !== undefined && next !== from) return;
    throw new RefusedError('out-of-way', `a batch of ${origin} for ${destination} came to ${realm} from ${from}`);
  }

  /** Who held it before follows from the names; only since when is their word. @throws RefusedError `out-of-way` */
  #checkTrail({ origin }: BatchHeader, { trail }: BatchFrame): void {
    const between = treeBetween(origin, this.#parts.realm).slice(1, -1);
    if (between.length === trail.length && between.every((one, at) => one === trail[at]?.realm)) return;
    throw new RefusedError('out-of-way', `a batch of ${origin} names ${trail.length} custodians that are not its way`);
  }

  async #arrive(opened: OpenedBatch, frame: BatchFrame, from: RealmName, path: Path): Promise<void> {
    const { inboundOf, settlements, wake } = this.#parts;
    const { origin, incarnation } = opened.header;
    const inbound = await inboundOf(origin);
    inbound.checkLeap(incarnation);
    await inbound.take(opened, { kind: 'custody', via: from, hops: path.hops, trail: frame.trail });
    await settlements.owe(origin, incarnation);
    wake(origin);
  }

  async #hold({ header }: OpenedBatch, frame: BatchFrame, from: RealmName, chain: Uint8Array): Promise<void> {
    const { held, settlements, standing, clock, tally, wake } = this.#parts;
    const now = clock.now();
    if (held.knows(header)) {
      tally.repeated++;
      settlements.again(header);
      return wake(header.origin);
    }
    if (header.expiry > 0 && header.expiry <= now) throw new RefusedError('expired', 'nobody waits for it any more');
    if (standing.isFrozen(header.destination)) throw new RefusedError('frozen', `${header.destination} is revoked`);
    this.#assertThere(header.destination);
    const { origin, destination, incarnation, first, last, expiry } = header;
    const id = { origin, destination, incarnation, first, last };
    const { trail, payload } = frame;
    const bytes = payload.length;
    const record: HeldRecord = { ...id, heldAt: now, expiry, bytes, from, ref: refOf(chain), trail, passedAt: 0 };
    await held.take(record, payload, chain);
    tally.held++;
    wake(destination);
  }

  /** Of what is below this realm the ledger names every one: for a realm that nobody certified there is nothing to keep. */
  #assertThere(destination: RealmName): void {
    const { realm, standing } = this.#parts;
    if (!isWithin(destination, realm) || standing.isKnown?.(destination) !== false) return;
    throw new RefusedError('realm-unknown', `nobody has certified ${destination}`);
  }

  async settlement(from: RealmName, frame: SettlementFrame, chain: Uint8Array, path: Path): Promise<void> {
    const { realm, settlements, onSettled, tally, wake } = this.#parts;
    const arrived = { settled: frame.settled, signature: frame.signature, chain };
    const settlement = await settlements.check(arrived, from);
    if (settlement.origin === realm) await onSettled(settlement, path);
    else await settlements.keep(settlement, arrived);
    tally.settled++;
    wake(settlement.origin);
  }

  declined(from: RealmName, code: string): void {
    const { tally, audit, clock } = this.#parts;
    tally.declined++;
    if (!HOSTILE.has(code) && !code.startsWith('cert-')) return;
    const which = `${from}/${code}`;
    const now = clock.now();
    if (now - (this.#audited.get(which) ?? Number.NEGATIVE_INFINITY) < AUDIT_EACH) return;
    this.#audited.set(which, now);
    audit.record({ code: 'custody-declined', actor: from, fields: { why: code } }).catch(() => {});
  }
}
