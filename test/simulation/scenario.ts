// The worlds that tests and `npm run simulate` run.
import type { PlantedBug } from './planted-bugs.ts';
import type { WorldInit } from './world.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Over day and night, for each user. */
const MESSAGES_AN_HOUR = 0.25;

/** Eight realms for some minutes in which much goes wrong: one of the short runs of `npm test`. */
export function shortWorld(
  seed: number,
  more: { bug?: PlantedBug; keepLog?: boolean; realms?: number } = {},
): WorldInit {
  return {
    seed,
    realms: 8,
    users: 18,
    busy: 2 * MINUTE,
    messages: 48,
    loss: 0.01,
    decisions: true,
    troubles: { powerCut: 20_000, kill: 40_000, relayRestart: 35_000, cutOff: 35_000, split: 70_000, forgery: 25_000 },
    ...more,
  };
}

/** Many realms for hours: people write six messages a day, and each realm has a bad day. */
export function longWorld(options: {
  seed: number;
  realms: number;
  users: number;
  hours: number;
  bug?: PlantedBug;
  keepLog?: boolean;
}): WorldInit {
  const { hours, ...rest } = options;
  const busy = hours * HOUR;
  const each = (perRealmAndDay: number) => DAY / (perRealmAndDay * options.realms);
  return {
    ...rest,
    busy,
    messages: Math.round(options.users * hours * MESSAGES_AN_HOUR),
    loss: 0.002,
    decisions: true,
    troubles: {
      powerCut: each(1),
      kill: each(1),
      relayRestart: each(1),
      cutOff: each(2),
      split: DAY / 6,
      forgery: each(0.5),
    },
  };
}
