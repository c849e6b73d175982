// The way of an errand along the tree of realms: up to the common ancestor, then down. Decided by names alone, so that no hop
// needs to know more than its own place, and so that a loop cannot be.
import { RefusedError, UnreachableError } from '../../src/realm/errors.ts';
import { isWithin, parentOf, type RealmName } from '../../src/realm/names.ts';
import { nextOnTree } from '../../src/realm/tree.ts';

/** Who gets it next: a child above the destination, or the parent. @throws UnreachableError `no-way` */
export function nextHop(self: RealmName, destination: RealmName): RealmName {
  const next = nextOnTree(self, destination);
  if (next === undefined)
    throw new UnreachableError('no-way', `no way along the tree leads from ${self} to ${destination}`);
  return next;
}

export interface Leg {
  readonly origin: RealmName;
  readonly destination: RealmName;
}

/** Whether `neighbour` may hand this over to us. @throws RefusedError `wrong-way` */
export function checkWay(self: RealmName, neighbour: RealmName, { origin, destination }: Leg): void {
  const climbs = parentOf(neighbour) === self && isWithin(origin, neighbour) && !isWithin(destination, neighbour);
  const descends = neighbour === parentOf(self) && !isWithin(origin, self) && isWithin(destination, self);
  if (climbs || descends) return;
  throw new RefusedError('wrong-way', `${neighbour} hands over an errand from ${origin} to ${destination}`);
}
