// A native modal dialog: the browser keeps the focus inside and gives it back; Esc and a click beside it close it.
import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import { keepFocus } from './focus-home.ts';

interface DialogProps {
  readonly title: string;
  readonly class?: string;
  readonly children: ComponentChildren;
  onClose(): void;
}

export function Dialog({ title, class: extra = '', children, onClose }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  const heading = useId();
  // the browser tells of the closing later, when another dialog may have taken this one's place
  const isGone = useRef(false);
  useLayoutEffect(() => {
    const dialog = ref.current;
    dialog?.showModal();
    if (dialog) beginAtTop(dialog);
    // closed before it leaves the page, else the focus would be lost with it
    return () => {
      isGone.current = true;
      dialog?.close();
      keepFocus();
    };
  }, []);
  return (
    <dialog
      ref={ref}
      class={`dialog ${extra}`}
      aria-labelledby={heading}
      onClose={() => !isGone.current && onClose()}
      onMouseDown={(event) => {
        if (event.target !== ref.current) return;
        // else the focus would go to what is beneath the pointer, which is nothing
        event.preventDefault();
        ref.current?.close();
      }}
    >
      <div class="dialog-body">
        <h2 id={heading} class="dialog-title" tabIndex={-1}>
          {title}
        </h2>
        {children}
      </div>
    </dialog>
  );
}

/** Where it is longer than the window and its first button stands at its foot, it would open at the foot. */
function beginAtTop(dialog: HTMLDialogElement): void {
  if (dialog.scrollTop === 0) return;
  dialog.querySelector<HTMLElement>('.dialog-title')?.focus();
  dialog.scrollTop = 0;
}
