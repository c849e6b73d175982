// The safety number of two people: twelve groups that both compare. When the keys have changed, what is shown is the number of the new
// ones, and accepting takes exactly those.
import { useEffect, useMemo } from 'preact/hooks';
import type { User } from '../../../src/client/client.ts';
import { failureText } from '../model/failure-text.ts';
import type { Comparison, Identity } from '../model/identities.ts';
import { Banner } from './banner.tsx';
import { Button } from './button.tsx';
import { useWords, useWorkspace } from './context.ts';
import { Dialog } from './dialog.tsx';
import { Toggle } from './toggle.tsx';

interface SafetyDialogProps {
  readonly person: User;
  onClose(): void;
}

export function SafetyDialog({ person, onClose }: SafetyDialogProps) {
  const { identities } = useWorkspace();
  const words = useWords();
  const { t } = words;
  const comparison = useMemo(() => identities.compare(person), [person.id]);
  useEffect(() => void comparison.ask(), [comparison]);
  const identity = comparison.identity.value;
  const failure = comparison.task.failure.value;
  return (
    <Dialog title={t('safety.title')} onClose={onClose}>
      {failure && <Banner tone="bad">{failureText(words, failure)}</Banner>}
      {identity ? (
        <Compared person={person} identity={identity} comparison={comparison} />
      ) : (
        !failure && <p role="status">{t('safety.loading')}</p>
      )}
      <div class="dialog-buttons">
        <Button onClick={onClose}>{t('settings.close')}</Button>
        {identity?.changedTo && (
          <Button kind="main" disabled={comparison.task.busy.value} onClick={() => void comparison.accept()}>
            {t('safety.accept')}
          </Button>
        )}
      </div>
    </Dialog>
  );
}

interface ComparedProps {
  readonly person: User;
  readonly identity: Identity;
  readonly comparison: Comparison;
}

function Compared({ person: { name }, identity, comparison }: ComparedProps) {
  const { t } = useWords();
  const { changedTo, safetyNumber, verified } = identity;
  if (changedTo) {
    return (
      <>
        <Banner tone="warn" icon="shield-alert">
          {t('safety.changed', { name })}
        </Banner>
        <h3 class="safety-which">{t('safety.new')}</h3>
        <SafetyNumber groups={changedTo.safetyNumber} />
      </>
    );
  }
  if (!safetyNumber) return <p>{t('safety.unknown', { name })}</p>;
  return (
    <>
      <p>{t('safety.why', { name })}</p>
      <SafetyNumber groups={safetyNumber} />
      <Toggle
        label={t('safety.verified')}
        hint={t('safety.verifiedHint')}
        on={verified}
        onChange={(on) => void comparison.setVerified(on)}
      />
    </>
  );
}

function SafetyNumber({ groups }: { readonly groups: readonly string[] }) {
  return (
    <ol class="safety-number">
      {groups.map((group, index) => (
        <li key={index}>{group}</li>
      ))}
    </ol>
  );
}
