// A password with a button that shows it.
import type { RefObject } from 'preact';
import { useState } from 'preact/hooks';
import { useWords } from './context.ts';
import { Field } from './field.tsx';
import { IconButton } from './icon.tsx';

interface PasswordFieldProps {
  readonly label: string;
  readonly value: string;
  readonly autocomplete: 'current-password' | 'new-password';
  readonly hint?: string | undefined;
  readonly error?: string | undefined;
  readonly disabled?: boolean;
  readonly inputRef: RefObject<HTMLInputElement | null>;
  onInput(value: string): void;
}

export function PasswordField(props: PasswordFieldProps) {
  const { t } = useWords();
  const [shown, setShown] = useState(false);
  return (
    <Field {...props} type={shown ? 'text' : 'password'} name={props.autocomplete}>
      <IconButton
        icon={shown ? 'eye-off' : 'eye'}
        label={t(shown ? 'login.hidePassword' : 'login.showPassword')}
        class="field-button"
        onClick={() => setShown(!shown)}
      />
    </Field>
  );
}
