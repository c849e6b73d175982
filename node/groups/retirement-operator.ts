// What the operator may do with realms that are gone for good, over the control socket.
import { RETIREMENT_REQUESTS } from '../admin/retirement-api.ts';
import { type PartRoutes, partRoute } from '../admin/server.ts';
import type { Retirements } from './retirements.ts';

export function retirementRoutes(retirements: Retirements): PartRoutes {
  return {
    'POST /v1/realms/retire': partRoute(RETIREMENT_REQUESTS.retire, ({ realm, successor, dryRun }) =>
      retirements.retire({ realm, successor }, { dryRun }),
    ),
  };
}
