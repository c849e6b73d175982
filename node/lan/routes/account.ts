// Identity, devices and profile of the caller, and the keys of others.
import { Hono } from 'hono';
import {
  deviceNameRequest,
  deviceRemoveRequest,
  deviceRequest,
  identityRequest,
  type KeysAnswer,
  photoRequest,
  profileRequest,
} from '../../../src/protocols/lan/account-routes.ts';
import { deviceId, userId } from '../../../src/protocols/lan/wire.ts';
import { RefusedError } from '../../../src/realm/errors.ts';
import type { Caller } from '../caller.ts';
import type { LanAccount, LanComponents } from '../components.ts';
import { bodyOf, formOf, type LanEnv } from '../request.ts';
import { viewUser } from '../views.ts';
import { fromText, toText } from './vault.ts';

const MINUTE = 60_000;
/** What can't be undone asks for a login of these milliseconds. */
const FRESH_LOGIN = 15 * MINUTE;

export function accountRoutes(account: LanAccount, { clock }: Pick<LanComponents, 'clock'>): Hono<LanEnv> {
  const { identities, devices, keys } = account;
  const routes = new Hono<LanEnv>();

  const requireFresh = ({ session }: Caller): void => {
    if (clock.now() - session.created <= FRESH_LOGIN) return;
    throw new RefusedError('login-again', 'this needs a login of the last 15 minutes');
  };

  routes.post('/identity', async (context) => {
    const { head, wraps, records, certificate } = await bodyOf(context.req.raw, identityRequest);
    const { session } = context.get('caller');
    await identities.begin(session, {
      head: fromText(head),
      wraps: fromText(wraps),
      records: records.map(fromText),
      certificate: fromText(certificate),
    });
    return context.json({});
  });

  routes.post('/devices', async (context) => {
    const { certificate } = await bodyOf(context.req.raw, deviceRequest);
    await identities.addDevice(context.get('caller').session, fromText(certificate));
    return context.json({});
  });

  routes.get('/devices', async (context) => {
    const { user, session } = context.get('caller');
    const list = await devices.list(user.id);
    return context.json({
      devices: list.map(({ certificate, ...device }) => ({
        ...device,
        current: device.id === session.device.id,
        ...(certificate && { certificate: toText(certificate) }),
      })),
    });
  });

  routes.post('/devices/:id/name', async (context) => {
    const { name } = await bodyOf(context.req.raw, deviceNameRequest);
    await devices.rename(context.get('caller').user.id, formOf(context.req.param('id'), deviceId), name);
    return context.json({});
  });

  routes.post('/devices/:id/remove', async (context) => {
    const { removal } = await bodyOf(context.req.raw, deviceRemoveRequest);
    const { id } = context.get('caller').user;
    const bytes = removal === undefined ? undefined : fromText(removal);
    await devices.remove(id, formOf(context.req.param('id'), deviceId), bytes, id);
    return context.json({});
  });

  routes.get('/users/:id/keys', async (context) => {
    const id = formOf(context.req.param('id'), userId);
    const known = await keys(id, context.get('caller').user.id);
    const { identity, realm, statement, authority, devices: certificates, removed } = known;
    const answer: KeysAnswer = {
      user: id,
      devices: certificates.map(({ bytes }) => toText(bytes)),
      removed: [...removed],
      ...(identity && { identity: toText(identity.key), sequence: identity.sequence }),
      ...(realm !== undefined && { realm }),
      ...(statement && { statement: toText(statement) }),
      ...(authority && { authority: authority.map(toText) }),
    };
    return context.json(answer);
  });

  routes.post('/profile', async (context) => {
    const { name } = await bodyOf(context.req.raw, profileRequest);
    return context.json({ user: viewUser(await account.rename(context.get('caller').user.id, name)) });
  });

  routes.post('/profile/photo', async (context) => {
    const { photo } = await bodyOf(context.req.raw, photoRequest);
    const bytes = photo === undefined ? undefined : fromText(photo);
    return context.json({ user: viewUser(await account.setPhoto(context.get('caller').user.id, bytes)) });
  });

  routes.get('/users/:id/photo', async (context) => {
    const photo = await account.photoOf(formOf(context.req.param('id'), userId), context.get('caller').user.id);
    return context.json(photo ? { photo: toText(photo) } : {});
  });

  routes.post('/profile/delete', async (context) => {
    const caller = context.get('caller');
    requireFresh(caller);
    await account.leave(caller.user.id);
    return context.json({});
  });
  return routes;
}
