// The way of an errand along the tree of realms: up to the common ancestor, then down. Decided by names alone, so that no hop
// needs to know more than its own place, and so that a loop cannot be.
import { RefusedError, UnreachableError } from '../../src/realm/errors.ts';
import { isWithin, parentOf, type RealmName } from '../../src/realm/names.ts';

/** Who gets it next: a child above the destination, or the parent. @throws UnreachableError `no-way` */
export function nextHop(self: RealmName, destination: RealmName): RealmName {
  if (destination !== self && isWithin(destination, self)) return childTowards(self, destination);
  const parent = parentOf(self);
  if (parent === undefined || destination === self) {
    throw new UnreachableError('no-way', `${destination} is not below the top of this network, ${self}`);
  }
  return parent;
}

function childTowards(self: RealmName, destination: RealmName): RealmName {
  const parent = parentOf(destination);
  return parent === undefined || parent === self ? destination : childTowards(self, parent);
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
