// Finding people: by the full address, in other enterprises too; by the beginning of a login and by id among those that are known
// here. Who is disabled is not found, nor who is hidden from the asker.
import { Hono } from 'hono';
import { MAX_USERS } from '../../../src/protocols/lan/limits.ts';
import { usersQuery } from '../../../src/protocols/lan/routes.ts';
import type { UserId } from '../../../src/realm/ids.ts';
import { parseUserAddress } from '../../../src/realm/user-address.ts';
import type { UserProfile } from '../../directory/directory.ts';
import type { LanComponents, LanDirectory } from '../components.ts';
import { formOf, type LanEnv } from '../request.ts';
import { viewUser } from '../views.ts';

export function userRoutes({ directory }: Pick<LanComponents, 'directory'>): Hono<LanEnv> {
  const routes = new Hono<LanEnv>();
  routes.get('/users', async (context) => {
    const { user } = context.get('caller');
    const found = await find(directory, formOf(context.req.query(), usersQuery), user.id);
    return context.json({ users: found.filter(({ status }) => status === 'active').map(viewUser) });
  });
  return routes;
}

type Query = { address: string } | { prefix: string } | { id: UserProfile['id'] };

async function find(directory: LanDirectory, query: Query, asker: UserId): Promise<readonly UserProfile[]> {
  if ('prefix' in query) return findByPrefix(directory, query.prefix.toLowerCase(), asker);
  const user = await ('id' in query
    ? findById(directory, query.id, asker)
    : findExactly(directory, query.address, asker));
  return user ? [user] : [];
}

function findByPrefix(directory: LanDirectory, prefix: string, asker: UserId): Promise<UserProfile[]> | UserProfile[] {
  return directory.searchFor?.(asker, prefix, MAX_USERS) ?? directory.search(prefix, MAX_USERS);
}

/** Absent the means to ask for somebody: everybody who is known. */
export function findById(
  directory: Pick<LanDirectory, 'findById' | 'findFor'>,
  id: UserId,
  asker: UserId,
): Promise<UserProfile | undefined> | UserProfile | undefined {
  return directory.findFor ? directory.findFor(asker, id) : directory.findById(id);
}

function findExactly(
  directory: LanDirectory,
  text: string,
  asker: UserId,
): Promise<UserProfile | undefined> | UserProfile | undefined {
  const address = parseUserAddress(text.toLowerCase());
  return directory.lookUp ? directory.lookUp(address, asker) : directory.findByAddress(address);
}
