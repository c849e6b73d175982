// Icons from the one sprite. They say nothing to a screen reader: the label stands at what they decorate.
import sprite from '../icons/sprite.svg?url';
import { keyName } from './key-names.ts';

export type IconName =
  | 'plus'
  | 'search'
  | 'back'
  | 'send'
  | 'down'
  | 'close'
  | 'info'
  | 'alert'
  | 'sun'
  | 'moon'
  | 'system'
  | 'leave'
  | 'language'
  | 'eye'
  | 'eye-off'
  | 'gear'
  | 'person'
  | 'device'
  | 'key'
  | 'print'
  | 'copy'
  | 'lock'
  | 'bell'
  | 'shield'
  | 'shield-check'
  | 'shield-alert'
  | 'check'
  | 'keyboard'
  | 'sliders'
  | 'contrast'
  | 'more'
  | 'reply'
  | 'forward'
  | 'smile'
  | 'edit'
  | 'pin'
  | 'delete'
  | 'people'
  | 'news'
  | 'block'
  | 'route'
  | 'attach'
  | 'file'
  | 'picture'
  | 'play'
  | 'download'
  | 'microphone'
  | 'stop'
  | 'minus'
  | 'link-off'
  | 'queued'
  | 'stored'
  | 'delivered';

export function Icon({ name, small = false }: { readonly name: IconName; readonly small?: boolean }) {
  return (
    <svg class={small ? 'icon icon-small' : 'icon'} aria-hidden="true" focusable="false">
      <use href={`${sprite}#${name}`} />
    </svg>
  );
}

interface IconButtonProps {
  readonly icon: IconName;
  readonly label: string;
  /** The key that does the same, for the tooltip. */
  readonly keys?: string;
  readonly class?: string;
  readonly pressed?: boolean;
  /** For the pointer: the Tab key goes past, other keys do the same. */
  readonly passed?: boolean;
  onClick(event: MouseEvent): void;
}

export function IconButton({ icon, label, keys, class: extra = '', pressed, passed, onClick }: IconButtonProps) {
  return (
    <button
      type="button"
      class={`icon-button ${extra}`}
      aria-label={label}
      title={keys === undefined ? label : `${label} (${keyName(keys)})`}
      {...(passed ? { tabIndex: -1 } : {})}
      {...(pressed === undefined ? {} : { 'aria-pressed': pressed })}
      onClick={onClick}
    >
      <Icon name={icon} />
    </button>
  );
}
