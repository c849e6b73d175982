// The HTTP part: security headers on everything, JSON in and out, errors as codes. Routes are in routes/; the guard has seen
// each request before it comes here.
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { HTTPException } from 'hono/http-exception';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { MAX_APPEND } from '../../src/protocols/lan/file-routes.ts';
import {
  ACCOUNT,
  API_PREFIX,
  LIVE_VERSION,
  MAX_JSON_BODY,
  MAX_LARGE_JSON_BODY,
} from '../../src/protocols/lan/limits.ts';
import type { ServerAnswer } from '../../src/protocols/lan/routes.ts';
import { codeOf, InputError, RefusedError } from '../../src/realm/errors.ts';
import { type Caller, createCallers, createTokenOf } from './caller.ts';
import type { LanComponents, LanSettings } from './components.ts';
import type { SessionCookie } from './cookies.ts';
import { guestRoutes } from './guest-routes.ts';
import { addHealth } from './health.ts';
import { lockedRoutes } from './locked.ts';
import { addPages, type Pages } from './pages.ts';
import { refusalOf } from './refusals.ts';
import type { LanEnv } from './request.ts';
import { accountRoutes } from './routes/account.ts';
import { blobRoutes } from './routes/blobs.ts';
import { blockRoutes } from './routes/blocks.ts';
import { conversationRoutes } from './routes/conversations.ts';
import { groupRoutes } from './routes/groups.ts';
import { keyPackageRoutes } from './routes/key-packages.ts';
import { loginRoutes } from './routes/login.ts';
import { mailRoutes } from './routes/mails.ts';
import { userRoutes } from './routes/users.ts';
import { vaultRoutes } from './routes/vault.ts';
import { securityHeaders } from './security-headers.ts';

export interface AppInit {
  readonly components: LanComponents;
  readonly cookie: SessionCookie;
  readonly secure: boolean;
  readonly pages: Pages | undefined;
  readonly demo: LanSettings['demo'];
}

/** Reached without a session; these and nothing else. */
const OPEN = new Set(['/server', '/login/start', '/login/finish']);
/** Reached while the first password has not been changed. */
const DURING_CHANGE = new Set([
  '/me',
  '/logout',
  '/password/start',
  '/password/finish',
  '/vault',
  '/vault/records',
  '/vault/line',
]);
/** These carry records of the vault. */
const WIDE = new Set(['/vault', '/vault/stage', '/identity', '/profile/photo']);

/** What carries commits, mails or key packages. */
const LARGE = new RegExp(`^${API_PREFIX}/(conversations/[^/]+/(commits|group|compare|missing)|mails|key-packages)$`);
/** Bodies that are no JSON. */
const CHUNKS = new RegExp(`^${API_PREFIX}/uploads/[0-9a-f]+$`);

export function createApp(init: AppInit): Hono<LanEnv> {
  const app = new Hono<LanEnv>();
  const headers = Object.entries(securityHeaders(init.secure));
  app.use(async (context, next) => {
    await next();
    for (const [name, value] of headers) context.header(name, value);
  });
  app.route(API_PREFIX, createApi(init));
  addHealth(app, init.components.checks);
  if (init.pages) addPages(app, init.pages);
  app.notFound((context) => context.json({ error: { code: 'not-found' } }, 404));
  app.onError((error, context) => {
    const refusal = refusalOf(error instanceof HTTPException ? malformed(error) : error);
    if (refusal.status === 500) init.components.log.error({ err: error }, 'request failed');
    if (typeof refusal.params['retryAfter'] === 'number') {
      context.header('retry-after', String(Math.ceil(refusal.params['retryAfter'])));
    }
    const { code, params } = refusal;
    return context.json({ error: { code, params } }, refusal.status as ContentfulStatusCode);
  });
  return app;
}

function createApi(init: AppInit): Hono<LanEnv> {
  const { components, cookie, demo } = init;
  const callers = createCallers(components, cookie);
  const api = new Hono<LanEnv>();
  const onError = () => {
    throw new InputError('request-too-long', `a request has at most ${MAX_JSON_BODY} bytes`);
  };
  const limited = bodyLimit({ maxSize: MAX_JSON_BODY, onError });
  const large = bodyLimit({ maxSize: MAX_LARGE_JSON_BODY, onError });
  const chunks = bodyLimit({ maxSize: MAX_APPEND, onError });
  api.use((context, next) => {
    if (CHUNKS.test(context.req.path)) return chunks(context, next);
    const isLarge = LARGE.test(context.req.path) || WIDE.has(context.req.path.slice(API_PREFIX.length));
    return (isLarge ? large : limited)(context, next);
  });
  const { guests, realm } = components;
  const tokenOf = createTokenOf(cookie);
  api.use(lockedRoutes(components, tokenOf));
  if (guests) api.use(guestRoutes({ realm, guests, cookie, tokenOf }));
  api.use(async (context, next) => {
    context.header('cache-control', 'no-store');
    const path = context.req.path.slice(API_PREFIX.length);
    if (!OPEN.has(path)) {
      const caller = path === '/logout' ? leaving(() => callers(context.env.incoming)) : callers(context.env.incoming);
      if (!caller) {
        context.header('set-cookie', cookie.clear());
        return context.json({});
      }
      if (!DURING_CHANGE.has(path) && components.accounts.mustChangePassword(caller.user.id)) {
        throw new RefusedError('password-change-required', 'the first password must be changed');
      }
      context.set('caller', caller);
    }
    return next();
  });
  api.get('/server', (context) => {
    const { realm, clock, limits } = components;
    const answer: ServerAnswer = {
      realm,
      versions: [LIVE_VERSION],
      capabilities: capabilitiesOf(components),
      time: clock.now(),
      ...(limits && { limits: limits() }),
    };
    return context.json(demo ? { ...answer, demo } : answer);
  });
  api.route('/', loginRoutes(components, cookie));
  api.route('/', userRoutes(components));
  api.route('/', conversationRoutes(components));
  api.route('/', groupRoutes(components));
  api.route('/', mailRoutes(components));
  api.route('/', blockRoutes(components));
  api.route('/', keyPackageRoutes(components));
  if (components.blobs) api.route('/', blobRoutes(components, components.blobs));
  if (components.account) {
    api.route('/', vaultRoutes(components.account));
    api.route('/', accountRoutes(components.account, components));
  }
  return api;
}

function capabilitiesOf({ account }: LanComponents): string[] {
  return account ? [ACCOUNT] : [];
}

function malformed(cause: HTTPException): InputError {
  return new InputError('request-malformed', cause.message, { cause });
}

/** Whoever leaves and is nobody any more has left: a device that was taken off took its session along. */
function leaving(caller: () => Caller): Caller | undefined {
  try {
    return caller();
  } catch (error) {
    if (['session-missing', 'device-wiped'].includes(codeOf(error))) return undefined;
    throw error;
  }
}
