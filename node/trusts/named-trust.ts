// Which trust an operator means: by the other realm's name, by its id, or by the beginning of its id.
import type { Terms } from '../../src/protocols/trust/index.ts';
import { partnerOf } from '../../src/protocols/trust/scope.ts';
import { InputError } from '../../src/realm/errors.ts';
import type { RealmName } from '../../src/realm/names.ts';

/** Characters of an id, at least. */
const MIN_PREFIX = 6;

export function isMeant(terms: Terms, which: string, self: RealmName): boolean {
  if (partnerOf(terms, self) === which) return true;
  return which.length >= MIN_PREFIX && terms.id.startsWith(which);
}

/** @throws InputError `trust-unknown`, `trust-ambiguous` */
export function theOne<T>(found: readonly T[], which: string, idOf: (one: T) => string): T {
  const [first, ...more] = found;
  if (!first) {
    throw new InputError('trust-unknown', `there is no trust or proposal "${which}" here for that`, {
      hint: 'Run: canopy trust list',
    });
  }
  if (more.length === 0) return first;
  throw new InputError(
    'trust-ambiguous',
    `"${which}" may be ${found.map((one) => idOf(one).slice(0, 8)).join(' or ')}`,
  );
}
