// One vector: a chain, and what validation must say of it.
import type { Change, Place, World } from './forge.ts';
import { forge } from './forge.ts';

export interface Vector {
  readonly name: string;
  /** `ok`, or the refusal's code. */
  readonly expect: string;
  /** Why we refuse what openssl takes. */
  readonly stricter?: string;
  readonly subject: 'leaf' | 'authority';
  /** First certificate first. */
  readonly chain: readonly Uint8Array[];
  /** The root that is trusted, when it is not the last of the rightful chain. */
  readonly root?: Uint8Array;
}

/** The rightful certificates. */
export type Rightful = Readonly<Record<Place, Uint8Array>>;

export interface Bench {
  readonly world: World;
  readonly rightful: Rightful;
}

const ORDER = ['node', 'branch', 'enterprise', 'region', 'root'] as const;

/** The rightful chain with some certificates replaced. */
export function chainWith({ rightful }: Bench, replaced: Partial<Rightful> = {}): Uint8Array[] {
  return ORDER.map((place) => replaced[place] ?? rightful[place]);
}

/** A leaf chain in which one certificate differs from the rightful one. */
export async function changed(
  bench: Bench,
  name: string,
  expect: string,
  place: Place,
  change: Change,
  stricter?: string,
): Promise<Vector> {
  const der = await forge(bench.world, place, change);
  const why = stricter === undefined ? {} : { stricter };
  return {
    name,
    expect,
    ...why,
    subject: 'leaf',
    chain: chainWith(bench, { [place]: der }),
    ...(place === 'root' ? { root: der } : {}),
  };
}

/** A chain that begins with a leaf. */
export function leafChain(name: string, expect: string, chain: readonly Uint8Array[], stricter?: string): Vector {
  return { name, expect, ...(stricter === undefined ? {} : { stricter }), subject: 'leaf', chain };
}
