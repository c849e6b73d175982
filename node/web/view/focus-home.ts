// The focus is never lost: when what had it is gone, it goes where a person would look for it next.

/** In this order. A keyboard that covers half a phone comes only when it is asked for. */
const PLACES: readonly string[] = [
  'dialog[open] :is(button, input)',
  ...(matchMedia('(hover: hover)').matches ? ['.composer textarea'] : []),
  '.timeline',
  '.chat-link[tabindex="0"]',
  '.rail-foot button',
];

/** Once the page is drawn; what has the focus by then keeps it. */
export function keepFocus(): void {
  requestAnimationFrame(() => {
    if (document.activeElement !== document.body) return;
    const places = PLACES.flatMap((place) => [...document.querySelectorAll<HTMLElement>(place)].slice(0, 1));
    places.find((place) => place.checkVisibility({ visibilityProperty: true }))?.focus();
  });
}
