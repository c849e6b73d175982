// Tabs after the ARIA practices: one stop for the Tab key, arrows between them. A column where there is room, a row that scrolls else.
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import { Icon } from './icon.tsx';
import type { IconName } from './icon-paths.ts';

export interface Tab<Name extends string> {
  readonly name: Name;
  readonly label: string;
  readonly icon?: IconName;
}

interface TabsProps<Name extends string> {
  readonly label: string;
  readonly tabs: readonly Tab<Name>[];
  readonly current: Name;
  /** A column at the left, from 720 px of width. */
  readonly column?: boolean;
  /** What the current tab shows. */
  readonly children: ComponentChildren;
  onChoose(name: Name): void;
}

export function Tabs<Name extends string>({ label, tabs, current, column, children, onChoose }: TabsProps<Name>) {
  const id = useId();
  const onKeyDown = (event: KeyboardEvent): void => {
    const next = nextTab(event.key, tabs, current);
    if (!next) return;
    event.preventDefault();
    onChoose(next.name);
    document.getElementById(`${id}-${next.name}`)?.focus();
  };
  return (
    <div class={column ? 'tabs tabs-column' : 'tabs'}>
      <div role="tablist" aria-label={label} class="tab-list" onKeyDown={onKeyDown}>
        {tabs.map(({ name, label: text, icon }) => (
          <button
            key={name}
            id={`${id}-${name}`}
            type="button"
            role="tab"
            class="tab"
            aria-selected={name === current}
            aria-controls={`${id}-panel`}
            tabIndex={name === current ? 0 : -1}
            onClick={() => onChoose(name)}
          >
            {icon && <Icon name={icon} />}
            <span>{text}</span>
          </button>
        ))}
      </div>
      <div id={`${id}-panel`} role="tabpanel" class="tab-panel" aria-labelledby={`${id}-${current}`} tabIndex={0}>
        {children}
      </div>
    </div>
  );
}

function nextTab<Name extends string>(key: string, tabs: readonly Tab<Name>[], current: Name): Tab<Name> | undefined {
  const at = tabs.findIndex(({ name }) => name === current);
  switch (key) {
    case 'ArrowRight':
    case 'ArrowDown':
      return tabs[(at + 1) % tabs.length];
    case 'ArrowLeft':
    case 'ArrowUp':
      return tabs[(at - 1 + tabs.length) % tabs.length];
    case 'Home':
      return tabs[0];
    case 'End':
      return tabs.at(-1);
    default:
      return undefined;
  }
}
