// Texts as people might write them, for measurements: the same with the same seed. Words by how often they are used (Zipf), two thirds
// of them Cyrillic, each twentieth text Chinese.

/** A generator with a seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const ALPHABETS = ['etaoinshrdlucmfwypvbgkjqxz', 'оеаинтсрвлкмдпуяизьбгчйхжш'];

export interface Vocabulary {
  readonly words: readonly string[];
  /** The n-th text. */
  text(n: number): string;
}

export function vocabulary(random: () => number): Vocabulary {
  const words = Array.from({ length: 30_000 }, (_, n) => {
    const alphabet = ALPHABETS[n % 3 === 0 ? 0 : 1] ?? '';
    const length = 2 + Math.floor(random() * 9);
    return Array.from({ length }, () => alphabet[Math.floor(random() ** 2 * alphabet.length)]).join('');
  });
  const word = () => words[Math.floor(words.length * random() ** 3)] ?? '';
  const hanzi = () => String.fromCodePoint(0x4e00 + Math.floor(random() ** 2 * 3000));
  return {
    words,
    text: (n) =>
      n % 20 === 0
        ? Array.from({ length: 12 }, hanzi).join('')
        : Array.from({ length: 3 + Math.floor(random() * 18) }, word).join(' '),
  };
}
