// What the browser knows of the page, as signals.
import { type ReadonlySignal, signal } from '@preact/signals';

interface PageSignals {
  readonly visible: ReadonlySignal<boolean>;
  readonly focused: ReadonlySignal<boolean>;
  readonly online: ReadonlySignal<boolean>;
}

export function pageSignals(): PageSignals {
  const visible = signal(!document.hidden);
  const focused = signal(document.hasFocus());
  const online = signal(navigator.onLine);
  document.addEventListener('visibilitychange', () => (visible.value = !document.hidden));
  addEventListener('focus', () => (focused.value = true));
  addEventListener('blur', () => (focused.value = false));
  addEventListener('online', () => (online.value = true));
  addEventListener('offline', () => (online.value = false));
  return { visible, focused, online };
}

/** Calls back when a person does something here. */
export function onActivity(listener: () => void): void {
  for (const type of ['pointerdown', 'keydown', 'wheel', 'touchstart', 'focus']) {
    // captured, so that what comes too late for a locked page is noticed before anything answers to it
    addEventListener(type, listener, { capture: true, passive: true });
  }
}
