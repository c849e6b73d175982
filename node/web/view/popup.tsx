// What opens beside a button and goes away by itself: Esc, a click elsewhere. The focus goes in, stays in and comes back.
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { keepFocus } from './focus-home.ts';

interface PopupProps {
  /** It stands beside this and gives the focus back to it. */
  readonly opener: HTMLElement;
  readonly role: 'dialog' | 'menu';
  readonly label: string;
  readonly class?: string;
  readonly children: ComponentChildren;
  onClose(): void;
  onKeyDown?(event: KeyboardEvent): void;
}

export function Popup({ opener, role, label, class: extra = '', children, onClose, onKeyDown }: PopupProps) {
  const ref = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const popup = ref.current;
    if (!popup) return undefined;
    const onToggle = (event: ToggleEvent): void => {
      if (event.newState === 'closed') onClose();
    };
    const place = new ResizeObserver(() => putBeside(popup, opener));
    popup.addEventListener('toggle', onToggle);
    popup.showPopover();
    putBeside(popup, opener);
    place.observe(popup);
    const first = popup.querySelector<HTMLElement>('[data-first], [role^="menuitem"], input, button, a');
    (first ?? popup).focus();
    return () => {
      place.disconnect();
      popup.removeEventListener('toggle', onToggle);
      const hadFocus = popup.contains(document.activeElement) || document.activeElement === document.body;
      if (hadFocus && opener.isConnected) opener.focus();
      keepFocus();
    };
  }, [opener]);
  return (
    <div
      ref={ref}
      popover="auto"
      class={`popover ${extra}`}
      role={role}
      aria-label={label}
      tabIndex={-1}
      onKeyDown={(event) => {
        onKeyDown?.(event);
        if (role === 'dialog' && event.key === 'Tab') stayInside(event);
      }}
    >
      {children}
    </div>
  );
}

/** Tab goes round; where there is nothing to go to, it goes nowhere. */
function stayInside(event: KeyboardEvent): void {
  const popup = event.currentTarget;
  if (!(popup instanceof HTMLElement)) return;
  const stops = [...popup.querySelectorAll<HTMLElement>('a, button, input, select, textarea, [tabindex]')].filter(
    (stop) => stop.tabIndex >= 0 && !stop.matches(':disabled') && stop.checkVisibility(),
  );
  const at = stops.findIndex((stop) => stop === document.activeElement);
  const next = event.shiftKey ? (at <= 0 ? stops.length : at) - 1 : (at + 1) % stops.length;
  event.preventDefault();
  stops[next]?.focus();
}

const GAP = 6;
const MARGIN = 8;

/** Above or below what opened it, inside of the window. */
function putBeside(popup: HTMLElement, opener: HTMLElement): void {
  // a message is as wide as the conversation; what is seen of it is not
  const beside = (opener.querySelector('.bubble') ?? opener).getBoundingClientRect();
  const { width, height } = popup.getBoundingClientRect();
  const left = Math.min(Math.max(MARGIN, beside.right - width), Math.max(MARGIN, innerWidth - width - MARGIN));
  const below = beside.bottom + GAP;
  const top = below + height > innerHeight - MARGIN ? Math.max(MARGIN, beside.top - height - GAP) : below;
  popup.style.left = `${left}px`;
  popup.style.top = `${top}px`;
}
