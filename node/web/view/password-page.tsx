// The first change of password: the administrator's ends here.
import { useEffect, useRef, useState } from 'preact/hooks';
import { PASSWORD_LENGTH, passwordProblem } from '../../../src/client/client.ts';
import { failureText } from '../model/failure-text.ts';
import { useApp, useWords } from './context.ts';
import { EntrancePage } from './entrance-page.tsx';
import { PasswordField } from './password-field.tsx';

export function PasswordPage() {
  const { session } = useApp();
  const words = useWords();
  const { t } = words;
  const [password, setPassword] = useState('');
  const [again, setAgain] = useState('');
  const [wrong, setWrong] = useState<{ readonly first?: string; readonly second?: string }>({});
  const first = useRef<HTMLInputElement>(null);
  const second = useRef<HTMLInputElement>(null);
  useEffect(() => first.current?.focus(), []);

  const submit = (event: Event): void => {
    event.preventDefault();
    const missed = passwordProblem(password);
    const problem = missed
      ? { first: failureText(words, { code: missed.code, params: { count: missed.count } }) }
      : session.isFirstPassword(password)
        ? { first: t('password.same') }
        : password === again
          ? undefined
          : { second: t('password.differ') };
    setWrong(problem ?? {});
    if (!problem) void session.choosePassword(password);
  };
  const failure = session.failure.value;
  return (
    <EntrancePage
      title={t('password.title')}
      lead={t('password.why')}
      submit={t(session.busy.value ? 'password.setting' : 'password.submit')}
      onSubmit={submit}
    >
      <PasswordField
        label={t('password.new')}
        autocomplete="new-password"
        value={password}
        disabled={session.busy.value}
        hint={t('password.rule', { count: PASSWORD_LENGTH.least })}
        error={wrong.first ?? (failure && failureText(words, failure))}
        inputRef={first}
        onInput={setPassword}
      />
      <PasswordField
        label={t('password.again')}
        autocomplete="new-password"
        value={again}
        disabled={session.busy.value}
        error={wrong.second}
        inputRef={second}
        onInput={setAgain}
      />
    </EntrancePage>
  );
}
