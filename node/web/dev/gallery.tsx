// Every component in every state, in the words of the chosen language.
import { useRef, useState } from 'preact/hooks';
import type { Theme } from '../model/preferences.ts';
import { LANGUAGE_NAMES, LANGUAGES } from '../text/languages.ts';
import { Badge } from '../view/badge.tsx';
import { Banner } from '../view/banner.tsx';
import { Button } from '../view/button.tsx';
import { useApp, useWords } from '../view/context.ts';
import { DeliveryMark } from '../view/delivery-mark.tsx';
import { Field } from '../view/field.tsx';
import { Icon, IconButton } from '../view/icon.tsx';
import { KeysDialog } from '../view/keys-dialog.tsx';
import { ListRow } from '../view/list-row.tsx';
import { LogOutDialog } from '../view/log-out-dialog.tsx';
import { Mark } from '../view/mark.tsx';
import { Menu } from '../view/menu.tsx';
import { Avatar, PresenceText } from '../view/person.tsx';
import { Progress } from '../view/progress.tsx';
import { RecoveryKey } from '../view/recovery-key.tsx';
import { SafetyDialog } from '../view/safety-dialog.tsx';
import { SelectField } from '../view/select-field.tsx';
import { SettingsDialog } from '../view/settings/settings-dialog.tsx';
import { Tabs } from '../view/tabs.tsx';
import { Toggle } from '../view/toggle.tsx';
import { ACCOUNTS, CLERK, DRAWING, ENGINEER, PEOPLE } from './acted-people.ts';
import { Part } from './gallery-part.tsx';
import { Asking, SafetyFacts } from './gallery-talk.tsx';

export function Gallery({ themes }: { readonly themes: readonly Theme[] }) {
  const { preferences } = useApp();
  return (
    <main class="gallery">
      <header class="gallery-head">
        <Mark large />
        <h1>Components</h1>
        <SelectField
          label="Language"
          value={preferences.language.value}
          options={LANGUAGES.map((value) => ({ value, label: LANGUAGE_NAMES[value] }))}
          onChange={(language) => void preferences.setLanguage(language)}
        />
        <SelectField
          label="Theme"
          value={preferences.theme.value}
          options={themes.map((value) => ({ value, label: value }))}
          onChange={(theme) => preferences.setTheme(theme)}
        />
      </header>
      <Buttons />
      <Fields />
      <People />
      <Marks />
      <Banners />
      <TabsAndRows />
      <SafetyFacts />
      <Floating />
      <Asking />
      <Part name="Recovery key">
        <RecoveryKey text="8Q2WX-0MZ4K-7HTPD-2GSVR-ZK1N9-XB3QY-40FJA-WE6TC" address={CLERK.address} />
      </Part>
    </main>
  );
}

function Buttons() {
  const { t } = useWords();
  const nothing = (): void => {};
  return (
    <Part name="Buttons">
      <Button kind="main">{t('settings.save')}</Button>
      <Button kind="main" disabled>
        {t('settings.save')}
      </Button>
      <Button>{t('settings.cancel')}</Button>
      <Button disabled>{t('settings.cancel')}</Button>
      <Button icon="plus">{t('rail.add')}</Button>
      <Button kind="danger">{t('profile.delete')}</Button>
      <button type="button" class="text-button">
        {t('state.retry')}
      </button>
      <IconButton icon="search" label={t('rail.search')} onClick={nothing} />
      <IconButton icon="info" label={t('chat.details')} pressed onClick={nothing} />
      <IconButton icon="plus" label={t('rail.add')} class="icon-button-main" onClick={nothing} />
    </Part>
  );
}

function Fields() {
  const { t } = useWords();
  const [text, setText] = useState('clerk');
  const [isOn, setOn] = useState(true);
  const field = useRef<HTMLInputElement>(null);
  const parts = { value: text, inputRef: field, onInput: setText };
  return (
    <Part name="Fields">
      <Field label={t('login.username')} hint={t('add.hint')} {...parts} />
      <Field label={t('login.username')} error={t('add.malformed')} {...parts} />
      <Field label={t('login.username')} disabled {...parts} />
      <SelectField
        label={t('settings.theme')}
        value="light"
        options={[{ value: 'light', label: t('settings.themeLight') }]}
        onChange={() => {}}
      />
      <Toggle label={t('notify.label')} hint={t('notify.hint')} on={isOn} onChange={setOn} />
      <Toggle label={t('notify.text')} on={!isOn} onChange={(on) => setOn(!on)} />
      <Toggle label={t('notify.text')} hint={t('notify.denied')} on disabled onChange={setOn} />
    </Part>
  );
}

