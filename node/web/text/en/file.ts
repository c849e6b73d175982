// English: files, what is shown of them, voice messages.
import type { Area } from '../entry.ts';

export const file = {
  'file.attach': 'Attach files',
  'file.tray': 'Files to send',
  'file.remove': 'Remove {name}',
  'file.cancel': 'Cancel {name}',
  'file.waiting': '{size} · waiting',
  'file.sending': '{done} of {total}',
  'file.progress': '{name}: how much is sent',
  'file.missing': 'Reloading interrupted it. Choose the file again, and it goes on where it was.',
  'file.chooseAgain': 'Choose again',
  'file.tooLong': '{size} is too large: files of up to {limit} can be sent here.',
  'file.drop': 'Drop files to attach them',
  'file.look': 'Show {name}',
  'file.play': 'Play {name}',
  'file.save': 'Save {name}',

  'voice.record': 'Record a voice message',
  'voice.recording': 'Recording',
  'voice.stop': 'Finish recording',
  'voice.cancel': 'Discard the recording',
  'voice.refused': 'The microphone can’t be used. Allow it for this page in the browser’s settings.',

  'viewer.close': 'Close',
  'viewer.nearer': 'Zoom in',
  'viewer.farther': 'Zoom out',
  'viewer.before': 'Previous',
  'viewer.after': 'Next',

  'shared.title': 'Shared here',
  'shared.photos': 'Photos',
  'shared.files': 'Files',
  'shared.links': 'Links',
  'shared.noPhotos': 'No photos or videos yet.',
  'shared.noFiles': 'No files yet.',
  'shared.noLinks': 'No links yet.',
  'shared.older': 'Look further back',

  'error.quota':
    'your space for files is used up. Delete messages with large files, or ask your administrator for more.',
  'error.storeFull': 'your branch has no room for files now. Try again later.',
  'error.fileChanged': 'it changed while it was being sent. Attach it again when it stays as it is.',
} as const satisfies Area;
