// Users who move between the realms of an enterprise.
import type { Network } from '../src/overlay/seam.ts';
import type { RealmName } from '../src/realm/names.ts';
import { parseLogin } from '../src/realm/user-address.ts';
import { type PartRoutes, partRoute } from './admin/server.ts';
import { USER_REQUESTS } from './admin/user-api.ts';
import { addressed, OPERATOR } from './directory/user-operator.ts';
import type { LedgerService } from './ledger/ledger-service.ts';
import { HeldUsers } from './moving/held-users.ts';
import { MoveService } from './moving/move-service.ts';
import type { OpenedUsers, UserGround } from './open-users.ts';

export interface MovingNeeds extends OpenedUsers {
  readonly network: Network;
  readonly ledger: LedgerService;
  readonly signStatement: (statement: Uint8Array) => Promise<Uint8Array>;
  readonly isColleague: (realm: RealmName) => boolean;
}

export function openMoving(ground: UserGround, needs: MovingNeeds): MoveService {
  const { audit, clock, database, log, realm } = ground;
  return new MoveService(realm.realm, { ...needs, held: new HeldUsers(database), audit, clock, log });
}

export function moveRoutes(moving: MoveService): PartRoutes {
  return {
    'POST /v1/users/move': partRoute(USER_REQUESTS.move, async ({ user, to }) =>
      addressed(await moving.move(parseLogin(user), to, OPERATOR)),
    ),
  };
}
