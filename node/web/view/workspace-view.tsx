// Rail, conversation, details, and what lies over them; one column at a time where the screen is narrow.
import { useEffect } from 'preact/hooks';
import { AddDialog } from './add-dialog.tsx';
import { Button } from './button.tsx';
import { ChatView } from './chat-view.tsx';
import { useApp, useWords, useWorkspace } from './context.ts';
import { DetailsPanel } from './details-panel.tsx';
import { EmptyState } from './empty-state.tsx';
import { Icon } from './icon.tsx';
import { onWorkspaceKey } from './keys.ts';
import { OwnDialogs } from './own-dialogs.tsx';
import { Rail } from './rail.tsx';
import { SwitchDialog } from './switch-dialog.tsx';
import { TalkDialogs } from './talk-dialogs.tsx';

export function WorkspaceView() {
  const { screen } = useApp();
  const workspace = useWorkspace();
  const chat = workspace.chats.current.value;
  const dialog = screen.dialog.value;
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => onWorkspaceKey(event, screen, workspace.chats);
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [workspace]);
  return (
    <div class={chat ? 'workspace workspace-chat' : 'workspace'}>
      <div class="columns">
        <Rail />
        {chat ? <ChatView key={chat.id} chat={chat} /> : <EmptyState />}
        {chat && screen.details.value && <DetailsPanel chat={chat} />}
      </div>
      <ConnectionStrip />
      {dialog === 'add' && <AddDialog />}
      {dialog === 'switch' && <SwitchDialog />}
      <OwnDialogs />
      <TalkDialogs />
    </div>
  );
}

/** Only there while something is the matter. */
function ConnectionStrip() {
  const app = useApp();
  const { screen, version } = app;
  const { connection, islands, people, troubles, account } = useWorkspace();
  const words = useWords();
  const now = people.now.value;
  const ofLines = connection.text(words) ?? islands.text(words, now);
  const ofThisPlace = ofLines ?? troubles.text(words, now);
  const isUnproven = ofThisPlace === undefined && account.isUnproven.value;
  const isNewer = ofThisPlace === undefined && !isUnproven && version.isNewer.value;
  const text = isUnproven ? words.t('trouble.unproven') : isNewer ? words.t('trouble.newer') : ofThisPlace;
  const look = text === undefined ? 'strip strip-none' : isNewer ? 'strip strip-quiet' : 'strip';
  return (
    <div role="status" class={look}>
      {text !== undefined && (
        <>
          <Icon name={isNewer ? 'info' : ofLines === undefined ? 'alert' : 'link-off'} />
          <span>{text}</span>
          {isUnproven && (
            <Button onClick={() => screen.openSettings('security')}>{words.t('trouble.unprovenLook')}</Button>
          )}
          {isNewer && (
            <Button onClick={() => void version.changeOver(() => app.flush())}>{words.t('trouble.reload')}</Button>
          )}
        </>
      )}
    </div>
  );
}
