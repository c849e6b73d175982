// What is asked and told about a conversation, on the component page: the states of a safety number, the dialogs.
import { useMemo } from 'preact/hooks';
import { Identities } from '../model/identities.ts';
import { Button } from '../view/button.tsx';
import { useWords, useWorkspace, WorkspaceContext } from '../view/context.ts';
import { IdentityBanner, SafetyFact } from '../view/identity-parts.tsx';
import { TalkDialogs } from '../view/talk-dialogs.tsx';
import { ActedClient } from './acted-client.ts';
import { ENGINEER } from './acted-people.ts';
import { Part } from './gallery-part.tsx';

/** Not compared, and changed; the first becomes compared in its dialog. */
export function SafetyFacts() {
  const { identities } = useWorkspace();
  const changed: typeof identities = useMemo(() => {
    const client = new ActedClient('identity');
    const own = new Identities(client);
    own.start();
    void client.resume().then(() => client.connect());
    return own;
  }, []);
  return (
    <Part name="Safety number">
      <SafetyFact person={ENGINEER} />
      <WorkspaceContext.Provider value={{ ...useWorkspace(), identities: changed }}>
        <SafetyFact person={ENGINEER} />
        <IdentityBanner person={ENGINEER} />
      </WorkspaceContext.Provider>
    </Part>
  );
}

/** The questions of a conversation. */
export function Asking() {
  const { chats, conversing } = useWorkspace();
  const { t } = useWords();
  const { talk } = conversing;
  const chat = chats.list.value.find(({ person }) => person?.id === ENGINEER.id);
  if (!chat) return null;
  const report = async (): Promise<void> => {
    const timeline = chats.timelineOf(chat);
    await timeline.open();
    const message = timeline.view.value.items.find((item) => item.kind === 'message' && !item.mine);
    if (message?.kind === 'message') talk.show({ kind: 'report', message, chat });
  };
  return (
    <Part name="Questions of a conversation">
      <Button onClick={() => talk.show({ kind: 'timer', chat })}>{t('timer.title')}</Button>
      <Button onClick={() => void report()}>{t('report.title')}</Button>
      {(['clear', 'remove', 'block'] as const).map((kind) => (
        <Button key={kind} onClick={() => talk.show({ kind, chat })}>
          {kind}
        </Button>
      ))}
      <TalkDialogs />
    </Part>
  );
}
