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
    'account-locked': () => 'Your keys are locked on this device. Give the recovery key, or log in with the password.',
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
    'message-unknown': () => 'This message is not known here.',
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
    'read-only': () => 'The server does not write now. The message waits; if it lasts, ask your administrator.',
    'disk-full': () => "The server's disk is full. Nothing was sent; tell your administrator.",
    'realm-unreachable': (params) => `${params['realm'] ?? 'That branch'} cannot be reached now. The message waits.`,
    'storage-failed': () => 'This device could not save its place. Messages may be told twice.',
    internal: () => 'The server had an error. It has been logged.',
  },
};
