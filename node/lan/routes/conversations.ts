// Conversations, their histories, single messages and the way that they took. What a user is no member of does not exist
// for that user; asking for it is written down.
import { Hono } from 'hono';
import type { Path } from '../../../src/overlay/seam.ts';
import { clearRequest, eventsQuery } from '../../../src/protocols/lan/routes.ts';
import { conversationId, messageId } from '../../../src/protocols/lan/wire.ts';
import { codeOf, RefusedError } from '../../../src/realm/errors.ts';
import { formatUserAddress } from '../../../src/realm/user-address.ts';
import type { MessageRoute } from '../../delivery/delivery.ts';
import type { Caller } from '../caller.ts';
import type { LanComponents } from '../components.ts';
import { bodyOf, formOf, type LanEnv } from '../request.ts';
import { viewConversation, viewJsonMessage, viewLeg, viewPeople, viewUserById } from '../views.ts';

function pathOf({ legs }: MessageRoute): Path | undefined {
  return legs.find(({ path }) => path !== undefined)?.path;
}

export function conversationRoutes(components: LanComponents): Hono<LanEnv> {
  const { conversations, directory, audit } = components;
  const routes = new Hono<LanEnv>();

  /** Runs it; what is refused as unknown is written down. */
  const watched = async <T>({ user }: Caller, what: 'conversation' | 'message', work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (codeOf(error) === `${what}-unknown`) {
        await audit.record({ code: 'access-refused', actor: formatUserAddress(user.address), fields: { what } });
      }
      throw error;
    }
  };

  const message = (caller: Caller, text: string) =>
    watched(caller, 'message', async () => {
      const id = formOf(text, messageId);
      const found = await conversations.findMessage(caller.user.id, id);
      if (found) return found;
      throw new RefusedError('message-unknown', `no message ${id} of this user`);
    });

  routes.get('/conversations', async (context) => {
    const { id } = context.get('caller').user;
    const list = await conversations.listConversations(id);
    return context.json({ conversations: list.map((summary) => viewConversation(directory, summary, id)) });
  });

  routes.get('/conversations/:id/events', async (context) => {
    const caller = context.get('caller');
    const id = formOf(context.req.param('id'), conversationId);
    const { before, limit } = formOf(context.req.query(), eventsQuery);
    const position = before === undefined ? {} : { before };
    const asked = { ...position, limit };
    const page = await watched(caller, 'conversation', () => conversations.history(caller.user.id, id, asked));
    const answer = { events: page.messages.map(viewJsonMessage), users: viewPeople(directory, page.messages) };
    return context.json(page.next === undefined ? answer : { ...answer, next: page.next });
  });

  routes.post('/conversations/:id/clear', async (context) => {
    const caller = context.get('caller');
    const id = formOf(context.req.param('id'), conversationId);
    const { entirely } = await bodyOf(context.req.raw, clearRequest);
    await watched(caller, 'conversation', () => conversations.clear(caller.user.id, id, entirely));
    return context.json({});
  });

  routes.post('/messages/:id/erase', async (context) => {
    const caller = context.get('caller');
    const { user, session } = caller;
    const id = formOf(context.req.param('id'), messageId);
    const by = { user: user.id, device: session.device.id };
    await watched(caller, 'message', () => conversations.erase(by, id));
    return context.json({});
  });

  routes.get('/messages/:id', async (context) => {
    const found = await message(context.get('caller'), context.req.param('id'));
    return context.json({ message: viewJsonMessage(found), users: viewPeople(directory, [found]) });
  });

  routes.get('/messages/:id/readers', async (context) => {
    const caller = context.get('caller');
    const id = formOf(context.req.param('id'), messageId);
    const { readers } = conversations;
    if (!readers) throw new RefusedError('message-unknown', 'this server tells of no readers');
    const view = await watched(caller, 'message', () => readers(caller.user.id, id, context.req.raw.signal));
    return context.json({
      readers: view.readers.map(({ user, state }) => ({ user: viewUserById(directory, user), state })),
      away: view.away,
    });
  });

  routes.get('/messages/:id/route', async (context) => {
    const caller = context.get('caller');
    const found = await message(caller, context.req.param('id'));
    const explained = await conversations.explain?.(caller.user.id, found.envelope.id);
    const path = explained && pathOf(explained);
    const legs = explained?.legs.map(viewLeg) ?? [];
    const travelled = found.path !== 'local' || found.state !== 'stored';
    if (!path) return context.json(travelled ? { route: { kind: found.path, hops: [] }, legs } : { legs });
    const hops = path.hops.map(({ realm, role, pid, peerId }) => ({ realm, role, pid, peerId }));
    const route = path.via ? { kind: path.kind, via: path.via, hops } : { kind: path.kind, hops };
    return context.json({ route, legs });
  });
  return routes;
}
