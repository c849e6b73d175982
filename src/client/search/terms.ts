// From a text to the terms that find it, alike for texts and for questions.
//
// Letters are folded (case, width, accents on Latin letters, ё as е; й, ї, ґ are letters of their own), apostrophes inside words fall
// away. A word is a term and is found by its beginning. Chinese and Japanese are written without spaces: each two neighbours are a
// term, and so is the last sign of a run, so that every single sign begins some term.

/** Characters; what is longer is found by its beginning. */
const MAX_TERM = 40;
/** Different terms of one text; a longer one is found by its first ones. */
const MAX_TERMS = 4000;
/** Terms of one question. */
const MAX_ASKED = 16;

const WORD = /[\p{L}\p{N}\p{M}]+/gu;
const RUN =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]+|[^\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]+/gu;
const UNSPACED = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u;

export function fold(text: string): string {
  return text
    .replaceAll('№', ' ')
    .normalize('NFKC')
    .toLowerCase()
    .replace(/(?<=\p{L})['’ʼ`](?=\p{L})/gu, '')
    .replaceAll('ё', 'е')
    .normalize('NFD')
    .replace(/(?<=\p{Script=Latin}\p{M}*)\p{M}/gu, '')
    .normalize('NFC');
}

export function termsOf(text: string): ReadonlySet<string> {
  const terms = new Set<string>();
  for (const run of runsOf(text)) {
    if (terms.size >= MAX_TERMS) break;
    if (!UNSPACED.test(run)) terms.add(run.slice(0, MAX_TERM));
    else for (const pair of pairsOf(run)) terms.add(pair);
  }
  return terms;
}

/** All of these must begin some term of what is found. */
export function askedTerms(question: string): readonly string[] {
  const terms = new Set<string>();
  for (const run of runsOf(question)) {
    const signs = [...run];
    if (!UNSPACED.test(run)) terms.add(run.slice(0, MAX_TERM));
    else if (signs.length === 1) terms.add(run);
    else for (const pair of pairsOf(run)) if ([...pair].length === 2) terms.add(pair);
  }
  return [...terms].slice(0, MAX_ASKED);
}

/** Whether the text says what was asked for: exact where the terms alone could be scattered. */
export function says(text: string, asked: readonly string[]): boolean {
  const terms = [...termsOf(text)];
  return asked.every((beginning) => terms.some((term) => term.startsWith(beginning)));
}

function* runsOf(text: string): Generator<string> {
  for (const [word] of fold(text).matchAll(WORD)) for (const [run] of word.matchAll(RUN)) yield run;
}

function pairsOf(run: string): readonly string[] {
  const signs = [...run];
  return signs.map((sign, at) => sign + (signs[at + 1] ?? ''));
}
