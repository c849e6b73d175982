// How presence reads: online; was online n minutes or hours ago; yesterday at hh:mm; n days ago; typing.
import type { Wording } from './wording.ts';

export interface PresenceView {
  readonly state: 'online' | 'offline' | 'unknown';
  readonly lastSeenAt?: number | undefined;
  readonly typing: boolean;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

export function presenceText(words: Wording, presence: PresenceView, now: number): string {
  if (presence.typing) return words.t('presence.typing');
  if (presence.state === 'online') return words.t('presence.online');
  // not connected, or not told yet: better nothing than a guess
  if (presence.state === 'unknown') return '';
  if (presence.lastSeenAt === undefined) return words.t('presence.offline');
  return lastSeenText(words, presence.lastSeenAt, now);
}

function lastSeenText(words: Wording, at: number, now: number): string {
  // a clock that is ahead of ours must not make a time that is yet to come
  const ago = Math.max(0, now - at);
  if (ago < HOUR) return words.t('presence.minutes', { count: Math.max(1, Math.floor(ago / MINUTE)) });
  const days = words.daysBetween(Math.min(at, now), now);
  if (days === 0) return words.t('presence.hours', { count: Math.floor(ago / HOUR) });
  if (days === 1) return words.t('presence.yesterday', { time: words.time(at) });
  return words.t('presence.days', { count: days });
}
