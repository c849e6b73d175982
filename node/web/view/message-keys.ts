// Keys of a message that has the focus: Enter opens its menu, R answers, E changes it.
import type { ShownMessage } from '../model/timeline.ts';
import type { Stage } from './stage.ts';

export function onMessageKey(event: KeyboardEvent, message: ShownMessage, stage: Stage): void {
  const opener = event.currentTarget;
  if (event.target !== opener || !(opener instanceof HTMLElement)) return;
  if (event.altKey || event.ctrlKey || event.metaKey || message.deletedBy !== undefined) return;
  switch (event.code) {
    case 'Enter':
    case 'Space':
      stage.show({ kind: 'menu', message, opener });
      break;
    case 'KeyR':
      stage.composing.reply(message);
      break;
    case 'KeyE':
      if (!mayEdit(message)) return;
      stage.composing.edit(message);
      break;
    default:
      return;
  }
  event.preventDefault();
}

/** Own words alone; what was passed on is somebody else's. */
export function mayEdit({ mine, text, forwardedFrom, file, deletedBy }: ShownMessage): boolean {
  return mine && text !== undefined && !forwardedFrom && !file && deletedBy === undefined;
}
