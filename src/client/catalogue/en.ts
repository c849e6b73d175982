// English. Each sentence says what happened and, where a person can do something, what.
import type { Catalogue } from './catalogue.ts';

const seconds = (value: unknown): string => {
  const count = typeof value === 'number' ? Math.max(1, Math.ceil(value)) : 1;
  return count === 1 ? '1 second' : count < 120 ? `${count} seconds` : `${Math.ceil(count / 60)} minutes`;
};

export const english: Catalogue = {
  language: 'en',
  unknown: (code) => `Something went wrong (${code}).`,
  sentences: {
    'wrong-password': () => 'The username or the password is wrong.',
    'login-backoff': (params) =>
      `Too many tries. Try again in ${seconds(params['retryAfter'])}, or ask your administrator.`,
    'account-disabled': () => 'This account is disabled. Ask your administrator.',
    'login-busy': () => 'Many people are logging in. Try again in a moment.',
    'login-again': () => 'Log in again before you change the password.',
    'unknown-login-attempt': () => 'The login took too long. Try again.',
    'password-change-required': () => 'This is a first password. Choose a new one.',
    'password-unchanged': () => 'The new password is the old one. Choose another.',
    'password-too-short': (params) => `The new password is too short: at least ${params['count']} characters.`,
    'password-too-long': (params) => `The new password is too long: at most ${params['count']} characters.`,
    'session-ended': () => 'You were signed out. Log in again.',
    'session-missing': () => 'Log in first.',
    'device-wiped': () => 'This device was signed out for good. What it kept is gone.',
    'branch-locked': () => 'Your branch was locked. Nobody can log in until your administrator unlocks it.',
    'account-locked': () => 'Your keys are locked on this device. Give the recovery key, or log in with the password.',
    'vault-rolled-back': () =>
      'The server shows older keys than this device knows. Start your other devices: one that holds the newer ones gives them back.',
    'vault-forked': () =>
      'The server shows keys that do not come from those that this device knows. Nothing was opened; tell your administrator.',
    'vault-gone': () =>
      'The server no longer has your keys. Tell your administrator: it may have been put back to an old copy.',
    'vault-not-refused': () => 'The server shows the keys that this device knows. There is nothing to give up.',
    'vault-too-old': () =>
      'The server has lost too many changes for this device to go on from. Erase what this device keeps, and log in anew.',
    'user-unknown': (params) => `Nobody has the address ${params['address'] ?? ''}. Check the spelling.`,
    'bad-user-address': (params) =>
      `${params['address'] ?? 'This'} is not an address. Write login@branch, for example clerk@kyiv.acme.ua.`,
    'lookup-rate': () => 'You have looked for many people in a short time. Try again in a minute.',
    'no-way': () => 'That branch cannot be reached now, so nobody there can be found. Try again later.',
    busy: () => 'There is much to do on the way to that branch. Try again in a moment.',
    'errand-rate': () => 'There is much to do on the way to that branch. Try again in a moment.',
    timeout: () => 'That branch did not answer in time. Try again later.',
    'destination-forbidden': () => 'Your administrator does not allow messages to that branch.',
    'trust-scope': () =>
      'The agreement with that branch does not cover messages between you two. Ask your administrator.',
    'server-unreachable': () => 'The server does not answer. Trying again by itself.',
    'server-certificate': () => "The server's certificate is not trusted here. Give the LAN authority's certificate.",
    'server-not-canopy': () => 'What answers there is not a Canopy server. Check the address.',
    'id-conflict': () => 'Another message was already sent with this id.',
    'text-too-long': () => 'The message is too long. Send it in several, or as a file.',
    'body-too-long': () => 'The message is too long. Send it in several, or as a file.',
    'recipient-unknown': () => 'This person no longer has an account that can receive messages.',
    'user-disabled': () => 'This person no longer has an account that can receive messages.',
    'outbox-full': () => 'Too many messages wait for that branch. Try again when it is back.',
    expired: () => 'The message expired before it could be delivered.',
    'message-expired': () => 'The message expired before it could be delivered.',
    'message-empty': () => 'The message is empty.',
    'roster-unsuitable': () => 'A group needs an owner. Make somebody else one first.',
    'identity-unproven': () =>
      'Your server names a key for this person for which their branch does not vouch. Nothing was sent; tell your administrator.',
    'identity-other': () => 'The key of this person has changed once more. Look at it again.',
    'identity-unknown': () => 'This person has not logged in yet.',
    'draft-too-long': () => 'This draft is too long to be kept. Send it as a file.',
    'message-unknown': () => 'This message is not known here.',
    'evidence-gone': () =>
      'What its sender signed is not there any more, so nothing can prove this message. It was taken back, or its time was over.',
    'evidence-unproven': () =>
      "Nobody vouches for the sender's keys as they were when this was written, so a report would prove nothing.",
    'conversation-unknown': () => 'This conversation is not known here.',
    'content-unknown': () => 'This message needs a newer client.',
    'content-unreadable': () => 'This message cannot be read.',
    'too-many-requests': () => 'Too much at once. Waiting a moment.',
    'slow-reader': () => 'The connection was too slow and is being opened again.',
    'no-version': () => 'This client is too old or too new for the server. Reload or update it.',
    'not-from-here': () => 'This server only talks to computers of its own network.',
    'host-refused': () => 'The server does not know itself by this name. Use its configured address.',
    'origin-refused': () => 'Another page tried to use this server and was refused.',
    'request-malformed': () => 'The server did not understand the request. Update the client.',
    'frame-malformed': () => 'The server and the client did not understand each other. Update the client.',
    'file-lost': (params) =>
      `Your server was restored from a copy and has lost the file "${params['name'] ?? ''}", which you sent. Send it again if somebody needs it.`,
    'read-only': () => 'The server does not write now. The message waits; if it lasts, ask your administrator.',
    'disk-full': () => "The server's disk is full. Nothing was sent; tell your administrator.",
    'store-damaged': () =>
      "A part of the server's database is damaged, so this cannot be shown. Tell your administrator.",
    'realm-unreachable': (params) => `${params['realm'] ?? 'That branch'} cannot be reached now. The message waits.`,
    'storage-failed': () => 'This device could not save its place. Messages may be told twice.',
    'body-in-clear': () => 'This message was not encrypted, so nobody can say who wrote it. It is not shown.',
    'epoch-unknown': () => 'The key of this message is not here yet. It was asked for from your other devices.',
    'signature-wrong': () => 'This message was not signed by the device that it names. It is not shown.',
    'commitment-wrong': () => 'This message does not fit the keys of the conversation. It is not shown.',
    'ciphertext-wrong': () => 'This message was damaged on its way.',
    'sender-other': () => 'This message names another sender than the one who signed it. It is not shown.',
    'sender-not-member': () => 'Whoever wrote this was not in the conversation. It is not shown.',
    'sender-device-unknown': () => 'This message came from a device that is not known. It is not shown.',
    'recipient-no-device': () => 'This person has not logged in yet. The message waits for that.',
    'group-info-missing': () =>
      'What this device needs to join the conversation has not arrived yet. Trying again by itself.',
    'group-busy': () => 'Many changes are being made to this conversation. Trying again by itself.',
    'commit-lost': () => 'Somebody else changed the conversation at the same time. Try again.',
    'cache-full': () => 'This device has no room left for messages. What comes is shown, and not kept.',
    'cache-failed': () => 'This device could not store messages. They stay on the server.',
    'cache-damaged': () =>
      'What this device had stored of messages cannot be read any more. Log out and in again to fetch it anew.',
    'key-request-refused': () => 'A device that is not known asked for keys and got none.',
    'key-answer-refused': () => 'A device that was not asked sent keys. They were not used.',
    'sender-removed': () => 'Written by a device that was removed before.',
    'group-contested': () =>
      'A change of this group was refused. Messages wait until an owner or administrator sets it right.',
    'not-allowed': () => 'You may not do that in this conversation.',
    'may-not-write': () => 'Only the owner and administrators write in this news group.',
    'not-a-member': () => 'You are not in this conversation.',
    'home-away': () => 'The branch that keeps this conversation cannot be reached now. Try again later.',
    'bad-reaction': () => 'That is not one emoji.',
    'name-too-long': () => 'The name is too long.',
    'picture-too-large': () => 'The picture is too large.',
    'too-many-mentions': () => 'Too many people are named.',
    'message-too-long': () => 'The message is too long. Send it in several, or as a file.',
    internal: () => 'The server had an error. It has been logged.',
  },
};
