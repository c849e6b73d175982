// The keys, all of them: what works and does not stand here is not found.
import type { TextKey } from '../../text/texts.ts';
import { useWords } from '../context.ts';
import { keyName } from '../key-names.ts';

const KEYS: readonly (readonly [TextKey, readonly string[]])[] = [
  ['help.switch', ['Ctrl K']],
  ['help.search', ['/']],
  ['help.find', ['Ctrl F']],
  ['help.next', ['Alt ↓', 'Alt ↑']],
  ['help.send', ['Enter']],
  ['help.line', ['Shift Enter']],
  ['help.edit', ['↑']],
  ['help.messages', ['↑', '↓', 'Home', 'End']],
  ['help.act', ['Enter']],
  ['help.reply', ['R']],
  ['help.change', ['E']],
  ['help.list', ['↑', '↓', 'Home', 'End']],
  ['help.picture', ['←', '→']],
  ['help.nearer', ['+', '-', '0']],
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
              <kbd key={key}>{keyName(key)}</kbd>
            ))}
          </dd>
        </div>
      ))}
    </dl>
  );
}
