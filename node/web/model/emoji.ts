// The emoji of one language: names and words to find them by, trimmed when the pages are built, loaded when somebody first looks.
import { type LocalStore, readLocal, writeLocal } from './local-store.ts';

export interface Emoji {
  readonly text: string;
  readonly name: string;
  /** Further words, in lower case. */
  readonly tags: string;
  readonly group: EmojiGroup;
}

/** In the order of the Unicode charts; 2 are parts that nobody writes by themselves. */
export const EMOJI_GROUPS = [0, 1, 3, 4, 5, 6, 7, 8, 9] as const;
export type EmojiGroup = (typeof EMOJI_GROUPS)[number];
/** As the build writes them: text, name, tags, group. */
export type EmojiRow = readonly [text: string, name: string, tags: string, group: number];

/** More matches than this are not looked at. */
const MOST_FOUND = 96;

/** What the build wrote, without what nobody writes by itself. */
export function readEmoji(rows: readonly EmojiRow[]): readonly Emoji[] {
  return rows.flatMap(([text, name, tags, group]) => {
    const known = EMOJI_GROUPS.find((one) => one === group);
    return known === undefined ? [] : [{ text, name, tags, group: known }];
  });
}

export function emojiGroups(all: readonly Emoji[]): readonly { group: EmojiGroup; emoji: readonly Emoji[] }[] {
  return EMOJI_GROUPS.map((group) => ({ group, emoji: all.filter((one) => one.group === group) }));
}

/** Those whose name begins so first, then those with such a word. */
export function findEmoji(all: readonly Emoji[], typed: string): readonly Emoji[] {
  const wanted = typed.trim().toLocaleLowerCase();
  const rank = ({ name, tags }: Emoji): number => {
    const called = name.toLocaleLowerCase();
    if (called.startsWith(wanted)) return 0;
    return ` ${called} ${tags}`.includes(` ${wanted}`) ? 1 : called.includes(wanted) || tags.includes(wanted) ? 2 : 3;
  };
  const ranked = all.map((one) => ({ one, rank: rank(one) })).filter((entry) => entry.rank < 3);
  return ranked
    .sort((a, b) => a.rank - b.rank)
    .slice(0, MOST_FOUND)
    .map(({ one }) => one);
}

const KEPT = 16;
const BEFORE_ANY = ['👍', '❤️', '😂', '🙏', '👀', '✅', '🎉', '😮'];

/** Which ones the person of this browser writes. */
export class EmojiUsed {
  readonly #store: LocalStore;

  constructor(store: LocalStore) {
    this.#store = store;
  }

  often(): readonly string[] {
    const used = (readLocal(this.#store, 'canopy.emoji') ?? '').split(' ').filter(Boolean);
    return [...new Set([...used, ...BEFORE_ANY])].slice(0, KEPT);
  }

  use(emoji: string): void {
    const used = [emoji, ...this.often().filter((one) => one !== emoji)];
    writeLocal(this.#store, 'canopy.emoji', used.slice(0, KEPT).join(' '));
  }
}
