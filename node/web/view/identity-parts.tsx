// Where the keys of a person are spoken of: in the details, and above the conversation once they have changed.
import { useState } from 'preact/hooks';
import type { User } from '../../../src/client/client.ts';
import { Banner } from './banner.tsx';
import { Button } from './button.tsx';
import { useWords, useWorkspace } from './context.ts';
import { Icon } from './icon.tsx';
import { SafetyDialog } from './safety-dialog.tsx';

/** The mark of a check stands only where somebody checked. */
const STATES = {
  open: { icon: 'shield', text: 'safety.notVerified', look: '' },
  compared: { icon: 'shield-check', text: 'safety.isVerified', look: 'safety-good' },
  changed: { icon: 'shield-alert', text: 'safety.isChanged', look: 'safety-changed' },
} as const;

/** A fact of the details, with the way to the number. */
export function SafetyFact({ person }: { readonly person: User }) {
  const { identities } = useWorkspace();
  const { t } = useWords();
  const [isOpen, setOpen] = useState(false);
  const isChanged = identities.changed.value.has(person.id);
  const { icon, text, look } = STATES[isChanged ? 'changed' : identities.isVerified(person) ? 'compared' : 'open'];
  return (
    <div class="safety-fact">
      <span class={`safety-state ${look}`}>
        <Icon name={icon} />
        <span>{t(text)}</span>
      </span>
      <button type="button" class="text-button" onClick={() => setOpen(true)}>
        {t('safety.show')}
      </button>
      {isOpen && <SafetyDialog person={person} onClose={() => setOpen(false)} />}
    </div>
  );
}

/** Stands until the new keys were accepted. */
export function IdentityBanner({ person }: { readonly person: User }) {
  const { identities } = useWorkspace();
  const { t } = useWords();
  const [isOpen, setOpen] = useState(false);
  if (!identities.changed.value.has(person.id) && !isOpen) return null;
  return (
    <div class="identity-banner">
      <Banner
        tone="warn"
        icon="shield-alert"
        actions={<Button onClick={() => setOpen(true)}>{t('safety.compare')}</Button>}
      >
        {t('safety.changed', { name: person.name })}
      </Banner>
      {isOpen && <SafetyDialog person={person} onClose={() => setOpen(false)} />}
    </div>
  );
}
