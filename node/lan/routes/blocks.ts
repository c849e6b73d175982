// Whom the user wants to hear nothing from.
import { Hono } from 'hono';
import { userId } from '../../../src/protocols/lan/wire.ts';
import { InputError, RefusedError } from '../../../src/realm/errors.ts';
import type { UserId } from '../../../src/realm/ids.ts';
import type { LanBlocks, LanComponents } from '../components.ts';
import { formOf, type LanEnv } from '../request.ts';
import { viewUserById } from '../views.ts';

export function blockRoutes(components: Pick<LanComponents, 'blocks' | 'directory'>): Hono<LanEnv> {
  const routes = new Hono<LanEnv>();
  const blocks = (): LanBlocks => {
    if (components.blocks) return components.blocks;
    throw new RefusedError('not-found', 'this server keeps no blocks');
  };
  const known = (text: string): UserId => {
    const id = formOf(text, userId);
    if (components.directory.findById(id)) return id;
    throw new InputError('user-unknown', `Nobody known here has the id ${id}`);
  };

  routes.get('/blocks', (context) => {
    const list = blocks().list(context.get('caller').user.id);
    return context.json({
      blocked: list.map(({ user, at }) => ({ user: viewUserById(components.directory, user), at })),
    });
  });

  routes.post('/users/:id/block', async (context) => {
    await blocks().block(context.get('caller').user.id, known(context.req.param('id')));
    return context.json({});
  });

  routes.post('/users/:id/unblock', async (context) => {
    await blocks().unblock(context.get('caller').user.id, formOf(context.req.param('id'), userId));
    return context.json({});
  });
  return routes;
}
