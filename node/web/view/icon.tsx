// Icons. They say nothing to a screen reader: the label stands at what they decorate.
import { ICON_PATHS, type IconName } from './icon-paths.ts';
import { keyName } from './key-names.ts';

/** Of the marks that stand beside a time, which are drawn on another grid. */
const GRIDS: Partial<Record<IconName, string>> = {
  queued: '0 0 16 16',
  stored: '0 0 16 16',
  delivered: '0 0 20 16',
};
const GRID = '0 0 20 20';

export function Icon({ name, small = false }: { readonly name: IconName; readonly small?: boolean }) {
  return (
    <svg class={small ? 'icon icon-small' : 'icon'} viewBox={GRIDS[name] ?? GRID} aria-hidden="true" focusable="false">
      <path d={ICON_PATHS[name]} />
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
