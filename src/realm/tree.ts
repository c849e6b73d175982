// The tree of realms, as the names alone say it. Between two realms below one root there is exactly one way along the tree: up
// to the common ancestor, then down. Whoever follows it step by step never comes back to where it was.
import { isWithin, parentOf, type RealmName } from './names.ts';

/** The neighbour of `self` on the way to another realm; undefined for itself, and where no root is common. */
export function nextOnTree(self: RealmName, destination: RealmName): RealmName | undefined {
  if (self === destination) return undefined;
  if (isWithin(destination, self)) return childTowards(self, destination);
  return sharesRoot(self, destination) ? parentOf(self) : undefined;
}

/** Both ends included; empty where no root is common. */
export function treeBetween(from: RealmName, to: RealmName): RealmName[] {
  const way = [from];
  for (let at = from; at !== to; ) {
    const next = nextOnTree(at, to);
    if (next === undefined) return [];
    way.push(next);
    at = next;
  }
  return way;
}

/** Whether they are parent and child, in whichever order. */
export function areNeighbours(a: RealmName, b: RealmName): boolean {
  return parentOf(a) === b || parentOf(b) === a;
}

function childTowards(ancestor: RealmName, descendant: RealmName): RealmName {
  const parent = parentOf(descendant);
  return parent === ancestor || parent === undefined ? descendant : childTowards(ancestor, parent);
}

function sharesRoot(a: RealmName, b: RealmName): boolean {
  return rootOf(a) === rootOf(b);
}

function rootOf(realm: RealmName): RealmName {
  const parent = parentOf(realm);
  return parent === undefined ? realm : rootOf(parent);
}
