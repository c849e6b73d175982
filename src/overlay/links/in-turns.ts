// Which of many are tried now. Of the addresses that records name some may be lies, and a liar may name more than we try at once.

/** Not more than `max`: half of them the first, which are the likeliest, and of the others each in its turn. */
export function inTurns<T>(all: readonly T[], max: number, turn: number): T[] {
  if (all.length <= max) return [...all];
  const half = Math.floor(max / 2);
  const [first, rest] = [all.slice(0, half), all.slice(half)];
  const from = (turn * (max - half)) % rest.length;
  return [...first, ...rest.slice(from), ...rest.slice(0, from)].slice(0, max);
}
