// The errand `user-lookup` (../errand): a node asks the home of a user of another enterprise who is behind an exact address, or
// behind the id of somebody who has written.
//
//   question   [1, 'login', login] | [1, 'id', user id]
//   answer     [1, kind, record]                          record as in record.ts; kind person, bot or system
//              or [1, kind, record, true]                 the user is hidden: for the asking node to know, its clients are not told
//
// One user at a time, exactly named; there is no list and no search. Who is unknown, disabled or not to be found from outside is
// refused alike: `user-unknown`; so is who is hidden, by login always, by id to realms without a conversation of that user. Further refusals: `lookup-rate` (60 at once and then one a second of one origin; of those that
// found nobody 20 at once and then 2 a minute, and with none left every question by login, so that nobody can guess through an
// address book), `malformed`.
import { idBytes, idText, parseUserId, type UserId } from '../../realm/ids.ts';
import { type Login, parseLogin } from '../../realm/user-address.ts';
import { decodeFields, encodeFields } from '../../store/positional.ts';
import { USER_KINDS, type UserKind } from '../ledger/kinds.ts';
import { MAX_RECORD } from './record.ts';

export const LOOKUP_ERRAND = 'user-lookup';
const VERSION = 1;
const UUID = 16;
const MAX_LOGIN = 64;

export type LookupQuestion =
  | { readonly kind: 'login'; readonly login: Login }
  | { readonly kind: 'id'; readonly id: UserId };

export interface LookupAnswer {
  readonly kind: UserKind;
  /** As encodeProfile writes it. */
  readonly record: Uint8Array;
  readonly isHidden?: boolean | undefined;
}

export function encodeQuestion(question: LookupQuestion): Uint8Array {
  const what = question.kind === 'login' ? question.login : idBytes(question.id);
  return encodeFields([VERSION, question.kind, what]);
}

/** @throws InputError `malformed`, `unknown-version`, `bad-login` */
export function decodeQuestion(bytes: Uint8Array): LookupQuestion {
  return decodeFields<LookupQuestion>(bytes, 'user lookup', (reader) => {
    reader.version(VERSION);
    const kind = reader.oneOf(['login', 'id']);
    if (kind === 'login') return { kind, login: parseLogin(reader.text(MAX_LOGIN)) };
    return { kind, id: parseUserId(idText(reader.bytes(UUID, UUID))) };
  });
}

export function encodeFound({ kind, record, isHidden }: LookupAnswer): Uint8Array {
  return encodeFields([VERSION, kind, record, ...(isHidden ? [true] : [])]);
}

/** @throws InputError `malformed`, `unknown-version` */
export function decodeFound(bytes: Uint8Array): LookupAnswer {
  return decodeFields(bytes, 'found user', (reader) => {
    reader.version(VERSION);
    const found = { kind: reader.oneOf(USER_KINDS), record: reader.bytes(MAX_RECORD) };
    return reader.hasMore && reader.boolean() ? { ...found, isHidden: true } : found;
  });
}
