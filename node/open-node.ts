// Opens a node: what it stands on, its services, its doors, and the order in which they start.
import { serveAbout } from '../src/protocols/about/index.ts';
import { type CanopyError, messageOf } from '../src/realm/errors.ts';
import { openDatabase } from '../src/store/database.ts';
import { aboutThis } from './about-this.ts';
import { type Ground, type NodeInit, openGround } from './ground.ts';
import { Permitted } from './incarnation/permitted.ts';
import { KeptLinks } from './kept-links.ts';
import { Node, type Part } from './node.ts';
import { type Doors, openDoors } from './open-doors.ts';
import { openServices, type Services } from './open-services.ts';

export interface OpenedNode {
  readonly node: Node;
  readonly peerId: string;
  /** After start. */
  readonly url: () => string;
}

/** @throws ConflictError `dir-in-use`; LocalError; RefusedError `cert-…` when the directory's certificates don't fit */
export async function openNode(init: NodeInit): Promise<OpenedNode> {
  let damage: CanopyError | undefined;
  const database = await openDatabase(init.directory.node.database, (error) => {
    damage = error;
    init.log.error({ why: error.message, hint: error.hint }, 'database damaged');
  });
  try {
    return await compose(await openGround(init, database, () => damage));
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function compose(ground: Ground): Promise<OpenedNode> {
  const services = await openServices(ground);
  const doors = await openDoors(ground, services);
  const { network } = services;
  serveAbout(network, ground.clock, () => aboutThis(ground));
  const node = new Node(inOrder(ground, services, doors), () => ground.database.close());
  return { node, peerId: network.peerId, url: () => doors.lan.url };
}

/** Each may need those before it. */
function inOrder(ground: Ground, services: Services, doors: Doors): Part[] {
  const { authority, network, ledger, guard, errands, trusts, users, blobs, moving, roaming } = services;
  const { islands, renewal, replacement, authorityRenewal, lan, host, lanRenewal, admin, metrics } = doors;
  return [
    doors.clockWatch,
    authority,
    network,
    ledger,
    guard,
    errands,
    trusts,
    users,
    ...aboutPeople(ground, services),
    permitted(services.lock, ground, 'wiped devices were not taken off'),
    new KeptLinks({ network, ledger, trusts: services.table, lineage: ground.lineage }),
    ...talking(ground, services),
    blobs,
    islands,
    renewal,
    // Stopped after what it asks through, which ends its waits.
    replacement,
    authorityRenewal,
    moving,
    roaming.guests,
    lan,
    host,
    ...(lanRenewal ? [lanRenewal] : []),
    admin,
    metrics,
  ];
}

function aboutPeople({ log }: Ground, { lookup, foreignKeys, keys, restate }: Services): Part[] {
  const start = (): void => {
    void restate().catch((error) => log.error({ why: messageOf(error) }, 'identities not stated again'));
  };
  return [
    { start: () => {}, stop: () => lookup.stop() },
    { start: () => {}, stop: () => foreignKeys.stop() },
    // What a replaced authority has said and its successor has not yet, since this node stopped in between.
    { start, stop: () => keys.stop() },
  ];
}

function permitted(part: Part, { permit, log }: Pick<Ground, 'permit' | 'log'>, failure: string): Part {
  return new Permitted(part, permit, (error) => log.error({ why: messageOf(error) }, failure));
}

function talking(ground: Ground, { messaging }: Services): Part[] {
  const { conversations, mails, keyPackages, groups, delivery, presence } = messaging;
  return [
    conversations,
    mails,
    keyPackages,
    permitted(groups, ground, 'groups did not start'),
    permitted(delivery, ground, 'delivery did not start'),
    presence,
  ];
}
