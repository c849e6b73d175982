// Logging in. On the demonstration the username is filled in, so that the password is all that is left to type.
import { useEffect, useRef, useState } from 'preact/hooks';
import { failureText } from '../model/failure-text.ts';
import type { LoginReason } from '../model/session.ts';
import { useApp, useWords } from './context.ts';
import { EntrancePage } from './entrance-page.tsx';
import { Field } from './field.tsx';
import { PasswordField } from './password-field.tsx';

interface LoginPageProps {
  /** Of somebody who was in. */
  readonly why: LoginReason | undefined;
}

const REASONS = {
  ended: 'login.ended',
  wiped: 'login.wiped',
  locked: 'login.locked',
  idle: 'login.idle',
  'branch-locked': 'login.branchLocked',
  deleted: 'login.deleted',
} as const;

export function LoginPage({ why }: LoginPageProps) {
  const app = useApp();
  const { session } = app;
  const { t } = useWords();
  const server = session.server.value;
  const [username, setUsername] = useState(app.suggestedUser() ?? '');
  const [password, setPassword] = useState('');
  const [missing, setMissing] = useState<'username' | 'password'>();
  const fields = { username: useRef<HTMLInputElement>(null), password: useRef<HTMLInputElement>(null) };
  // what is disabled meanwhile loses the focus
  const isBusy = session.busy.value;
  useEffect(() => {
    if (!isBusy) (username === '' ? fields.username : fields.password).current?.focus();
  }, [isBusy]);

  const submit = (event: Event): void => {
    event.preventDefault();
    const gap = username.trim() === '' ? 'username' : password === '' ? 'password' : undefined;
    setMissing(gap);
    if (gap) fields[gap].current?.focus();
    else void session.logIn(username, password);
  };
  const failure = session.failure.value;
  const wrong = failure && failureText(useWords(), failure);
  return (
    <EntrancePage
      title={t('login.title')}
      lead={server && t('login.at', { realm: server.realm })}
      onSubmit={submit}
      submit={t(isBusy ? 'login.checking' : 'login.submit')}
    >
      {why && <p class="notice">{t(REASONS[why])}</p>}
      <Field
        label={t('login.username')}
        name="username"
        autocomplete="username"
        value={username}
        disabled={isBusy}
        hint={server && t('login.usernameHint', { realm: server.realm })}
        error={missing === 'username' ? t('login.noUsername') : undefined}
        inputRef={fields.username}
        onInput={setUsername}
      />
      <PasswordField
        label={t('login.password')}
        autocomplete="current-password"
        value={password}
        disabled={isBusy}
        hint={server?.demo && t('login.demo', { user: server.demo.user })}
        error={missing === 'password' ? t('login.noPassword') : wrong}
        inputRef={fields.password}
        onInput={setPassword}
      />
    </EntrancePage>
  );
}
