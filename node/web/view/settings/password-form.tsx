// Another password: the present one is proven first.
import { useRef, useState } from 'preact/hooks';
import { PASSWORD_LENGTH, passwordProblem } from '../../../../src/client/client.ts';
import { failureText } from '../../model/failure-text.ts';
import { Button } from '../button.tsx';
import { useWords, useWorkspace } from '../context.ts';
import { PasswordField } from '../password-field.tsx';

interface Wrong {
  readonly present?: string;
  readonly next?: string;
  readonly again?: string;
}

const NOTHING = { present: '', next: '', again: '' };

export function PasswordForm() {
  const { account } = useWorkspace();
  const words = useWords();
  const { t } = words;
  const [typed, setTyped] = useState(NOTHING);
  const [wrong, setWrong] = useState<Wrong>({});
  const [isDone, setDone] = useState(false);
  const fields = {
    present: useRef<HTMLInputElement>(null),
    next: useRef<HTMLInputElement>(null),
    again: useRef<HTMLInputElement>(null),
  };
  const { busy, failure } = account.changing;

  const problemOf = (): Wrong => {
    const missed = passwordProblem(typed.next);
    if (typed.present === '') return { present: t('login.noPassword') };
    if (missed) return { next: failureText(words, { code: missed.code, params: { count: missed.count } }) };
    if (typed.next === typed.present) return { next: t('password.same') };
    return typed.next === typed.again ? {} : { again: t('password.differ') };
  };
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const problem = problemOf();
    setWrong(problem);
    if (Object.keys(problem).length > 0) return;
    const done = await account.changePassword(typed.present, typed.next);
    setDone(done);
    if (done) setTyped(NOTHING);
  };
  const input = (name: keyof typeof NOTHING) => (text: string) => {
    setTyped({ ...typed, [name]: text });
    setDone(false);
  };
  // the username is not asked for here, so it can't be what is wrong
  const isWrong = failure.value?.code === 'wrong-password';
  const refused = isWrong ? t('security.wrong') : failure.value && failureText(words, failure.value);
  return (
    <form class="settings-form" noValidate onSubmit={(event) => void submit(event)}>
      <PasswordField
        label={t('security.present')}
        autocomplete="current-password"
        value={typed.present}
        disabled={busy.value}
        error={wrong.present ?? refused}
        inputRef={fields.present}
        onInput={input('present')}
      />
      <PasswordField
        label={t('password.new')}
        autocomplete="new-password"
        value={typed.next}
        disabled={busy.value}
        hint={t('password.rule', { count: PASSWORD_LENGTH.least })}
        error={wrong.next}
        inputRef={fields.next}
        onInput={input('next')}
      />
      <PasswordField
        label={t('password.again')}
        autocomplete="new-password"
        value={typed.again}
        disabled={busy.value}
        error={wrong.again}
        inputRef={fields.again}
        onInput={input('again')}
      />
      <p class="note" role="status">
        {t(isDone ? 'security.changed' : 'security.changeHint')}
      </p>
      <Button submit disabled={busy.value}>
        {t(busy.value ? 'password.setting' : 'security.change')}
      </Button>
    </form>
  );
}
