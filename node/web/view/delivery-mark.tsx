// How far an own message has come: clock, one tick, two ticks, two ticks on a filled ground, an exclamation mark.
import type { MessageState } from '../../../src/client/client.ts';
import { useWords } from './context.ts';
import { Icon } from './icon.tsx';

export function DeliveryMark({ state }: { readonly state: MessageState }) {
  const { t } = useWords();
  return (
    <span class={`delivery delivery-${state}`} role="img" aria-label={t(`state.${state}`)} title={t(`state.${state}`)}>
      {state === 'read' ? <ReadMark /> : <Icon name={state === 'failed' ? 'alert' : state} small />}
    </span>
  );
}

function ReadMark() {
  return (
    <svg class="icon icon-small read-mark" viewBox="0 0 20 16" aria-hidden="true" focusable="false">
      <rect class="read-ground" x="0.5" y="1.5" width="19" height="13" rx="6.5" />
      <path class="read-ticks" d="m4 8.4 2.4 2.4 4.4-5.2M9.6 10.4l.4.4 4.4-5.2" />
    </svg>
  );
}
