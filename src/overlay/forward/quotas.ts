// How many forwarded streams a relay has open, of each peer and in all, and how fast new ones may come.
import type { Clock } from '../../realm/clock.ts';
import { RefusedError } from '../../realm/errors.ts';
import type { Peer } from '../seam.ts';
import { TokenBucket } from '../token-bucket.ts';

/** Open forwarded streams: of the own node, of one peer relay, in all. */
export const QUOTA = { node: 1_024, relay: 128, total: 2_048 } as const;
/** New ones in a second; after a relay's restart all come at once. */
const RATE = { node: { rate: 128, burst: QUOTA.node }, relay: { rate: 16, burst: QUOTA.relay } } as const;
/** Peers whose rate is remembered; certificates bound them long before. */
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

  count(peerId: string, change: 1 | -1): void {
    const count = (this.#open.get(peerId) ?? 0) + change;
    if (count > 0) this.#open.set(peerId, count);
    else this.#open.delete(peerId);
    this.#total += change;
  }

  /** For a stream that is counted already. @throws RefusedError `quota` */
  check({ peerId, realm, role }: Peer): void {
    if (!this.#rate(peerId, role).take()) {
      throw new RefusedError('quota', `${realm} opens forwarded streams faster than they are taken`);
    }
    const ofPeer = this.#open.get(peerId) ?? 0;
    if (ofPeer > QUOTA[role] || this.#total > QUOTA.total) {
      throw new RefusedError('quota', `${realm} has ${ofPeer} forwarded streams, all together ${this.#total}`);
    }
  }

  #rate(peerId: string, role: Peer['role']): TokenBucket {
    const known = this.#rates.get(peerId);
    if (known) return known;
    const [oldest] = this.#rates.keys();
    if (oldest !== undefined && this.#rates.size >= MAX_REMEMBERED) this.#rates.delete(oldest);
    const bucket = new TokenBucket(this.#clock, RATE[role]);
    this.#rates.set(peerId, bucket);
    return bucket;
  }
}
