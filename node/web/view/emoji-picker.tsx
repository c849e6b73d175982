// Emoji by name and by kind, in the person's language; the names come when they are first asked for. A grid that arrows move in.
import { useSignal } from '@preact/signals';
import { useEffect, useId, useMemo } from 'preact/hooks';
import { loadEmoji } from '../emoji-files.ts';
import { type Emoji, emojiGroups, findEmoji } from '../model/emoji.ts';
import type { TextKey } from '../text/texts.ts';
import { useConversing, useWords } from './context.ts';
import { onGridKey } from './grid-keys.ts';

/** In the grid; arrows up and down go by a row. */
const COLUMNS = 8;

const GROUP_TEXTS: Readonly<Record<Emoji['group'], TextKey>> = {
  0: 'emoji.faces',
  1: 'emoji.people',
  3: 'emoji.nature',
  4: 'emoji.food',
  5: 'emoji.places',
  6: 'emoji.activities',
  7: 'emoji.objects',
  8: 'emoji.symbols',
  9: 'emoji.flags',
};

export function EmojiPicker({ onChoose }: { onChoose(emoji: string): void }) {
  const words = useWords();
  const { t } = words;
  const { emojiUsed } = useConversing();
  const id = useId();
  const typed = useSignal('');
  const all = useSignal<readonly Emoji[] | undefined>(undefined);
  useEffect(() => {
    void loadEmoji(words.language).then(
      (list) => (all.value = list),
      () => (all.value = []),
    );
  }, [words.language]);
  const list = all.value;
  const found = useMemo(() => (list && typed.value ? findEmoji(list, typed.value) : undefined), [list, typed.value]);
  const choose = (emoji: string): void => {
    emojiUsed.use(emoji);
    onChoose(emoji);
  };
  const parts = found ? [{ label: t('emoji.search'), emoji: found }] : partsOf(list, emojiUsed.often(), words);
  return (
    <div class="emoji-picker" onKeyDown={(event) => onGridKey(event, COLUMNS)}>
      <input
        class="emoji-search"
        type="search"
        data-first
        aria-label={t('emoji.search')}
        placeholder={t('emoji.search')}
        aria-controls={id}
        value={typed.value}
        onInput={(event) => (typed.value = event.currentTarget.value)}
      />
      <div id={id} class="emoji-list scroll">
        {parts.map(({ label, emoji }) => (
          <section key={label} aria-label={label}>
            <h2>{label}</h2>
            <div class="emoji-grid">
              {emoji.map((one) => (
                <button
                  key={one.text}
                  type="button"
                  tabIndex={-1}
                  title={one.name}
                  aria-label={one.name}
                  onClick={() => choose(one.text)}
                >
                  {one.text}
                </button>
              ))}
            </div>
          </section>
        ))}
        {parts.every(({ emoji }) => emoji.length === 0) && (
          <p class="note" role="status">
            {t(list ? 'emoji.none' : 'emoji.loading')}
          </p>
        )}
      </div>
    </div>
  );
}

function partsOf(list: readonly Emoji[] | undefined, often: readonly string[], { t }: ReturnType<typeof useWords>) {
  const named = new Map(list?.map((one) => [one.text, one]));
  const recent = often.map((text) => named.get(text) ?? { text, name: text, tags: '', group: 0 });
  const groups = emojiGroups(list ?? []).map(({ group, emoji }) => ({ label: t(GROUP_TEXTS[group]), emoji }));
  return [{ label: t('emoji.recent'), emoji: recent }, ...groups];
}
