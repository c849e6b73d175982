// A labelled input with its hint or error below it, tied together for screen readers.
import type { ComponentChildren, RefObject } from 'preact';
import { useId } from 'preact/hooks';

interface FieldProps {
  readonly label: string;
  readonly value: string;
  readonly type?: 'text' | 'password';
  readonly name?: string;
  readonly autocomplete?: string;
  readonly hint?: string | undefined;
  readonly error?: string | undefined;
  readonly disabled?: boolean;
  readonly maxLength?: number;
  readonly inputRef: RefObject<HTMLInputElement | null>;
  /** A button inside of the field, at its end. */
  readonly children?: ComponentChildren;
  onInput(value: string): void;
}

export function Field({ label, hint, error, type = 'text', children, inputRef, onInput, ...input }: FieldProps) {
  const id = useId();
  const isNoted = (error ?? hint) !== undefined;
  const attributes = {
    ...input,
    ref: inputRef,
    id,
    autocapitalize: 'none',
    autocorrect: 'off',
    spellcheck: false,
    'aria-invalid': error !== undefined,
    ...(isNoted ? { 'aria-describedby': `${id}-note` } : {}),
    onInput: (event: InputEvent) => event.target instanceof HTMLInputElement && onInput(event.target.value),
  } as const;
  return (
    <div class={error === undefined ? 'field' : 'field field-wrong'}>
      <label for={id}>{label}</label>
      <div class="field-box">
        {type === 'password' ? <input {...attributes} type="password" /> : <input {...attributes} type="text" />}
        {children}
      </div>
      {isNoted && (
        <p id={`${id}-note`} class={error === undefined ? 'note' : 'note note-bad'} role={error ? 'alert' : undefined}>
          {error ?? hint}
        </p>
      )}
    </div>
  );
}
