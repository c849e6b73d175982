// The keys that work everywhere.
import type { TextKey } from '../../text/texts.ts';
import { useWords } from '../context.ts';

const KEYS: readonly (readonly [TextKey, readonly string[]])[] = [
  ['help.switch', ['Ctrl K']],
  ['help.search', ['/']],
  ['help.next', ['Alt ↓', 'Alt ↑']],
  ['help.send', ['Enter']],
  ['help.line', ['Shift Enter']],
  ['help.edit', ['↑']],
  ['help.list', ['↑', '↓', 'Home', 'End']],
  ['help.close', ['Esc']],
  ['help.help', ['?']],
];

export function KeyList() {
  const { t } = useWords();
  return (
    <dl class="keys">
      {KEYS.map(([text, keys]) => (
        <div key={text} class="keys-line">
          <dt>{t(text)}</dt>
          <dd>
            {keys.map((key) => (
              <kbd key={key}>{key}</kbd>
            ))}
          </dd>
        </div>
      ))}
    </dl>
  );
}
