// Hops of a forwarded stream: what each program says of itself, and what the next one may believe.
import { RefusedError } from '../../realm/errors.ts';
import type { Identity } from '../identity.ts';
import type { Hop, Peer } from '../seam.ts';

export function ownHop({ realm, role }: Pick<Identity, 'realm' | 'role'>, peerId: string): Hop {
  return { realm, role, pid: process.pid, peerId };
}

/** The last hop must be whoever is at the other end of the connection. @throws RefusedError `wrong-hop` */
export function checkLastHop(hops: readonly Hop[], peer: Peer): void {
  const last = hops.at(-1);
  if (last?.realm === peer.realm && last.role === peer.role && last.peerId === peer.peerId) return;
  throw new RefusedError('wrong-hop', `the last hop is not the ${peer.role} of ${peer.realm}, who sent it`);
}
