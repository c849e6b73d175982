// One of a few, chosen from a list of the browser's own.
import { useId } from 'preact/hooks';

interface SelectFieldProps<Value extends string> {
  readonly label: string;
  readonly hint?: string | undefined;
  readonly value: Value;
  readonly options: readonly { readonly value: Value; readonly label: string; readonly lang?: string }[];
  onChange(value: Value): void;
}

export function SelectField<Value extends string>({ label, hint, value, options, onChange }: SelectFieldProps<Value>) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <div class="field-box field-select">
        <select
          id={id}
          value={value}
          {...(hint === undefined ? {} : { 'aria-describedby': `${id}-note` })}
          onChange={(event) => {
            const chosen = options.find((option) => option.value === event.currentTarget.value);
            if (chosen) onChange(chosen.value);
          }}
        >
          {options.map((option) => (
            <option key={option.value} value={option.value} {...(option.lang && { lang: option.lang })}>
              {option.label}
            </option>
          ))}
        </select>
      </div>
      {hint !== undefined && (
        <p id={`${id}-note`} class="note">
          {hint}
        </p>
      )}
    </div>
  );
}
