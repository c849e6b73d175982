// What a person sets: the profile, how it looks and tells, the devices, the keys. Everything holds at once; there is no "apply".
import { useState } from 'preact/hooks';
import type { SettingsTab } from '../../model/screen.ts';
import { useApp, useWords } from '../context.ts';
import { Dialog } from '../dialog.tsx';
import { IconButton } from '../icon.tsx';
import { type Tab, Tabs } from '../tabs.tsx';
import { DevicesTab } from './devices-tab.tsx';
import { GeneralTab } from './general-tab.tsx';
import { KeyList } from './key-list.tsx';
import { PrivacyTab } from './privacy-tab.tsx';
import { ProfileTab } from './profile-tab.tsx';
import { SecurityTab } from './security-tab.tsx';

const TABS = {
  profile: ProfileTab,
  general: GeneralTab,
  privacy: PrivacyTab,
  devices: DevicesTab,
  security: SecurityTab,
  keys: KeyList,
};
const ICONS = {
  profile: 'person',
  general: 'sliders',
  privacy: 'eye-off',
  devices: 'device',
  security: 'key',
  keys: 'keyboard',
} as const;
const NAMES: readonly SettingsTab[] = ['profile', 'general', 'privacy', 'devices', 'security', 'keys'];

export function SettingsDialog() {
  const { screen } = useApp();
  const { t } = useWords();
  const [current, setCurrent] = useState<SettingsTab>(screen.settingsTab);
  const tabs: readonly Tab<SettingsTab>[] = NAMES.map((name) => ({
    name,
    label: t(`settings.${name}`),
    icon: ICONS[name],
  }));
  const Panel = TABS[current];
  return (
    <Dialog title={t('settings.title')} class="dialog-wide" onClose={() => screen.close()}>
      <IconButton
        icon="close"
        label={t('settings.close')}
        keys="Esc"
        class="dialog-close"
        onClick={() => screen.close()}
      />
      <Tabs<SettingsTab> label={t('settings.title')} tabs={tabs} current={current} column onChoose={setCurrent}>
        <Panel />
      </Tabs>
    </Dialog>
  );
}
