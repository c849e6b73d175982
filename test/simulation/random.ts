// Randomness of a seed: the same seed gives the same numbers, and a stream of its own for each part, so that one part that
// draws more often does not change what another gets.

/** From 0 up to 1. */
export type Random = () => number;

/** A small generator (mulberry32). */
export function randomOf(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The stream of one part of a run (FNV-1a over its name). */
export function randomFor(seed: number, part: string): Random {
  let hash = 0x811c9dc5 ^ seed;
  for (let i = 0; i < part.length; i++) hash = Math.imul(hash ^ part.charCodeAt(i), 0x01000193);
  return randomOf(hash ^ (hash >>> 15));
}

/** A whole number from `from` to `to`, both included. */
export function wholeBetween(random: Random, from: number, to: number): number {
  return from + Math.floor(random() * (to - from + 1));
}

export function oneOf<T>(random: Random, list: readonly T[]): T {
  const chosen = list[Math.floor(random() * list.length)];
  if (chosen === undefined) throw new Error('nothing to choose from');
  return chosen;
}

/** Gaps of a Poisson process: seldom short, seldom long, `mean` on average. */
export function gapOf(random: Random, mean: number): number {
  return -Math.log(1 - random()) * mean;
}

export function randomBytesOf(random: Random): (length: number) => Uint8Array {
  return (length) => Uint8Array.from({ length }, () => Math.floor(random() * 256));
}
