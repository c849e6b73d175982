// Policies of a realm: rules that it sets for itself and for everyone below it. Each is an entry of its network chain, signed like
// all of them, so that a branch knows the rules of its enterprise and of its region, and who made them when.
//
//   policy   [1, name, [value, …]]     network chain, kind `policy`; the newest of a name counts; no values: the realm has none
//
// Policies there are:
//   destinations   realms that may be written to: `*` (all), a realm (`kyiv.beta.ua`), or a realm and all below it (`*.beta.ua`).
//                  A message needs to be allowed by every realm of the sender's lineage that has such a policy. One's own
//                  realm is always allowed. Unset: all.
//   findable       realms whose people may look up ours by their exact address, in the same forms; every realm of the
//                  lineage that has one must allow it. Unset: all.
//   file-size      the largest file (`2G`); file-quota: what one user's uploads may hold (`50G`); file-store: what all files of
//                  a realm may hold (`2000G`); file-retention: for how long a file is kept (`365d`). Limits: one value each, and
//                  the least of the lineage counts. Unset: 8 GiB, 64 GiB, the disk, as long as a message refers to the file.
//   message-size   the largest message as it is sealed (`8K`), at most what an envelope holds (64 KiB); message-retention: for how long
//                  messages are kept (`90d`), and with them what opens them. Limits as above. Unset: 64 KiB, for ever.
//   hidden         what people here do not tell about themselves, whatever they want: `delivered`, `read`, `presence`. What any
//                  realm of the lineage hides is hidden. Unset: nothing.
import { InputError } from '../../realm/errors.ts';
import { isRealmName, isWithin, parseRealmName, type RealmName } from '../../realm/names.ts';
import { decodeFields, encodeFields } from '../../store/positional.ts';

/** Ledger entry. */
export const POLICY = 'policy';
/** Policies that name realms, and those that set a limit. */
const PATTERN_NAMES = ['destinations', 'findable'] as const;
const SIZE_NAMES = ['file-size', 'file-quota', 'file-store', 'message-size'] as const;
const TIME_NAMES = ['file-retention', 'message-retention'] as const;
const LIMIT_NAMES = [...SIZE_NAMES, ...TIME_NAMES] as const;
const WORD_NAMES = ['hidden'] as const;
/** What can be hidden of a person. */
export const HIDEABLE = ['delivered', 'read', 'presence'] as const;
export type Hideable = (typeof HIDEABLE)[number];
export const POLICY_NAMES = [...PATTERN_NAMES, ...LIMIT_NAMES, ...WORD_NAMES] as const;
export type PolicyName = (typeof POLICY_NAMES)[number];
export type PatternName = (typeof PATTERN_NAMES)[number];
export type LimitName = (typeof LIMIT_NAMES)[number];

export const MAX_VALUES = 200;
const MAX_VALUE = 260;
const MAX_POLICY_NAME = 40;
const VERSION = 1;
const ALL = '*';
const BELOW = '*.';
const UNITS: Readonly<Record<string, number>> = {
  d: 24 * 60 * 60 * 1000,
  K: 1024,
  M: 1024 ** 2,
  G: 1024 ** 3,
  T: 1024 ** 4,
};

export interface Policy {
  /** One of POLICY_NAMES, or one that a newer release knows. */
  readonly name: string;
  readonly values: readonly string[];
}

export function encodePolicy({ name, values }: Policy): Uint8Array {
  return encodeFields([VERSION, name, values]);
}

/** @throws InputError `malformed`, `unknown-version` */
export function decodePolicy(bytes: Uint8Array): Policy {
  return decodeFields(bytes, 'policy', (reader) => {
    reader.version(VERSION);
    return { name: reader.text(MAX_POLICY_NAME), values: reader.list(MAX_VALUES, (item) => item.text(MAX_VALUE)) };
  });
}

/** @throws InputError `policy-unknown` */
export function parsePolicyName(text: string): PolicyName {
  const name = POLICY_NAMES.find((known) => known === text);
  if (!name) throw new InputError('policy-unknown', `"${text}" is no policy; expected ${POLICY_NAMES.join(', ')}`);
  return name;
}

/** The values of a policy in the form that goes into the chain. @throws InputError `bad-realm-pattern`, `bad-limit`, `bad-word` */
export function parseValues(name: PolicyName, values: readonly string[]): string[] {
  if (WORD_NAMES.some((one) => one === name)) return [...new Set(values.map(parseHideable))];
  const limit = LIMIT_NAMES.find((one) => one === name);
  if (!limit) return [...new Set(values.map(parsePattern))];
  const [value, ...more] = values;
  if (more.length > 0 || (value !== undefined && limitOf(limit, value) === undefined)) {
    throw new InputError('bad-limit', `"${values.join(' ').slice(0, 80)}" is no limit`, {
      hint: isTime(limit) ? 'Write a number of days: 365d.' : 'Write a size: 500M, 8G.',
    });
  }
  return value === undefined ? [] : [value];
}

/** Bytes, or milliseconds of a time; undefined for what is neither. */
export function limitOf(name: LimitName, value: string): number | undefined {
  const [, digits = '', unit = ''] = /^([1-9]\d{0,8})([dKMGT])$/.exec(value) ?? [];
  const factor = UNITS[unit];
  if (factor === undefined || (unit === 'd') !== isTime(name)) return undefined;
  const limit = Number(digits) * factor;
  return Number.isSafeInteger(limit) ? limit : undefined;
}

/** For how long something is kept. */
export function isTime(name: LimitName): boolean {
  return TIME_NAMES.some((one) => one === name);
}

function parseHideable(text: string): string {
  if (HIDEABLE.some((one) => one === text)) return text;
  throw new InputError('bad-word', `"${text.slice(0, 80)}" can't be hidden`, { hint: `Write ${HIDEABLE.join(', ')}.` });
}

/** @throws InputError `bad-realm-pattern` */
export function parsePattern(text: string): string {
  if (text === ALL) return text;
  const name = text.startsWith(BELOW) ? text.slice(BELOW.length) : text;
  if (isRealmName(name)) return text;
  throw new InputError('bad-realm-pattern', `"${text.slice(0, 80)}" names no realms`, {
    hint: 'Write * for all, a realm (kyiv.beta.ua), or a realm with all below it (*.beta.ua).',
  });
}

/** A value that is none of the forms matches nothing: a rule that isn't understood allows nothing. */
export function matches(pattern: string, realm: RealmName): boolean {
  if (pattern === ALL) return true;
  if (!pattern.startsWith(BELOW)) return pattern === realm;
  const name = pattern.slice(BELOW.length);
  return isRealmName(name) && isWithin(realm, parseRealmName(name));
}
