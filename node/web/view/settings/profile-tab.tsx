// Who the person is for others: the name can change, the username cannot.
import { useRef, useState } from 'preact/hooks';
import { failureText } from '../../model/failure-text.ts';
import { MAX_NAME } from '../../model/own-account.ts';
import { whereIs } from '../../model/person-look.ts';
import { sourceOf } from '../../page-files.ts';
import { Button } from '../button.tsx';
import { useApp, useWords, useWorkspace } from '../context.ts';
import { Field } from '../field.tsx';
import { Avatar } from '../person.tsx';
import { DeleteProfileDialog } from './delete-profile-dialog.tsx';

export function ProfileTab() {
  const { screen } = useApp();
  const { account } = useWorkspace();
  const { t } = useWords();
  const [isDeleting, setDeleting] = useState(false);
  const me = account.me.value;
  return (
    <section class="settings-part">
      <div class="profile-head">
        <Avatar user={me} large />
        <div>
          <strong dir="auto">{me.name}</strong>
          <span>{whereIs(me)}</span>
        </div>
      </div>
      <PhotoForm />
      <NameForm />
      <dl class="facts facts-flush">
        <dt>{t('profile.username')}</dt>
        <dd>
          {me.address.slice(0, me.address.indexOf('@'))}
          <p class="note">{t('profile.usernameHint')}</p>
        </dd>
      </dl>
      <div class="settings-end">
        <Button icon="leave" onClick={() => screen.open('log-out')}>
          {t('rail.logOut')}
        </Button>
        <Button onClick={() => setDeleting(true)}>{t('profile.delete')}</Button>
      </div>
      {isDeleting && <DeleteProfileDialog onClose={() => setDeleting(false)} />}
    </section>
  );
}

function PhotoForm() {
  const { account, files } = useWorkspace();
  const words = useWords();
  const { t } = words;
  const input = useRef<HTMLInputElement>(null);
  const [isUnreadable, setUnreadable] = useState(false);
  const { busy, failure } = account.picturing;
  const choose = async (file: File): Promise<void> => {
    const photo = await files.page.groupPicture(sourceOf(file)).catch(() => undefined);
    setUnreadable(!photo);
    if (photo) await account.setPhoto(photo);
  };
  const trouble = isUnreadable ? t('error.pictureUnreadable') : failure.value && failureText(words, failure.value);
  return (
    <div class="settings-form">
      <input
        ref={input}
        type="file"
        accept="image/*"
        hidden
        aria-label={t('profile.photo')}
        onChange={({ currentTarget }) => {
          const [file] = currentTarget.files ?? [];
          currentTarget.value = '';
          if (file) void choose(file);
        }}
      />
      <Button disabled={busy.value} onClick={() => input.current?.click()}>
        {t('profile.photo')}
      </Button>
      {account.me.value.photo !== undefined && (
        <Button disabled={busy.value} onClick={() => void account.setPhoto(undefined)}>
          {t('profile.noPhoto')}
        </Button>
      )}
      <p class="note" role="status">
        {trouble || t('profile.photoHint')}
      </p>
    </div>
  );
}

function NameForm() {
  const { account } = useWorkspace();
  const words = useWords();
  const { t } = words;
  const [name, setName] = useState(account.me.value.name);
  const [isMissing, setMissing] = useState(false);
  const [isSaved, setSaved] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const failure = account.naming.failure.value;
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    setMissing(name.trim() === '');
    if (name.trim() !== '') setSaved(await account.rename(name));
  };
  return (
    <form class="settings-form" noValidate onSubmit={(event) => void submit(event)}>
      <Field
        label={t('profile.name')}
        value={name}
        autocomplete="name"
        maxLength={MAX_NAME}
        hint={isSaved ? t('settings.saved') : t('profile.nameHint')}
        error={isMissing ? t('profile.nameMissing') : failure && failureText(words, failure)}
        inputRef={field}
        onInput={(text) => {
          setName(text);
          setSaved(false);
        }}
      />
      <Button submit kind="main" disabled={account.naming.busy.value || name.trim() === account.me.value.name}>
        {t('settings.save')}
      </Button>
    </form>
  );
}
