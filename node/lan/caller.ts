// Whose request it is: the session of a bearer token or of the cookie. A cookie is sent by the browser whoever caused the
// request, so what changes something must also come from a page of this server.
import type { IncomingMessage } from 'node:http';
import { RefusedError } from '../../src/realm/errors.ts';
import type { UserProfile } from '../directory/directory.ts';
import type { Session } from '../directory/sessions.ts';
import type { LanComponents } from './components.ts';
import type { SessionCookie } from './cookies.ts';

export interface Caller {
  readonly session: Session;
  readonly user: UserProfile;
  readonly form: 'cookie' | 'bearer';
}

export type Callers = (request: IncomingMessage) => Caller;

/** 32 bytes in base64url. */
const TOKEN = /^[A-Za-z0-9_-]{43}$/;
const BEARER = /^Bearer ([A-Za-z0-9_-]{43})$/i;

/** What a request shows: a token of the right form, and how it came. */
export type TokenOf = (request: IncomingMessage) => {
  readonly token: string | undefined;
  readonly form: 'cookie' | 'bearer';
};

export function createTokenOf(cookie: SessionCookie): TokenOf {
  return ({ headers }) => {
    const { authorization } = headers;
    const form = authorization === undefined ? 'cookie' : 'bearer';
    const shown = authorization === undefined ? cookie.read(headers.cookie) : BEARER.exec(authorization)?.[1];
    return { token: shown !== undefined && TOKEN.test(shown) ? shown : undefined, form };
  };
}

/** The function that it makes throws RefusedError `session-missing`, `device-wiped`, `origin-refused`. */
export function createCallers(
  components: Pick<LanComponents, 'accounts' | 'directory' | 'account'>,
  cookie: SessionCookie,
): Callers {
  const { accounts, directory, account } = components;
  const tokenOf = createTokenOf(cookie);
  return (request) => {
    const { token, form } = tokenOf(request);
    const session = token === undefined ? undefined : accounts.sessions.find(token);
    const user = session && directory.findById(session.user);
    if (token !== undefined && !session && account?.devices.isWiped(token)) {
      throw new RefusedError('device-wiped', 'this device was signed out for good');
    }
    if (!session || user?.status !== 'active') throw new RefusedError('session-missing', 'no live session');
    if (form === 'cookie' && changesSomething(request)) requireOwnPage(request);
    return { session, user, form };
  };
}

/** An upgrade is a GET, but what follows it is not. */
export function changesSomething(request: IncomingMessage): boolean {
  return request.method !== 'GET' || request.headers.upgrade !== undefined;
}

/** The guard has compared an Origin that is there; here one must be there. @throws RefusedError `origin-refused` */
export function requireOwnPage(request: IncomingMessage): void {
  if (request.headers.origin === undefined) {
    throw new RefusedError('origin-refused', 'a request with a cookie that changes something names its origin');
  }
}
