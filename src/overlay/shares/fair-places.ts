// So many places, and each child of our realm, with all that it certified, has a fair share of them. While there is room anybody
// may have all of it. When there is none, a newcomer takes the place of the youngest of whoever has the most, and it is refused
// only if that is its own kin: first the children of our realm are weighed against each other, then the realms below one of them.
import type { Lineage } from './lineage.ts';

/** A place that is taken. */
export interface Place {
  /** Idempotent. */
  leave(): void;
}

export interface PlacesReport {
  readonly most: number;
  readonly taken: number;
  /** Since the start: who found none. */
  readonly refused: number;
  /** Since the start: who had to leave one to somebody with fewer. */
  readonly ended: number;
}

interface Holder {
  readonly node: Node;
  readonly end: () => void;
}

/** Who holds a place stands at the end of a line: a lineage's last step has none below it. */
interface Node {
  readonly key: string;
  readonly above: Node | undefined;
  readonly below: Map<string, Node>;
  /** In the order in which they came. */
  readonly holders: Set<Holder>;
  /** With all below. */
  count: number;
}

export class FairPlaces {
  readonly #most: number;
  readonly #root = nodeOf('', undefined);
  /** Our own realm's: they count, and leave their place to nobody. */
  readonly #own = nodeOf('', undefined);
  #refused = 0;
  #ended = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get report(): PlacesReport {
    return { most: this.#most, taken: this.#taken, refused: this.#refused, ended: this.#ended };
  }

  /**
   * Undefined: there is none.
   * @param end called at once when this place goes to somebody else; it has left by then
   */
  enter(lineage: Lineage, end: () => void): Place | undefined {
    if (this.#taken >= this.#most) {
      const giving = lineage.length === 0 ? greediest(this.#root) : this.#giving(lineage);
      if (!giving) {
        this.#refused += 1;
        return undefined;
      }
      this.#end(youngest(giving));
    }
    const holder = { node: this.#node(lineage), end };
    holder.node.holders.add(holder);
    count(holder.node, 1);
    return { leave: () => this.#leave(holder) };
  }

  get #taken(): number {
    return this.#root.count + this.#own.count;
  }

  /** Who has at least two more than the newcomer's side would have: with less between them, places would go to and fro. */
  #giving(lineage: Lineage): Node | undefined {
    let node: Node | undefined = this.#root;
    for (const key of lineage) {
      const most = greediest(node);
      const own: Node | undefined = node.below.get(key);
      if (most && most !== own && (own?.count ?? 0) + 1 < most.count) return most;
      if (!own) return undefined;
      node = own;
    }
    return undefined;
  }

  #end(holder: Holder | undefined): void {
    if (!holder) return;
    this.#leave(holder);
    this.#ended += 1;
    holder.end();
  }

  #leave(holder: Holder): void {
    if (holder.node.holders.delete(holder)) count(holder.node, -1);
  }

  #node(lineage: Lineage): Node {
    if (lineage.length === 0) return this.#own;
    let node = this.#root;
    for (const key of lineage) {
      const next = node.below.get(key) ?? nodeOf(key, node);
      node.below.set(key, next);
      node = next;
    }
    return node;
  }
}

function nodeOf(key: string, above: Node | undefined): Node {
  return { key, above, below: new Map(), holders: new Set(), count: 0 };
}

function count(from: Node, by: number): void {
  for (let node: Node | undefined = from; node; node = node.above) {
    node.count += by;
    if (node.count === 0) node.above?.below.delete(node.key);
  }
}

/** Of several with as many, who came last. */
function greediest(node: Node): Node | undefined {
  let most: Node | undefined;
  for (const one of node.below.values()) if (!most || one.count >= most.count) most = one;
  return most;
}

function youngest(from: Node): Holder | undefined {
  let node = from;
  for (let most = greediest(node); most; most = greediest(node)) node = most;
  return [...node.holders].at(-1);
}
