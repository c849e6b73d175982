// English: what is the matter, and what to do.
import type { Area } from '../entry.ts';

export const trouble = {
  'islands.one': {
    one: 'Branch {realm} unreachable since {time}, {count} message queued. Local chats work.',
    other: 'Branch {realm} unreachable since {time}, {count} messages queued. Local chats work.',
  },
  'islands.oneIdle': 'Branch {realm} unreachable since {time}. Local chats work.',
  'islands.frozen': 'Branch {realm} is blocked by its administrators. What you write to it is kept.',
  'islands.several': {
    one: '{count} other branch unreachable, messages queued: {queued}. Local chats work.',
    other: '{count} other branches unreachable, messages queued: {queued}. Local chats work.',
  },
  'islands.alone': 'Your branch reaches no other since {time}, messages queued: {queued}. Local chats work.',

  'connection.connecting': 'Connecting to your branch…',
  'connection.offline': 'Your branch’s server doesn’t answer. Reconnecting…',
  'connection.queued': {
    one: '{count} message waits here and goes by itself.',
    other: '{count} messages wait here and go by themselves.',
  },
  'connection.noNetwork': 'This computer has no network. Reconnecting when it is back…',

  'trouble.full':
    'This browser has no room left. What comes is shown but not kept here: free some space on this computer.',
  'trouble.notStored': 'This browser could not store what came. It stays on your branch’s server and comes again.',
  'trouble.clock':
    'This computer’s clock is wrong: it says {wrong}, at your branch it is {right}. Messages keep their order and your branch’s time.',
  'trouble.unproven': 'Your password lets you in, but does not open your messages yet.',
  'trouble.unprovenLook': 'See to it',
  'trouble.newer': 'A newer version of Canopy is here. What you have typed stays.',
  'trouble.reload': 'Reload',

  'error.loginRefused': 'The username or the password is wrong. Check both; capitals count in the password.',
  'error.loginBackoff': {
    one: 'Too many tries. Try again in {count} second.',
    other: 'Too many tries. Try again in {count} seconds.',
  },
  'error.accountDisabled': 'This account is disabled. Ask your administrator.',
  'error.loginBusy': 'Many people are logging in. Try again in a moment.',
  'error.unreachable': 'Your branch’s server doesn’t answer. Check the network of this computer and try again.',
  'error.tooLong': 'It is longer than a message may be. Send it in parts.',
  'error.conflict': 'Another message has the same number. Send it again.',
  'error.noRecipient': 'The recipient doesn’t exist any more.',
  'error.noRoom':
    'This browser has no room left, so nothing was sent. Your text stands in the field: free some space on this computer and send it again.',
  'error.diskFull': 'The disk of your branch’s server is full. Nothing was sent; tell your administrator.',
  'error.storeDamaged': 'A part of your branch’s server is damaged, so this can’t be shown. Tell your administrator.',
  'error.pictureUnreadable': 'That file can’t be read as a picture. Choose another one.',
  'error.readOnly': 'Your branch’s server doesn’t write now. Try again soon, or ask your administrator.',
  'error.lookupRate': 'You have looked for many people in a short time. Try again in a minute.',
  'error.noWay': 'That branch can’t be reached now, so nobody there can be found. Try again later.',
  'error.timeout': 'That branch didn’t answer in time. Try again later.',
  'error.destinationForbidden': 'Your administrator doesn’t allow messages to that branch.',
  'error.trustScope': 'The agreement with that branch doesn’t cover messages between you two. Ask your administrator.',
  'error.expired': 'It expired before it could be delivered.',
  'error.recoveryKey': 'That is not a recovery key. Compare it with the printed one, group by group.',
  'error.recoveryWrong': 'This recovery key does not open your messages. Is it the newest one?',
  'error.loginAgain': 'Too much time has passed. Log in again.',
  'error.vaultRolledBack':
    'Your branch’s server shows older keys than this browser knows; it may have been put back to an old copy. Open Canopy on your other devices and log in here again: a device that holds the newer keys gives them back. If none does, ask your administrator.',
  'error.vaultForked':
    'Your branch’s server shows keys that do not come from those that this browser knows. Nothing was opened. Tell your administrator: the server was put back to an old copy, or is not to be trusted.',
  'error.vaultGone':
    'Your branch’s server no longer has your keys. Nothing was opened. Tell your administrator: it may have been put back to an old copy.',
  'error.vaultRefused':
    'Your branch’s server shows other keys than this browser knows. Nothing was opened; tell your administrator this word: {code}.',
  'error.recipientNoDevice': 'The recipient has not logged in yet. Your message can be sent once they have.',
  'error.sessionEnded': 'Your session has ended. Log in again.',
  'error.other': 'Something went wrong ({code}). Try again; if it stays, tell your administrator this word.',

  'error.deviceIsThis': 'This is the device that you are using. Log out instead.',
  'error.freshLogin': 'This asks for a login of the last 15 minutes. Log out, log in, and do it again.',
  'error.identityOther': 'The keys have changed once more. Close this and compare again.',
  'error.identityUnproven': 'Nobody vouches for these keys, so they are not used. Tell your administrator.',
} as const satisfies Area;
