// On or off, at once. The whole row is the label.
import { useId } from 'preact/hooks';

interface ToggleProps {
  readonly label: string;
  readonly hint?: string | undefined;
  readonly on: boolean;
  readonly disabled?: boolean;
  onChange(on: boolean): void;
}

export function Toggle({ label, hint, on, disabled = false, onChange }: ToggleProps) {
  const id = useId();
  return (
    <div class={disabled ? 'toggle toggle-disabled' : 'toggle'}>
      <label for={id}>{label}</label>
      <input
        id={id}
        type="checkbox"
        role="switch"
        checked={on}
        disabled={disabled}
        {...(hint === undefined ? {} : { 'aria-describedby': `${id}-note` })}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      {hint !== undefined && (
        <p id={`${id}-note`} class="note">
          {hint}
        </p>
      )}
    </div>
  );
}
