// Users of other branches who work here, and own users who work elsewhere.
import type { Network } from '../src/overlay/seam.ts';
import type { RealmName } from '../src/realm/names.ts';
import type { Ground } from './ground.ts';
import type { LedgerService } from './ledger/ledger-service.ts';
import { Guests } from './roaming/guests.ts';
import { type LanDoor, RoamHost } from './roaming/roam-host.ts';

export interface OpenedRoaming {
  /** Whether that is another realm of the same enterprise. */
  readonly isColleague: (realm: RealmName) => boolean;
  readonly guests: Guests;
  readonly hostOf: (door: LanDoor) => RoamHost;
}

export function openRoaming(
  ground: Pick<Ground, 'realm' | 'house' | 'clock' | 'log' | 'audit'>,
  { network, ledger }: { readonly network: Network; readonly ledger: LedgerService },
): OpenedRoaming {
  const { clock, log, audit, house, realm } = ground;
  const isColleague = (of: RealmName): boolean =>
    of !== realm.realm &&
    (of === house || ledger.realms().some((one) => one.realm === of && one.issuer === house && one.tier === 'branch'));
  return {
    isColleague,
    guests: new Guests({ network, clock, audit, isColleague }),
    hostOf: (door) => new RoamHost({ network, door, clock, log, isColleague: (peer) => ledger.isColleague(peer) }),
  };
}
