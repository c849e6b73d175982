// Whom the user wants to hear nothing from, and what others are not to see of the user.
import { Hono } from 'hono';
import { type PrivacyAnswer, privacyForm } from '../../../src/protocols/lan/routes.ts';
import { userId } from '../../../src/protocols/lan/wire.ts';
import { InputError, RefusedError } from '../../../src/realm/errors.ts';
import type { UserId } from '../../../src/realm/ids.ts';
import type { LanBlocks, LanComponents } from '../components.ts';
import { bodyOf, formOf, type LanEnv } from '../request.ts';
import { viewUserById } from '../views.ts';
import { findById } from './users.ts';

export function blockRoutes(
  components: Pick<LanComponents, 'blocks' | 'privacy' | 'presence' | 'directory'>,
): Hono<LanEnv> {
  const routes = new Hono<LanEnv>();
  const blocks = (): LanBlocks => {
    if (components.blocks) return components.blocks;
    throw new RefusedError('not-found', 'this server keeps no blocks');
  };
  const privacy = (): NonNullable<LanComponents['privacy']> => {
    if (components.privacy) return components.privacy;
    throw new RefusedError('not-found', 'this server keeps no privacy settings');
  };
  const answerTo = (user: UserId): PrivacyAnswer => ({ ...privacy().of(user), hidden: privacy().hiddenOfAll });
  const known = async (text: string, asker: UserId): Promise<UserId> => {
    const id = formOf(text, userId);
    if (await findById(components.directory, id, asker)) return id;
    throw new InputError('user-unknown', `Nobody known here has the id ${id}`);
  };

  routes.get('/blocks', (context) => {
    const list = blocks().list(context.get('caller').user.id);
    return context.json({
      blocked: list.map(({ user, at }) => ({ user: viewUserById(components.directory, user), at })),
    });
  });

  routes.post('/users/:id/block', async (context) => {
    const { id } = context.get('caller').user;
    await blocks().block(id, await known(context.req.param('id'), id));
    return context.json({});
  });

  routes.post('/users/:id/unblock', async (context) => {
    await blocks().unblock(context.get('caller').user.id, formOf(context.req.param('id'), userId));
    return context.json({});
  });
  routes.get('/privacy', (context) => {
    return context.json(answerTo(context.get('caller').user.id));
  });

  routes.post('/privacy', async (context) => {
    const { id } = context.get('caller').user;
    const before = privacy().of(id);
    const wanted = await bodyOf(context.req.raw, privacyForm);
    await privacy().set(id, wanted);
    if (before.presence !== wanted.presence) components.presence.retell?.(id);
    return context.json(answerTo(id));
  });
  return routes;
}
