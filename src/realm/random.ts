// Randomness as a part that is passed in: for keys, ids and salts, from a source that nobody can predict.

/** As many unpredictable bytes. */
export type RandomBytes = (length: number) => Uint8Array<ArrayBuffer>;

export const systemRandom: RandomBytes = (length) => crypto.getRandomValues(new Uint8Array(length));
