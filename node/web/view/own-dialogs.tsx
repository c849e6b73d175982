// The dialogs about the own account. Settings come when they are asked for, so that nobody loads them who only writes.
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { useApp } from './context.ts';
import { KeysDialog } from './keys-dialog.tsx';
import { LogOutDialog } from './log-out-dialog.tsx';

export function OwnDialogs() {
  const dialog = useApp().screen.dialog.value;
  if (dialog === 'settings') return <Settings />;
  if (dialog === 'keys') return <KeysDialog />;
  if (dialog === 'log-out') return <LogOutDialog />;
  return null;
}

function Settings() {
  const [Loaded, setLoaded] = useState<{ readonly Dialog: ComponentType }>();
  const { screen } = useApp();
  useEffect(() => {
    let isHere = true;
    import('./settings/settings-dialog.tsx').then(
      ({ SettingsDialog }) => isHere && setLoaded({ Dialog: SettingsDialog }),
      // the node is away and this part was never loaded: the strip says so, nothing opens
      () => isHere && screen.close(),
    );
    return () => {
      isHere = false;
    };
  }, []);
  return Loaded ? <Loaded.Dialog /> : null;
}
