// Login by OPAQUE, logout, change of password. Each login makes a new session with a new token: none that somebody planted
// beforehand is ever raised to one.
import { Hono } from 'hono';
import {
  loginFinishRequest,
  loginStartRequest,
  passwordFinishRequest,
  passwordStartRequest,
  type SessionAnswer,
  type SessionForm,
} from '../../../src/protocols/lan/routes.ts';
import type { UserProfile } from '../../directory/directory.ts';
import type { Session } from '../../directory/sessions.ts';
import { requireOwnPage } from '../caller.ts';
import type { LanComponents } from '../components.ts';
import type { SessionCookie } from '../cookies.ts';
import { plainAddress } from '../networks.ts';
import { bodyOf, type LanEnv } from '../request.ts';
import { viewUser } from '../views.ts';
import { fromText } from './vault.ts';

export function loginRoutes(components: LanComponents, cookie: SessionCookie): Hono<LanEnv> {
  const { accounts } = components;
  const routes = new Hono<LanEnv>();

  routes.post('/login/start', async (context) => {
    const { login, request } = await bodyOf(context.req.raw, loginStartRequest);
    const from = context.env.guestOf ?? plainAddress(context.env.incoming.socket.remoteAddress ?? '');
    const { loginId, response, userId } = await accounts.startLogin({ login, request, from });
    return context.json({ loginId, response, userId });
  });

  routes.post('/login/finish', async (context) => {
    const { session: form, ...finish } = await bodyOf(context.req.raw, loginFinishRequest);
    if (form === 'cookie') requireOwnPage(context.env.incoming);
    const { token, session, user, mustChangePassword } = await accounts.finishLogin(finish);
    if (form === 'cookie') context.header('set-cookie', cookie.set(token));
    return context.json(answerOf(session, user, mustChangePassword, form, token));
  });

  routes.post('/logout', async (context) => {
    await accounts.logout(context.get('caller').session);
    context.header('set-cookie', cookie.clear());
    return context.json({});
  });

  routes.post('/password/start', async (context) => {
    const { request } = await bodyOf(context.req.raw, passwordStartRequest);
    const { changeId, response } = await accounts.startPasswordChange(context.get('caller').session, request);
    return context.json({ changeId, response });
  });

  routes.post('/password/finish', async (context) => {
    const { changeId, record, vault } = await bodyOf(context.req.raw, passwordFinishRequest);
    const { session, user, form } = context.get('caller');
    const rewrap = vault && { head: fromText(vault.head), wraps: fromText(vault.wraps) };
    await accounts.finishPasswordChange(session, { changeId, record, vault: rewrap });
    // Whoever had seen the token of before is out as well.
    const token = await accounts.sessions.rotate(session);
    if (form === 'cookie') context.header('set-cookie', cookie.set(token));
    return context.json(answerOf(session, user, false, form, token));
  });

  routes.get('/me', (context) => {
    const { session, user, form } = context.get('caller');
    return context.json(answerOf(session, user, accounts.mustChangePassword(user.id), form));
  });
  return routes;
}

function answerOf(
  session: Session,
  user: UserProfile,
  mustChangePassword: boolean,
  form: SessionForm,
  token?: string,
): SessionAnswer {
  const answer = { user: viewUser(user), device: session.device.id, mustChangePassword };
  return form === 'bearer' && token !== undefined ? { ...answer, token } : answer;
}
