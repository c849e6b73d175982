// Mails of the session's own device, and mails to others.
import { Hono } from 'hono';
import { fromString } from 'uint8arrays/from-string';
import { toString } from 'uint8arrays/to-string';
import { ackRequest, mailsRequest } from '../../../src/protocols/lan/group-routes.ts';
import { RefusedError } from '../../../src/realm/errors.ts';
import type { Caller } from '../caller.ts';
import type { LanComponents, LanMails } from '../components.ts';
import { bodyOf, type LanEnv } from '../request.ts';

export function mailRoutes(components: Pick<LanComponents, 'mails'>): Hono<LanEnv> {
  const routes = new Hono<LanEnv>();
  const mails = (): LanMails => {
    if (components.mails) return components.mails;
    throw new RefusedError('not-found', 'this server carries no mails');
  };
  const boxOf = ({ user, session }: Caller) => ({ user: user.id, device: session.device.id });

  routes.post('/mails', async (context) => {
    const { id, to } = await bodyOf(context.req.raw, mailsRequest);
    const each = to.map((mail) => ({ ...mail, body: fromString(mail.body, 'base64url') }));
    return context.json({ refused: await mails().send(boxOf(context.get('caller')), id, each) });
  });

  routes.get('/mails', async (context) => {
    const list = await mails().list(boxOf(context.get('caller')));
    return context.json({
      mails: list.map(({ id, at, sender, from, body }) => {
        return { id, at, sender, device: from, body: toString(body, 'base64url') };
      }),
    });
  });

  routes.post('/mails/ack', async (context) => {
    const { mails: held } = await bodyOf(context.req.raw, ackRequest);
    await mails().acknowledge(boxOf(context.get('caller')), held);
    return context.json({});
  });
  return routes;
}
