// A message that would fill the screen and more is shown by its beginning. What is cut is what is shown of it: a link and a name stay
// whole, or would lead and say something else.
import type { Part } from './message-parts.ts';

/** Letters of one line of a message on a wide screen. */
const LETTERS_A_LINE = 80;
/** Letters that the time takes behind the last line. */
const TIME = 8;
/** Lines above which only the beginning is shown, and how many these are: for fewer it is not worth a press. */
const MOST_LINES = 26;
const SHOWN_LINES = 18;

/** As many as its text takes, roughly; never fewer than one. */
export function linesOf(text: string): number {
  const lines = `${text}${' '.repeat(TIME)}`.split('\n');
  return lines.reduce((sum, line) => sum + (Math.ceil(line.length / LETTERS_A_LINE) || 1), 0);
}

/** Lines that are in the page before somebody asks for all. */
export function shownLines(text: string): number {
  const lines = linesOf(text);
  return lines > MOST_LINES ? SHOWN_LINES + 1 : lines;
}

export function isLong(text: string): boolean {
  return linesOf(text) > MOST_LINES;
}

/** As much of a long text as is shown at first. */
export function beginningOf(parts: readonly Part[]): readonly Part[] {
  const shown: Part[] = [];
  let before = '';
  for (const part of parts) {
    if (linesOf(before + part.text) <= SHOWN_LINES) {
      shown.push(part);
      before += part.text;
      continue;
    }
    const text = part.kind === 'text' ? cut(before, part.text) : '';
    return [...shown, { kind: 'text', text: `${text}…` }];
  }
  return shown;
}

/** The most of it that fits behind what is there, up to the end of a word where there is one near. */
function cut(before: string, text: string): string {
  let [fits, tooMuch] = [0, text.length];
  while (tooMuch - fits > 1) {
    const middle = (fits + tooMuch) >> 1;
    if (linesOf(before + text.slice(0, middle)) <= SHOWN_LINES) fits = middle;
    else tooMuch = middle;
  }
  const most = text.slice(0, fits);
  if (/^\s/u.test(text.slice(fits))) return most.trimEnd();
  const word = most.search(/\s\S*$/u);
  if (word > fits - LETTERS_A_LINE) return most.slice(0, word).trimEnd();
  // never within a letter that is two units of text
  return most.replace(/[\ud800-\udbff]$/u, '');
}
