// English: the way in: login, passwords, locked keys.
import type { Area } from '../entry.ts';

export const entrance = {
  'app.name': 'Canopy',

  'login.title': 'Log in to Canopy',
  'login.at': 'Branch {realm}',
  'login.username': 'Username',
  'login.usernameHint': 'As your administrator gave it: clerk, or clerk@{realm}',
  'login.password': 'Password',
  'login.showPassword': 'Show password',
  'login.hidePassword': 'Hide password',
  'login.submit': 'Log in',
  'login.checking': 'Checking password…',
  'login.demo': 'This is the demonstration. It printed a password for {user}.',
  'login.noUsername': 'Type your username.',
  'login.noPassword': 'Type your password.',
  'login.ended': 'Your session has ended. Log in again.',
  'login.wiped': 'This device was signed out, and what it held was erased. Log in to use it again.',
  'login.locked': 'The keys of this browser are gone. Your password opens them again.',

  'elsewhere.title': 'Canopy is open in another tab',
  'elsewhere.why': 'One tab at a time holds your keys. What you began to write there is kept.',
  'elsewhere.submit': 'Use it here',

  'locked.title': 'Unlock your messages',
  'locked.why':
    'Your password was reset. Your earlier messages are locked with a key that only you have: type your recovery key.',
  'locked.key': 'Recovery key',
  'locked.keyHint': 'Eight groups of five characters, as you printed them',
  'locked.noKey': 'Type your recovery key.',
  'locked.submit': 'Unlock',
  'locked.unlocking': 'Unlocking…',
  'locked.anew': 'I have no recovery key',
  'locked.anewTitle': 'Begin with new keys?',
  'locked.anewWhy':
    'What was written before stays unreadable for you, for good. Your colleagues are told that your keys changed.',
  'locked.anewSubmit': 'Begin with new keys',
  'locked.anewCancel': 'Cancel',

  'password.title': 'Choose your own password',
  'password.why': 'The one you have was made by your administrator. Only you should know the next one.',
  'password.new': 'New password',
  'password.again': 'The same again',
  'password.rule': 'At least {count} characters. A few words that only you would put together are best.',
  'password.short': 'Too short: at least {count} characters.',
  'password.long': 'Too long: at most {count} characters.',
  'password.differ': 'The two are not the same.',
  'password.same': 'That is the present password. Choose another.',
  'password.submit': 'Set password',
  'password.setting': 'Setting password…',

  'start.loading': 'Opening your conversations…',

  'login.idle': 'Locked because nobody was here for a while. Log in to go on where you were.',
  'login.branchLocked':
    'The branch was locked by its administrator. Nothing is shown, and nobody can log in until it is unlocked.',
  'login.deleted': 'Your profile was deleted, and nothing of it is kept in this browser.',

  'older.title': 'Older keys on the server',
  'older.cost':
    'Going on costs what is newer than the server’s copy and on no device of yours: keys, settings, drafts, and messages that only those keys open. Your other devices log in again by the password. Go on only if your administrator confirms that the server was put back to an old copy.',
  'older.submit': 'Go on from the older keys',
  'older.going': 'Going on…',
  'older.wait': 'Log in again later',

  'unproven.title': 'Is this password your own?',
  'unproven.why':
    'It does not open your messages yet. If somebody else gave it to you, choose a new one: whoever knows it could read along.',
  'unproven.choose': 'Choose a new password',
  'unproven.accept': 'I chose it myself',
} as const satisfies Area;
