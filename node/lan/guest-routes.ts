// Requests of guests: a login with the address of another branch of the enterprise, and whatever comes with the token that follows from
// it, is carried to the guest's home and answered from there.
import type { Context, MiddlewareHandler } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { API_PREFIX } from '../../src/protocols/lan/limits.ts';
import { loginFinishRequest, loginStartRequest } from '../../src/protocols/lan/routes.ts';
import { CanopyError, PeerError } from '../../src/realm/errors.ts';
import type { RealmName } from '../../src/realm/names.ts';
import { parseUserAddress } from '../../src/realm/user-address.ts';
import type { Guest, GuestAnswer, Guests } from '../roaming/guests.ts';
import { changesSomething, requireOwnPage, type TokenOf } from './caller.ts';
import type { SessionCookie } from './cookies.ts';
import { plainAddress } from './networks.ts';
import { bodyOf, type LanEnv } from './request.ts';

export interface GuestRoutesInit {
  readonly realm: RealmName;
  readonly guests: Guests;
  readonly cookie: SessionCookie;
  readonly tokenOf: TokenOf;
}

const PREFIX = 'guest.';

export function guestRoutes({ realm, guests, cookie, tokenOf }: GuestRoutesInit): MiddlewareHandler<LanEnv> {
  const call = async (
    context: Context<LanEnv>,
    home: RealmName,
    grant: string,
    body?: object,
  ): Promise<GuestAnswer> => {
    const { method, url } = context.req;
    const { pathname, search } = new URL(url);
    const { req } = context;
    return guests.call(home, grant, {
      method,
      path: pathname.slice(API_PREFIX.length) + search,
      from: plainAddress(context.env.incoming.socket.remoteAddress ?? ''),
      type: body ? 'application/json' : (req.header('content-type') ?? ''),
      range: req.header('range') ?? '',
      body: body ? Buffer.from(JSON.stringify(body)) : new Uint8Array(await context.req.raw.arrayBuffer()),
    });
  };

  const startLogin = async (context: Context<LanEnv>) => {
    const asked = await bodyOf(context.req.raw.clone(), loginStartRequest);
    const home = homeOf(asked.login);
    if (home === undefined || home === realm || !guests.isColleague(home)) return undefined;
    guests.knock(plainAddress(context.env.incoming.socket.remoteAddress ?? ''));
    const answer = await call(context, home, '', asked);
    if (answer.status !== 200) return asItIs(context, answer);
    const { loginId, ...rest } = jsonOf(answer);
    return context.json({ ...rest, loginId: PREFIX + guests.begun(home, String(loginId)), realm: home });
  };

  const finishLogin = async (context: Context<LanEnv>) => {
    const asked = await bodyOf(context.req.raw.clone(), loginFinishRequest);
    if (!asked.loginId.startsWith(PREFIX)) return undefined;
    if (asked.session === 'cookie') requireOwnPage(context.env.incoming);
    const { home, loginId } = guests.takeBegun(asked.loginId.slice(PREFIX.length));
    const answer = await call(context, home, '', { ...asked, loginId, session: 'bearer' });
    if (answer.status !== 200) return asItIs(context, answer);
    return admitted(context, { home, device: asked.device.id }, answer, asked.session);
  };

  const admitted = async (
    context: Context<LanEnv>,
    { home, device }: Pick<Guest, 'home' | 'device'>,
    answer: GuestAnswer,
    form: 'cookie' | 'bearer',
  ) => {
    const token = await guests.admit(home, answer.grant, device);
    if (form === 'cookie') context.header('set-cookie', cookie.set(token));
    return context.json(form === 'bearer' ? { ...jsonOf(answer), token } : jsonOf(answer));
  };

  const carry = async (context: Context<LanEnv>, path: string) => {
    const { token, form } = tokenOf(context.env.incoming);
    const guest = token === undefined ? undefined : guests.find(token);
    if (!guest || token === undefined) return undefined;
    if (form === 'cookie' && changesSomething(context.env.incoming)) requireOwnPage(context.env.incoming);
    const answer = await call(context, guest.home, guest.grant);
    if (isOver(answer) || path === '/logout') guests.forget(token);
    if (path === '/logout') context.header('set-cookie', cookie.clear());
    if (answer.status !== 200 || answer.grant === '') return asItIs(context, answer);
    // The home has a new grant for it: whoever had seen the token of before is out.
    guests.forget(token);
    return admitted(context, guest, answer, form);
  };

  return async (context, next) => {
    // What comes for a guest elsewhere is at its home.
    if (context.env.guestOf !== undefined) return next();
    const path = context.req.path.slice(API_PREFIX.length);
    if (path === '/server') return next();
    if (path === '/login/start') return (await startLogin(context)) ?? next();
    if (path === '/login/finish') return (await finishLogin(context)) ?? next();
    return (await carry(context, path)) ?? next();
  };
}

function homeOf(login: string): RealmName | undefined {
  try {
    return parseUserAddress(login.trim().toLowerCase()).realm;
  } catch (error) {
    if (error instanceof CanopyError) return undefined;
    throw error;
  }
}

function asItIs(context: Context<LanEnv>, { status, type, range, body }: GuestAnswer): Response {
  const headers = { 'content-type': type, ...(range !== '' && { 'content-range': range }) };
  return context.body(new Uint8Array(body), status as ContentfulStatusCode, headers);
}

/** As roam-host.ts has it: who is to be wiped is told so again. */
function isOver(answer: GuestAnswer): boolean {
  return answer.status === 401 && Object(jsonOf(answer)['error']).code !== 'device-wiped';
}

/** @throws PeerError `malformed` */
function jsonOf({ body }: GuestAnswer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(body).toString());
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    // As below.
  }
  throw new PeerError('malformed', "the home's answer is not understood");
}
