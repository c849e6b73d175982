// By whom messages to a realm go where the path alone would not tell: relays keep a link to realms further up and further down the
// tree, nodes hand messages from tier to tier. `canopy reach` says the same.
import type { Neighbour, Status } from '../node/admin/api.ts';
import { relationOf } from '../src/overlay/scope.ts';
import type { RealmName } from '../src/realm/names.ts';
import { treeBetween } from '../src/realm/tree.ts';

type From = Pick<Status, 'realm' | 'tier'>;
type To = Pick<Neighbour, 'realm' | 'tier' | 'path'>;

/** The next tier, for a realm that a link leads to and no node of ours speaks with. */
export function carrierOf(from: From, { realm, tier, path }: To): RealmName | undefined {
  if (path === 'unreachable' || tier === undefined) return undefined;
  const relation = relationOf(from, { realm, tier });
  return relation === 'ancestor' || relation === 'descendant' ? treeBetween(from.realm, realm)[1] : undefined;
}
