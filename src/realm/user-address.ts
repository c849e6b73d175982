// A user's full name in the overlay, `clerk@kyiv.acme.ua`: the login and the home realm. It never changes for a user;
// the identity behind it is the user's UUID.
import { InputError } from './errors.ts';
import { parseRealmName, type RealmName } from './names.ts';

declare const login: unique symbol;
export type Login = string & { readonly [login]: true };

export interface UserAddress {
  readonly login: Login;
  readonly realm: RealmName;
}

const LOGIN = /^[a-z0-9._-]{1,64}$/;

/** @throws InputError `bad-login` */
export function parseLogin(text: string): Login {
  if (!LOGIN.test(text)) {
    throw new InputError('bad-login', `"${text.slice(0, 80)}" is not a login`, {
      hint: 'Use 1 to 64 lower-case letters, digits, dots, hyphens or underscores.',
    });
  }
  return text as Login;
}

/** @throws InputError `bad-user-address`, `bad-login`, `bad-realm-name` */
export function parseUserAddress(text: string): UserAddress {
  const at = text.indexOf('@');
  if (at === -1) {
    throw new InputError('bad-user-address', `"${text.slice(0, 80)}" is not a user's address`, {
      hint: 'Write login@branch, for example clerk@kyiv.acme.ua.',
    });
  }
  return { login: parseLogin(text.slice(0, at)), realm: parseRealmName(text.slice(at + 1)) };
}

export function formatUserAddress(address: UserAddress): string {
  return `${address.login}@${address.realm}`;
}
