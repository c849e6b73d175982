// How much a relay has to share among other realms: `WHAT COUNT`, as in `connections 500`.
import { InputError } from '../realm/errors.ts';

/** src/overlay/shares says what each is. */
export const CAP_NAMES = [
  'connections',
  'reservations',
  'circuits',
  'streams',
  'pipes',
  'links',
  'dials',
  'locates',
  'punches',
] as const;
export type CapName = (typeof CAP_NAMES)[number];

export interface RelayCap {
  readonly what: CapName;
  readonly most: number;
}

/** Below this a relay could not serve its own realm's two or three neighbours. */
const LEAST = 16;
const MOST = 100_000;
const FORM = /^([a-z]+) ([1-9]\d{0,5})$/;

export function isRelayCap(text: string): boolean {
  return CAP_NAMES.some((name) => text.startsWith(`${name} `));
}

/** @throws InputError `bad-limit` */
export function parseRelayCap(text: string): RelayCap {
  const [, name, digits] = FORM.exec(text) ?? [];
  const what = CAP_NAMES.find((known) => known === name);
  const most = Number(digits);
  if (what && most >= LEAST && most <= MOST) return { what, most };
  throw new InputError('bad-limit', `"${text.slice(0, 80)}" is no limit`, {
    hint: `Write "connections 500": one of ${CAP_NAMES.join(', ')}, and a number from ${LEAST} to ${MOST}.`,
  });
}
