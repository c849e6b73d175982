// Wherever the person is logged in, with a name for each and the way to sign one out for good.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Device } from '../../model/account-client.ts';
import { failureText } from '../../model/failure-text.ts';
import { Banner } from '../banner.tsx';
import { Button } from '../button.tsx';
import { useWords, useWorkspace } from '../context.ts';
import { Dialog } from '../dialog.tsx';
import { Field } from '../field.tsx';
import { Icon } from '../icon.tsx';
import { ListRow } from '../list-row.tsx';

export function DevicesTab() {
  const { account } = useWorkspace();
  const words = useWords();
  const { t } = words;
  const [asked, setAsked] = useState<{ readonly kind: 'rename' | 'remove'; readonly device: Device }>();
  useEffect(() => void account.loadDevices(), []);
  const devices = account.devices.value;
  const failure = account.listing.failure.value;
  return (
    <section class="settings-part">
      <p class="lead">{t('devices.hint')}</p>
      {failure && <Banner tone="bad">{failureText(words, failure)}</Banner>}
      {!devices && !failure && <p class="note">{t('devices.loading')}</p>}
      <ul>
        {devices?.map((device) => (
          <DeviceRow
            key={device.id}
            device={device}
            onRename={() => setAsked({ kind: 'rename', device })}
            onRemove={() => setAsked({ kind: 'remove', device })}
          />
        ))}
      </ul>
      {asked?.kind === 'rename' && <RenameDialog device={asked.device} onClose={() => setAsked(undefined)} />}
      {asked?.kind === 'remove' && <RemoveDialog device={asked.device} onClose={() => setAsked(undefined)} />}
    </section>
  );
}

interface DeviceRowProps {
  readonly device: Device;
  onRename(): void;
  onRemove(): void;
}

function DeviceRow({ device, onRename, onRemove }: DeviceRowProps) {
  const { people } = useWorkspace();
  const words = useWords();
  const { t } = words;
  const { current, lastSeen, signedIn } = device;
  const seen = lastSeen === undefined ? undefined : words.moment(lastSeen, people.now.value);
  const note = current
    ? t('devices.current')
    : !signedIn
      ? t('devices.signedOut')
      : seen !== undefined && t('devices.seen', { time: seen });
  return (
    <ListRow
      lead={<Icon name="device" />}
      title={device.name || t('devices.unnamed')}
      note={note}
      end={
        <>
          <button type="button" class="text-button" onClick={onRename}>
            {t('devices.rename')}
          </button>
          {!current && (
            <button type="button" class="text-button text-button-bad" onClick={onRemove}>
              {t('devices.remove')}
            </button>
          )}
        </>
      }
    />
  );
}

interface DeviceDialogProps {
  readonly device: Device;
  onClose(): void;
}

function RenameDialog({ device, onClose }: DeviceDialogProps) {
  const { account } = useWorkspace();
  const { t } = useWords();
  const [name, setName] = useState(device.name);
  const field = useRef<HTMLInputElement>(null);
  const submit = (event: Event): void => {
    event.preventDefault();
    if (name.trim() === '') return;
    onClose();
    void account.renameDevice(device.id, name);
  };
  return (
    <Dialog title={t('devices.rename')} onClose={onClose}>
      <form noValidate onSubmit={submit}>
        <Field
          label={t('devices.renameTitle')}
          value={name}
          autocomplete="off"
          maxLength={100}
          inputRef={field}
          onInput={setName}
        />
        <div class="dialog-buttons">
          <Button onClick={onClose}>{t('settings.cancel')}</Button>
          <Button submit kind="main" disabled={name.trim() === ''}>
            {t('settings.save')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function RemoveDialog({ device, onClose }: DeviceDialogProps) {
  const { account } = useWorkspace();
  const { t } = useWords();
  const remove = (): void => {
    onClose();
    void account.removeDevice(device.id);
  };
  return (
    <Dialog title={t('devices.removeTitle', { name: device.name || t('devices.unnamed') })} onClose={onClose}>
      <p>{t('devices.removeWhy')}</p>
      <div class="dialog-buttons">
        <Button onClick={onClose}>{t('settings.cancel')}</Button>
        <Button kind="danger" onClick={remove}>
          {t('devices.remove')}
        </Button>
      </div>
    </Dialog>
  );
}
