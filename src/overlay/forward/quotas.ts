// How many forwarded streams a relay has open, of each realm and in all, and how fast new ones may come. Not of each peer: a
// realm certifies its relays itself, and could have as many as it likes. All of them together are shared out fairly (../shares).
import type { Clock } from '../../realm/clock.ts';
import { RefusedError } from '../../realm/errors.ts';
import type { Peer } from '../seam.ts';
import type { Place } from '../shares/fair-places.ts';
import type { Shares } from '../shares/shares.ts';
import { TokenBucket } from '../token-bucket.ts';

/** Open forwarded streams: of the own node, of the relays of one realm. */
export const QUOTA = { node: 1_024, relay: 128 } as const;
/** New ones in a second; after a relay's restart all come at once. */
const RATE = { node: { rate: 128, burst: QUOTA.node }, relay: { rate: 16, burst: QUOTA.relay } } as const;
/** Realms whose rate is remembered; certificates bound them long before. */
const MAX_REMEMBERED = 4_096;

export class Quotas {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #shares: Pick<Shares, 'streams' | 'lineage'>;
  readonly #open = new Map<string, number>();
  readonly #rates = new Map<string, TokenBucket>();

  constructor(clock: Pick<Clock, 'monotonic'>, shares: Pick<Shares, 'streams' | 'lineage'>) {
    this.#clock = clock;
    this.#shares = shares;
  }

  get total(): number {
    return this.#shares.streams.report.taken;
  }

  /**
   * Counts a stream that has come, until it leaves. Undefined: its realm has too many already, or its side has its share.
   * @param end ends it, for the sake of a realm whose side has fewer
   */
  enter(peer: Peer, end: () => void): Place | undefined {
    const owner = ownerOf(peer);
    const open = this.#open.get(owner) ?? 0;
    if (open >= QUOTA[peer.role]) return undefined;
    const place = this.#shares.streams.enter(this.#shares.lineage(peer.realm), end);
    if (!place) return undefined;
    this.#open.set(owner, open + 1);
    return { leave: () => (place.leave(), this.#left(owner)) };
  }

  #left(owner: string): void {
    const left = (this.#open.get(owner) ?? 0) - 1;
    if (left > 0) this.#open.set(owner, left);
    else this.#open.delete(owner);
  }

  /** For a stream that is counted already. @throws RefusedError `quota` */
  check(peer: Peer): void {
    if (!this.#rate(peer).take()) {
      throw new RefusedError('quota', `${peer.realm} opens forwarded streams faster than they are taken`);
    }
  }

  #rate(peer: Peer): TokenBucket {
    const owner = ownerOf(peer);
    const known = this.#rates.get(owner);
    if (known) return known;
    const [oldest] = this.#rates.keys();
    if (oldest !== undefined && this.#rates.size >= MAX_REMEMBERED) this.#rates.delete(oldest);
    const bucket = new TokenBucket(this.#clock, RATE[peer.role]);
    this.#rates.set(owner, bucket);
    return bucket;
  }
}

const ownerOf = ({ role, realm }: Peer): string => `${role} ${realm}`;
