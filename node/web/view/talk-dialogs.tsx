// The questions that conversations ask.
import { useConversing } from './context.ts';
import { DeleteDialog } from './delete-dialog.tsx';
import { ForwardDialog } from './forward-dialog.tsx';
import { InviteDialog } from './invite-dialog.tsx';
import { NewGroupDialog } from './new-group-dialog.tsx';
import { RenameDialog } from './rename-dialog.tsx';
import { ReportDialog } from './report-dialog.tsx';
import { SureDialog } from './sure-dialog.tsx';
import { TimerDialog } from './timer-dialog.tsx';

export function TalkDialogs() {
  const { talk } = useConversing();
  const dialog = talk.dialog.value;
  switch (dialog?.kind) {
    case undefined:
      return null;
    case 'forward':
      return <ForwardDialog message={dialog.message} />;
    case 'delete':
      return <DeleteDialog message={dialog.message} chat={dialog.chat} />;
    case 'report':
      return <ReportDialog message={dialog.message} chat={dialog.chat} />;
    case 'timer':
      return <TimerDialog chat={dialog.chat} />;
    case 'new-group':
      return <NewGroupDialog of={dialog.of} />;
    case 'invite':
      return <InviteDialog chat={dialog.chat} />;
    case 'rename':
      return <RenameDialog chat={dialog.chat} />;
    case 'leave':
    case 'clear':
    case 'remove':
    case 'block':
      return <SureDialog kind={dialog.kind} chat={dialog.chat} />;
  }
}
