// What was pinned last stands above the conversation; pressing it goes there, and then to the one before.
import { useSignal } from '@preact/signals';
import { useWords } from './context.ts';
import { Icon } from './icon.tsx';
import { useNames } from './names.ts';
import { quoteText } from './quote.tsx';
import { useStage } from './stage.ts';

export function PinnedBar() {
  const stage = useStage();
  const { t } = useWords();
  const nameOf = useNames();
  const turn = useSignal(0);
  const { pinned } = stage.timeline.view.value;
  const id = pinned.at(-1 - (turn.value % Math.max(pinned.length, 1)));
  const message = id === undefined ? undefined : stage.timeline.message(id);
  if (id === undefined || !message) return null;
  const go = (): void => {
    turn.value += 1;
    void stage.goTo(id);
  };
  return (
    <button type="button" class="pinned-bar" onClick={go}>
      <Icon name="pin" />
      <span class="hidden">{t('message.pinnedBar')}</span>
      <span class="pinned-by" dir="auto">
        {nameOf(message.sender)}
      </span>
      <span class="pinned-text" dir="auto">
        {quoteText(message)}
      </span>
      {pinned.length > 1 && <span class="note">{`${pinned.indexOf(id) + 1} / ${pinned.length}`}</span>}
    </button>
  );
}
