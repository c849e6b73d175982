// English: what a person sets.
import type { Area } from '../entry.ts';

export const settings = {
  'theme.system': 'Theme: as the system',
  'theme.light': 'Theme: light',
  'theme.dark': 'Theme: dark',
  'theme.contrast': 'Theme: high contrast',

  'language.label': 'Language',

  'settings.title': 'Settings',
  'settings.close': 'Close',
  'settings.save': 'Save',
  'settings.saved': 'Saved',
  'settings.cancel': 'Cancel',
  'settings.profile': 'Profile',
  'settings.general': 'General',
  'settings.privacy': 'Privacy',
  'settings.devices': 'Devices',
  'settings.security': 'Security',
  'settings.keys': 'Keyboard',
  'settings.theme': 'Theme',
  'settings.themeSystem': 'As the system',
  'settings.themeLight': 'Light',
  'settings.themeDark': 'Dark',
  'settings.themeContrast': 'High contrast',
  'settings.idle': 'Lock when nobody is here',
  'settings.idleNever': 'Never',
  'settings.idleMinutes': {
    one: 'After {count} minute',
    other: 'After {count} minutes',
  },
  'settings.idleHint': 'Your password opens it again; messages that come meanwhile wait.',

  'privacy.receipts': 'Tell others what I have read',
  'privacy.receiptsHint': 'Off: your colleagues see two ticks at the most. You still see what they have read.',
  'privacy.presence': 'Tell others when I am online',
  'privacy.presenceHint':
    'Off: you look offline, nobody sees when you were here last or that you are typing. You still see the others.',
  'privacy.hidden': 'Your administrator hides this for everybody here.',
  'privacy.server': 'Your branch’s server has to know both, to deliver your messages; it tells nobody.',
  'privacy.loading': 'Asking for your settings…',
  'privacy.blocked': 'Blocked people',
  'privacy.gone': 'Somebody who can’t be found any more',
  'privacy.since': 'blocked {time}',
  'privacy.unblock': 'Unblock {name}',
  'privacy.nobody': 'Nobody. You block somebody at the foot of the details of a conversation.',

  'notify.label': 'Notifications on this computer',
  'notify.hint': 'Shown by your browser while Canopy is open, through no other service.',
  'notify.denied': 'Your browser forbids them for this site. Allow them in its settings first.',
  'notify.unsupported': 'This browser can’t show them.',
  'notify.text': 'Show who writes and what',
  'notify.textHint': 'Off: a notification says only that there is something new.',
  'notify.new': 'New message',
} as const satisfies Area;
