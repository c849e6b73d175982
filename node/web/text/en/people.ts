// English: the list of conversations, finding people, presence.
import type { Area } from '../entry.ts';

export const people = {
  'rail.label': 'Conversations',
  'rail.search': 'Search',
  'rail.add': 'New conversation',
  'rail.draft': 'Draft:',
  'rail.unread': { one: '{count} unread message', other: '{count} unread messages' },
  'rail.pin': 'Pin to the top of the list',
  'rail.unpin': 'Unpin from the top',
  'rail.pinned': 'pinned',
  'rail.logOut': 'Log out',
  'rail.loggedInAs': 'Logged in as {address}',

  'empty.title': 'Nobody here yet',
  'empty.teach': 'Press + and type a colleague’s username.',
  'empty.choose': 'Choose a conversation, or press + to begin one.',
  'empty.demo': 'Write to {name}',
  'empty.demoHint': 'Open the other page of the demonstration to answer.',

  'add.title': 'New conversation',
  'add.username': 'Colleague’s username',
  'add.hint': 'A username of your branch, or username@branch',
  'add.looking': 'Looking…',
  'add.none': 'Nobody is called {address}. Check the spelling, or add the branch: {login}@branch.',
  'add.self': 'That is you. Type a colleague’s username.',
  'add.malformed': 'A username has lower-case letters, digits, dots, hyphens and underscores.',
  'add.submit': 'Add',
  'add.open': 'Open',
  'add.cancel': 'Cancel',
  'add.branch': 'Branch {realm}',

  'switch.title': 'Go to a conversation',
  'switch.field': 'Name or words of a message',
  'switch.none': 'No conversation matches.',

  'presence.online': 'online',
  'presence.offline': 'offline',
  'presence.minutes': { one: 'was online {count} minute ago', other: 'was online {count} minutes ago' },
  'presence.hours': { one: 'was online {count} hour ago', other: 'was online {count} hours ago' },
  'presence.yesterday': 'was online yesterday at {time}',
  'presence.days': { one: 'was online {count} day ago', other: 'was online {count} days ago' },
  'presence.typing': 'typing…',
} as const satisfies Area;
