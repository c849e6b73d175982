// What others learn of the person, and whom the person hears nothing from.
import { useEffect, useRef } from 'preact/hooks';
import type { Privacy } from '../../model/account-client.ts';
import type { BlockedPerson } from '../../model/contact-actions.ts';
import { failureText } from '../../model/failure-text.ts';
import { Banner } from '../banner.tsx';
import { useConversing, useWords, useWorkspace } from '../context.ts';
import { Icon } from '../icon.tsx';
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
  const words = useWords();
  const heading = useRef<HTMLHeadingElement>(null);
  const blocked = [...contacts.blocked.value.values()];
  const failure = contacts.failure.value;
  return (
    <>
      <h3 ref={heading} tabIndex={-1}>
        {words.t('privacy.blocked')}
      </h3>
      {failure && <Banner tone="bad">{failureText(words, failure)}</Banner>}
      {blocked.length === 0 && <p class="note">{words.t('privacy.nobody')}</p>}
      {blocked.length > 0 && (
        <ul>
          {blocked.map((one) => (
            <BlockedRow key={one.user.id} blocked={one} onGone={() => heading.current?.focus()} />
          ))}
        </ul>
      )}
    </>
  );
}

/** Somebody who can't be found any more is let in again all the same: by when they were blocked one may know who it was. */
function BlockedRow({ blocked: { user, at }, onGone }: { readonly blocked: BlockedPerson; onGone(): void }) {
  const { people } = useWorkspace();
  const { contacts } = useConversing();
  const words = useWords();
  const { t } = words;
  const known = user.address === '' ? people.person(user.id).value : user;
  const name = known?.name || t('privacy.gone');
  const time = words.moment(at, people.now.value);
  const unblock = async (): Promise<void> => {
    if (await contacts.unblock(user)) onGone();
  };
  return (
    <ListRow
      lead={known ? <Avatar user={known} /> : <Icon name="person" />}
      title={name}
      note={[known?.address, t('privacy.since', { time })].filter(Boolean).join(' · ')}
      end={
        <button
          type="button"
          class="text-button"
          aria-label={t('privacy.unblock', { name })}
          onClick={() => void unblock()}
        >
          {t('contact.unblock')}
        </button>
      }
    />
  );
}
