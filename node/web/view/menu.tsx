// A menu after the ARIA practices: arrows, Home, End, first letters; what is chosen closes it.
import { Icon } from './icon.tsx';
import type { IconName } from './icon-paths.ts';
import { Popup } from './popup.tsx';

export interface MenuItem {
  readonly label: string;
  readonly icon?: IconName;
  readonly danger?: boolean;
  onChoose(): void;
}

interface MenuProps {
  readonly opener: HTMLElement;
  readonly label: string;
  readonly items: readonly MenuItem[];
  onClose(): void;
}

export function Menu({ opener, label, items, onClose }: MenuProps) {
  const choose = (item: MenuItem): void => {
    onClose();
    // what opens next gives the focus back to where this menu was opened
    opener.focus();
    item.onChoose();
  };
  return (
    <Popup opener={opener} role="menu" label={label} class="menu" onClose={onClose} onKeyDown={onMenuKey}>
      {items.map((item) => (
        <button
          key={item.label}
          type="button"
          role="menuitem"
          tabIndex={-1}
          class={item.danger ? 'menu-item menu-item-danger' : 'menu-item'}
          onClick={() => choose(item)}
        >
          {item.icon && <Icon name={item.icon} />}
          <span>{item.label}</span>
        </button>
      ))}
    </Popup>
  );
}

function onMenuKey(event: KeyboardEvent): void {
  const menu = event.currentTarget;
  if (!(menu instanceof HTMLElement)) return;
  const items = [...menu.querySelectorAll<HTMLElement>('[role="menuitem"]')];
  const at = items.findIndex((item) => item === document.activeElement);
  const next = nextOf(event.key, items, at);
  if (next === undefined && event.key !== 'Tab') return;
  event.preventDefault();
  event.stopPropagation();
  if (next === undefined) return menu.hidePopover();
  items[next]?.focus();
}

function nextOf(key: string, items: readonly HTMLElement[], at: number): number | undefined {
  switch (key) {
    case 'ArrowDown':
      return (at + 1) % items.length;
    case 'ArrowUp':
      return (at - 1 + items.length) % items.length;
    case 'Home':
      return 0;
    case 'End':
      return items.length - 1;
    default: {
      if (key.length !== 1 || key === ' ') return undefined;
      const letter = key.toLocaleLowerCase();
      const order = [...items.keys()].map((step) => (at + 1 + step) % items.length);
      return order.find((index) => items[index]?.textContent?.trim().toLocaleLowerCase().startsWith(letter));
    }
  }
}
