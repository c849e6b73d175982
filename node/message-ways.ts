// What the operator is told of a message's way.
import { RefusedError } from '../src/realm/errors.ts';
import { parseMessageId, type UserId } from '../src/realm/ids.ts';
import { formatUserAddress } from '../src/realm/user-address.ts';
import { type MessageWay, routeRequest } from './admin/route-api.ts';
import { type PartRoutes, partRoute } from './admin/server.ts';
import type { Audit } from './audit/audit.ts';
import type { Delivery, RouteLeg } from './delivery/delivery.ts';
import type { Directory } from './directory/directory.ts';

export interface MessageWaysComponents {
  readonly delivery: Pick<Delivery, 'explainAny'>;
  readonly directory: Pick<Directory, 'findById'>;
  readonly audit: Pick<Audit, 'record'>;
}

export function messageWays(components: MessageWaysComponents): PartRoutes {
  return { 'POST /v1/route': partRoute(routeRequest, ({ id }) => wayOf(id, components)) };
}

/** @throws InputError `bad-id`; RefusedError `message-unknown` */
async function wayOf(text: string, { delivery, directory, audit }: MessageWaysComponents): Promise<MessageWay> {
  const id = parseMessageId(text);
  const route = await delivery.explainAny(id);
  if (!route) {
    throw new RefusedError('message-unknown', `No message ${id} was written or received here`, {
      hint: "Ask the node of the sender's branch, or of a recipient's.",
    });
  }
  await audit.record({ code: 'route-shown', actor: 'operator', fields: { message: id } });
  const address = (user: UserId): string => {
    const known = directory.findById(user);
    return known ? formatUserAddress(known.address) : user;
  };
  return { id, sender: address(route.sender), legs: route.legs.map((leg) => asLeg(leg, address)) };
}

function asLeg(
  { path, steps, stuck, ...leg }: RouteLeg,
  address: (user: UserId) => string,
): MessageWay['legs'][number] {
  const told = steps.map(({ user, ...step }) => ({ ...step, ...(user && { user: address(user) }) }));
  const taken = path && {
    kind: path.kind,
    ...(path.via && { via: path.via }),
    hops: path.hops.map((hop) => ({ ...hop })),
  };
  return { ...leg, steps: told, ...(taken && { path: taken }), ...(stuck && { stuck }) };
}
