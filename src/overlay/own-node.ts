// A relay's way to the node of its own realm: the connection that the node has opened.
import type { Connection } from '@libp2p/interface';
import { UnreachableError } from '../realm/errors.ts';
import type { RealmName } from '../realm/names.ts';
import type { Admissions } from './admission/admissions.ts';

/** The newest: an older one may have died unnoticed. @throws UnreachableError `node-away` */
export function ownNodeConnection(admissions: Admissions, realm: RealmName): Connection {
  const connections = admissions
    .peers()
    .filter((peer) => peer.role === 'node' && peer.realm === realm)
    .flatMap((peer) => admissions.connections(peer.peerId))
    .filter((connection) => connection.status === 'open');
  const newest = connections.reduce<Connection | undefined>(
    (best, one) => (best && best.timeline.open > one.timeline.open ? best : one),
    undefined,
  );
  if (!newest) throw new UnreachableError('node-away', `the node of ${realm} is not connected`);
  return newest;
}
