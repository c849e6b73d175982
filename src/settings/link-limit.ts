// How much a relay may carry over one link or over all: `WHERE CLASS KBIT`, as in `wan bulk 20000` or `lviv.acme.ua all 4000`.
import { InputError } from '../realm/errors.ts';
import { isRealmName, type RealmName } from '../realm/names.ts';

export interface LinkLimit {
  /** All links together, or those to one realm. */
  readonly where: 'wan' | RealmName;
  /** Files alone, or everything. */
  readonly class: 'bulk' | 'all';
  /** In a second, each way. */
  readonly kbit: number;
}

const FORM = /^(\S+) (bulk|all) ([1-9]\d{0,8})$/;

/** @throws InputError `bad-limit` */
export function parseLinkLimit(text: string): LinkLimit {
  const [, where = '', streamClass, kbit] = FORM.exec(text) ?? [];
  if (streamClass === undefined || (where !== 'wan' && !isRealmName(where))) {
    throw new InputError('bad-limit', `"${text.slice(0, 80)}" is no limit`, {
      hint: 'Write "wan bulk 20000" or "lviv.acme.ua all 4000", in kbit a second.',
    });
  }
  return { where, class: streamClass === 'bulk' ? 'bulk' : 'all', kbit: Number(kbit) };
}
