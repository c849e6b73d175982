// English: the own account and its keys.
import type { Area } from '../texts.ts';

export const account = {
  'recovery.title': 'Keep your recovery key',
  'recovery.why':
    'It opens your messages if you forget your password. Nobody else has it, neither your administrator nor the server, and it is shown only once.',
  'recovery.make': 'Show recovery key',
  'recovery.making': 'Making the key…',
  'recovery.key': 'Your recovery key',
  'recovery.print': 'Print',
  'recovery.copy': 'Copy',
  'recovery.copied': 'Copied',
  'recovery.qr': 'The recovery key as a code for a camera',
  'recovery.kept': 'I have printed it or written it down',
  'recovery.done': 'Go on',
  'recovery.later': 'Later',
  'recovery.laterWhy': 'You can make one at any time in the settings.',
  'recovery.paper': 'Canopy recovery key of {address}',
  'recovery.paperHint':
    'Keep this sheet where you keep papers that matter. Type the key, group by group, when Canopy asks for it.',
  'recovery.none': 'You have no recovery key. If you forget your password, your earlier messages are lost.',
  'recovery.there': 'You have a recovery key. A new one makes the earlier one useless.',
  'recovery.renew': 'Make a new recovery key',

  'profile.name': 'Your name',
  'profile.nameHint': 'Everybody who can find you sees it.',
  'profile.nameMissing': 'Type a name.',
  'profile.username': 'Username',
  'profile.usernameHint': 'It stays the same for as long as the account exists.',
  'profile.delete': 'Delete profile',
  'profile.deleteTitle': 'Delete your profile for good?',
  'profile.deleteWhy':
    'Nobody can log in as {address} any more, and what this browser holds is erased. Colleagues keep what you wrote to them.',
  'profile.deleteType': 'Type your username to confirm',

  'devices.hint':
    'Wherever you are logged in. Sign out what you no longer use or have lost: it erases itself as soon as it hears of it.',
  'devices.current': 'This device',
  'devices.unnamed': 'Unnamed device',
  'devices.seen': 'Last here {time}',
  'devices.signedOut': 'Signed out',
  'devices.rename': 'Rename',
  'devices.renameTitle': 'Name of the device',
  'devices.remove': 'Sign out',
  'devices.removeTitle': 'Sign out {name}?',
  'devices.removeWhy': 'Its keys count for nobody from now on, and what it holds is erased as soon as it is online.',
  'devices.loading': 'Asking for your devices…',

  'security.password': 'Password',
  'security.present': 'Present password',
  'security.change': 'Change password',
  'security.changeHint': 'Your other devices are logged out and ask for the new one.',
  'security.changed': 'The password is changed.',

  'logOut.title': 'Log out?',
  'logOut.why': 'Messages and keys that this browser holds are erased. They come back when you log in again.',
  'logOut.keep': 'Keep them here for my next login',
  'logOut.keepHint': 'Only on a computer that nobody else uses.',
  'logOut.queued': {
    one: '{count} message has not been sent yet and is lost.',
    other: '{count} messages have not been sent yet and are lost.',
  },

  'safety.title': 'Safety number',
  'safety.why': 'Compare it with {name} in person or by a call. If both see the same, nobody reads along.',
  'safety.show': 'Show safety number',
  'safety.copy': 'Copy',
  'safety.loading': 'Working it out…',
  'safety.changed':
    'The keys of {name} have changed. That happens when somebody loses their password, and when somebody tries to read along. Nothing is sent until you accept the new keys.',
  'safety.accept': 'Accept the new keys',
  'safety.compare': 'Compare first',

  'help.title': 'Keys',
  'help.switch': 'Go to a conversation',
  'help.search': 'Search in messages',
  'help.next': 'Next or previous conversation',
  'help.send': 'Send',
  'help.line': 'New line',
  'help.edit': 'Edit your last message, when nothing is typed',
  'help.close': 'Close, or back to the conversations',
  'help.list': 'Move in lists, menus and tabs',
  'help.help': 'These keys',
} as const satisfies Area;
