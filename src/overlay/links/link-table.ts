// The links that there are, one for each other relay, each with its place among them (../shares).
import type { Place } from '../shares/fair-places.ts';
import type { Shares } from '../shares/shares.ts';
import { Link, type LinkComponents, type LinkEnd } from './link.ts';

interface Kept {
  readonly link: Link;
  readonly place: Place;
}

export class LinkTable {
  readonly #shares: Pick<Shares, 'links' | 'lineage'>;
  readonly #components: LinkComponents;
  readonly #kept = new Map<string, Kept>();

  constructor(shares: Pick<Shares, 'links' | 'lineage'>, components: LinkComponents) {
    this.#shares = shares;
    this.#components = components;
  }

  get(peerId: string): Link | undefined {
    return this.#kept.get(peerId)?.link;
  }

  /** Undefined when there are too many: such a relay is served by what connection it has, and nothing is done to better it. */
  obtain({ realm, peerId }: LinkEnd): Link | undefined {
    const known = this.get(peerId);
    if (known) return known;
    const place = this.#shares.links.enter(this.#shares.lineage(realm), () => this.drop(peerId));
    if (!place) return undefined;
    const link = new Link({ realm, peerId }, this.#components);
    this.#kept.set(peerId, { link, place });
    return link;
  }

  drop(peerId: string): void {
    const kept = this.#kept.get(peerId);
    this.#kept.delete(peerId);
    kept?.place.leave();
    kept?.link.stop();
  }

  peerIds(): string[] {
    return [...this.#kept.keys()];
  }

  all(): Link[] {
    return [...this.#kept.values()].map(({ link }) => link);
  }

  /** Whether one of these relays, but for `besides`, is being tried at the moment. */
  isTrying(peerIds: readonly string[], besides: string): boolean {
    return peerIds.some((peerId) => peerId !== besides && !['idle', undefined].includes(this.get(peerId)?.phase));
  }
}
