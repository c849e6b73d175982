// How many forwarded streams a relay has open, of each realm and in all, and how fast new ones may come. Not of each peer: a
// realm certifies its relays itself, and could have as many as it likes.
import type { Clock } from '../../realm/clock.ts';
import { RefusedError } from '../../realm/errors.ts';
import type { Peer } from '../seam.ts';
import { TokenBucket } from '../token-bucket.ts';

/** Open forwarded streams: of the own node, of the relays of one realm, in all. */
export const QUOTA = { node: 1_024, relay: 128, total: 2_048 } as const;
/** New ones in a second; after a relay's restart all come at once. */
const RATE = { node: { rate: 128, burst: QUOTA.node }, relay: { rate: 16, burst: QUOTA.relay } } as const;
/** Realms whose rate is remembered; certificates bound them long before. */
const MAX_REMEMBERED = 4_096;

export class Quotas {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #open = new Map<string, number>();
  readonly #rates = new Map<string, TokenBucket>();
  #total = 0;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  get total(): number {
    return this.#total;
  }

  /** Counts a stream that has come. False: its realm has too many already, and this one is not counted. */
  enter(peer: Peer): boolean {
    const open = this.#open.get(ownerOf(peer)) ?? 0;
    if (open >= QUOTA[peer.role]) return false;
    this.#open.set(ownerOf(peer), open + 1);
    this.#total += 1;
    return true;
  }

  /** A stream that was counted has ended. */
  leave(peer: Peer): void {
    const left = (this.#open.get(ownerOf(peer)) ?? 0) - 1;
    if (left > 0) this.#open.set(ownerOf(peer), left);
    else this.#open.delete(ownerOf(peer));
    this.#total -= 1;
  }

  /** For a stream that is counted already. @throws RefusedError `quota` */
  check(peer: Peer): void {
    if (!this.#rate(peer).take()) {
      throw new RefusedError('quota', `${peer.realm} opens forwarded streams faster than they are taken`);
    }
    if (this.#total > QUOTA.total) {
      throw new RefusedError('quota', `all realms together have ${this.#total} forwarded streams`);
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
