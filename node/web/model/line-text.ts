// What happened to a conversation, as a sentence.
import type { UserId } from '../../../src/realm/ids.ts';
import type { ShownLine } from './timeline.ts';
import type { Wording } from './wording.ts';

type NameOf = (id: UserId) => string;

export function lineText(words: Wording, line: ShownLine, me: UserId, nameOf: NameOf): string {
  const { what, by, users } = line;
  const mine = by === me;
  const person = by === undefined ? '' : nameOf(by);
  const others = words.list(users.filter((user) => user !== me).map(nameOf));
  switch (what) {
    case 'created':
      return mine ? words.t('line.createdByYou') : words.t('line.created', { person });
    case 'joined':
    case 'removed':
      return changeText(words, what, { mine, person, others, includesMe: users.includes(me), isOthers: others !== '' });
    case 'left':
      return users.includes(me) ? words.t('line.leftByYou') : words.t('line.left', { people: others });
    case 'role-changed':
      return words.t('line.role', { people: words.list(users.map(nameOf)) });
    case 'remove-asked':
    case 'role-asked':
    case 'add-asked':
      return words.t(ASKED[what], { person, people: words.list(users.map(nameOf)) });
    case 'commit-refused':
      return words.t('line.refused', { person });
    case 'identity-changed':
      return words.t('line.identity', { people: others });
    case 'device-added':
      return words.t('line.device', { people: words.list(users.map(nameOf)) });
    case 'profile':
      return profileText(words, line, mine, person);
    case 'timer':
      return timerText(words, line.timer ?? 0);
  }
}

const ASKED = {
  'remove-asked': 'line.removeAsked',
  'role-asked': 'line.roleAsked',
  'add-asked': 'line.addAsked',
} as const;

interface Change {
  readonly mine: boolean;
  readonly person: string;
  readonly others: string;
  readonly includesMe: boolean;
  readonly isOthers: boolean;
}

function changeText(words: Wording, what: 'joined' | 'removed', change: Change): string {
  const { mine, person, others, includesMe, isOthers } = change;
  const people = includesMe && isOthers ? words.list([words.t('group.you'), others]) : others;
  if (mine) return words.t(what === 'joined' ? 'line.addedByYou' : 'line.removedByYou', { people });
  if (includesMe && !isOthers) return words.t(what === 'joined' ? 'line.addedYou' : 'line.removedYou', { person });
  return words.t(what === 'joined' ? 'line.added' : 'line.removed', { person, people });
}

function profileText(words: Wording, { name }: ShownLine, mine: boolean, person: string): string {
  if (name === undefined) return mine ? words.t('line.pictureByYou') : words.t('line.picture', { person });
  return mine ? words.t('line.namedByYou', { name }) : words.t('line.named', { person, name });
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

function timerText(words: Wording, timer: number): string {
  if (timer === 0) return words.t('line.timerOff');
  if (timer < HOUR) return words.t('line.timerMinutes', { count: Math.max(1, Math.round(timer / MINUTE)) });
  if (timer < DAY) return words.t('line.timerHours', { count: Math.round(timer / HOUR) });
  return words.t('line.timerDays', { count: Math.round(timer / DAY) });
}