function People() {
  const { t } = useWords();
  return (
    <Part name="People and badges">
      {PEOPLE.map((user) => (
        <Avatar key={user.id} user={user} presence />
      ))}
      <Avatar user={ENGINEER} large presence />
      {[ENGINEER, ACCOUNTS, DRAWING].map((user) => (
        <PresenceText key={user.id} user={user} />
      ))}
      <Badge count={3} label={t('rail.unread', { count: 3 })} />
      <Badge count={120} label={t('rail.unread', { count: 120 })} />
      <Badge count={7} label={t('rail.unread', { count: 7 })} muted />
    </Part>
  );
}

function Marks() {
  const { t } = useWords();
  return (
    <Part name="States and progress">
      {(['queued', 'stored', 'delivered', 'read', 'failed'] as const).map((state) => (
        <DeliveryMark key={state} state={state} />
      ))}
      <Progress label={t('start.loading')} value={0.4} note="2.1 / 5.3 MB" />
      <Progress label={t('start.loading')} />
    </Part>
  );
}

function Banners() {
  const words = useWords();
  const { t } = words;
  const island = t('islands.one', { realm: 'odesa.acme.ua', time: '14:02', count: 12 });
  return (
    <Part name="Banners">
      <Banner tone="info">{t('recovery.laterWhy')}</Banner>
      <Banner tone="warn" icon="link-off">
        {island}
      </Banner>
      <Banner tone="warn" icon="shield-alert" actions={<Button>{t('safety.compare')}</Button>}>
        {t('safety.changed', { name: ACCOUNTS.name })}
      </Banner>
      <Banner tone="bad">{t('error.loginRefused')}</Banner>
      <p class="notice">{t('login.idle')}</p>
    </Part>
  );
}

const TABS = ['profile', 'general', 'privacy', 'devices', 'security', 'keys'] as const;

function TabsAndRows() {
  const { t } = useWords();
  const [current, setCurrent] = useState<(typeof TABS)[number]>('devices');
  return (
    <Part name="Tabs and rows">
      <Tabs<(typeof TABS)[number]>
        label={t('settings.title')}
        tabs={TABS.map((name) => ({ name, label: t(`settings.${name}`) }))}
        current={current}
        onChoose={setCurrent}
      >
        <ul>
          <ListRow lead={<Icon name="device" />} title="Firefox" note={t('devices.current')} />
          <ListRow
            lead={<Icon name="device" />}
            title={ACCOUNTS.name}
            note={t('devices.seen', { time: '14:02' })}
            end={
              <button type="button" class="text-button text-button-bad">
                {t('devices.remove')}
              </button>
            }
          />
        </ul>
      </Tabs>
    </Part>
  );
}

function Floating() {
  const { screen } = useApp();
  const { t } = useWords();
  const [opener, setOpener] = useState<HTMLElement>();
  const [isComparing, setComparing] = useState(false);
  const dialog = screen.dialog.value;
  return (
    <Part name="Menu and dialogs">
      <Button onClick={(event) => event.currentTarget instanceof HTMLElement && setOpener(event.currentTarget)}>
        {t('settings.title')} ▾
      </Button>
      {opener && (
        <Menu
          opener={opener}
          label={t('settings.title')}
          items={[
            { label: t('devices.rename'), icon: 'edit', onChoose: () => {} },
            { label: t('devices.remove'), icon: 'leave', danger: true, onChoose: () => {} },
          ]}
          onClose={() => setOpener(undefined)}
        />
      )}
      <Button onClick={() => screen.open('settings')}>{t('settings.title')}</Button>
      <Button onClick={() => screen.open('keys')}>{t('help.title')}</Button>
      <Button onClick={() => screen.open('log-out')}>{t('rail.logOut')}</Button>
      <Button onClick={() => setComparing(true)}>{t('safety.title')}</Button>
      {dialog === 'settings' && <SettingsDialog />}
      {dialog === 'keys' && <KeysDialog />}
      {dialog === 'log-out' && <LogOutDialog />}
      {isComparing && <SafetyDialog person={ENGINEER} onClose={() => setComparing(false)} />}
    </Part>
  );
}
