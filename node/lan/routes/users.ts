// Finding people: by the full address, by the beginning of a login, by id. Only those of the directory exist, and
// who is disabled is not found.
import { Hono } from 'hono';
import { MAX_USERS } from '../../../src/protocols/lan/limits.ts';
import { usersQuery } from '../../../src/protocols/lan/routes.ts';
import { parseUserAddress } from '../../../src/realm/user-address.ts';
import type { UserProfile } from '../../directory/directory.ts';
import type { LanComponents, LanDirectory } from '../components.ts';
import { formOf, type LanEnv } from '../request.ts';
import { viewUser } from '../views.ts';

export function userRoutes({ directory }: Pick<LanComponents, 'directory'>): Hono<LanEnv> {
  const routes = new Hono<LanEnv>();
  routes.get('/users', (context) => {
    const found = find(directory, formOf(context.req.query(), usersQuery));
    return context.json({ users: found.filter(({ status }) => status === 'active').map(viewUser) });
  });
  return routes;
}

type Query = { address: string } | { prefix: string } | { id: UserProfile['id'] };

function find(directory: LanDirectory, query: Query): readonly UserProfile[] {
  if ('prefix' in query) return directory.search(query.prefix.toLowerCase(), MAX_USERS);
  const user =
    'id' in query
      ? directory.findById(query.id)
      : directory.findByAddress(parseUserAddress(query.address.toLowerCase()));
  return user ? [user] : [];
}
