// The realms that a node knows as a tree of names, each with the way that leads to it from here.
import type { Neighbour, Status } from '../../node/admin/api.ts';
import { ancestorsOf, parentOf, type RealmName } from '../../src/realm/names.ts';
import { carrierOf } from '../mail-way.ts';

type PathKind = Neighbour['path'] | 'here';

export interface Place {
  readonly realm: RealmName;
  /** Undefined for a realm that stands above known ones and is not known itself. */
  readonly tier: Neighbour['tier'];
  /** `here`: the realm that was asked. */
  readonly path: PathKind;
  readonly via?: RealmName;
  /** Who hands messages on; the path is that of a link alone. */
  readonly carrier?: RealmName;
  /** Milliseconds. */
  readonly rtt?: number;
  readonly queued: number;
  readonly below: readonly Place[];
}

/** The roots of the tree, usually the region alone. Children stand in the order of their names. */
export function topologyOf(status: Status): Place[] {
  const known = new Map<RealmName, Omit<Place, 'below'>>(
    status.realms.map((realm) => [realm.realm, placeOf(realm, carrierOf(status, realm))]),
  );
  known.set(status.realm, { realm: status.realm, tier: status.tier, path: 'here', queued: 0 });
  for (const realm of [...known.keys()].flatMap(ancestorsOf)) {
    if (!known.has(realm)) known.set(realm, { realm, tier: undefined, path: 'unreachable', queued: 0 });
  }
  const names = [...known.keys()].sort();
  const build = (realm: RealmName): Place[] => {
    const own = known.get(realm);
    return own ? [{ ...own, below: names.filter((name) => parentOf(name) === realm).flatMap(build) }] : [];
  };
  return names.filter((name) => parentOf(name) === undefined).flatMap(build);
}

/** Every place, each before those below it, with how deep it stands. */
export function* walk(
  places: readonly Place[],
  depth = 0,
): Generator<{ readonly place: Place; readonly depth: number }> {
  for (const place of places) {
    yield { place, depth };
    yield* walk(place.below, depth + 1);
  }
}

/** `direct-tcp 21 ms, 3 queued`; `direct-tcp 21 ms, messages by acme.ua`. */
export function describeWay({ path, via, carrier, rtt, queued }: Place): string {
  const way = path === 'here' ? 'this realm' : via ? `${path} by ${via}` : path;
  const time = rtt === undefined ? '' : ` ${Math.round(rtt)} ms`;
  const by = carrier ? `, messages by ${carrier}` : '';
  return `${way}${time}${by}${queued > 0 ? `, ${queued} queued` : ''}`;
}

function placeOf(
  { realm, tier, path, via, rtt, queued }: Neighbour,
  carrier: RealmName | undefined,
): Omit<Place, 'below'> {
  const ways = { ...(via && { via }), ...(carrier && { carrier }) };
  return { realm, tier, path, queued, ...ways, ...(rtt === undefined ? {} : { rtt }) };
}
