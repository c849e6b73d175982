// What others learn of the person, and whom the person hears nothing from.
import { useEffect } from 'preact/hooks';
import { parseUserId } from '../../../../src/realm/ids.ts';
import type { Privacy } from '../../model/account-client.ts';
import { failureText } from '../../model/failure-text.ts';
import { Banner } from '../banner.tsx';
import { useConversing, useWords, useWorkspace } from '../context.ts';
import { ListRow } from '../list-row.tsx';
import { Avatar } from '../person.tsx';
import { Toggle } from '../toggle.tsx';

export function PrivacyTab() {
  const { account } = useWorkspace();
  const words = useWords();
  const { t } = words;
  useEffect(() => void account.loadPrivacy(), []);
  const privacy = account.privacy.value;
  const failure = account.hiding.failure.value;
  return (
    <section class="settings-part">
      {failure && <Banner tone="bad">{failureText(words, failure)}</Banner>}
      {privacy && <Wishes privacy={privacy} />}
      {!privacy && !failure && <p class="note">{t('privacy.loading')}</p>}
      <p class="note">{t('privacy.server')}</p>
      <h3>{t('privacy.blocked')}</h3>
      <Blocked />
    </section>
  );
}

/** What a policy hides is off for everybody: the wish stays as it is, for the day when the policy ends. */
function Wishes({ privacy }: { readonly privacy: Privacy }) {
  const { account } = useWorkspace();
  const { t } = useWords();
  const { hidden, receipts, presence } = privacy;
  return (
    <>
      <Toggle
        label={t('privacy.receipts')}
        hint={t(hidden.receipts ? 'privacy.hidden' : 'privacy.receiptsHint')}
        on={receipts && !hidden.receipts}
        disabled={hidden.receipts}
        onChange={(on) => void account.setPrivacy({ receipts: on })}
      />
      <Toggle
        label={t('privacy.presence')}
        hint={t(hidden.presence ? 'privacy.hidden' : 'privacy.presenceHint')}
        on={presence && !hidden.presence}
        disabled={hidden.presence}
        onChange={(on) => void account.setPrivacy({ presence: on })}
      />
    </>
  );
}

function Blocked() {
  const { contacts } = useConversing();
  const { t } = useWords();
  const blocked = [...contacts.blocked.value];
  if (blocked.length === 0) return <p class="note">{t('privacy.nobody')}</p>;
  return (
    <ul>
      {blocked.map((id) => (
        <BlockedRow key={id} id={id} />
      ))}
    </ul>
  );
}

function BlockedRow({ id }: { readonly id: string }) {
  const { people } = useWorkspace();
  const { contacts } = useConversing();
  const { t } = useWords();
  const person = people.person(parseUserId(id)).value;
  if (!person) return null;
  return (
    <ListRow
      lead={<Avatar user={person} />}
      title={person.name}
      note={person.address}
      end={
        <button type="button" class="text-button" onClick={() => void contacts.unblock(person).catch(() => undefined)}>
          {t('contact.unblock')}
        </button>
      }
    />
  );
}
