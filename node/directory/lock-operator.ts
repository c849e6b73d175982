// Locking and unlocking over the control socket; node/admin/lock-api.ts has the routes.
import { LOCK_REQUESTS } from '../admin/lock-api.ts';
import { type PartRoutes, partRoute } from '../admin/server.ts';
import type { BranchLock } from './branch-lock.ts';
import { OPERATOR } from './user-operator.ts';

export function lockRoutes(lock: Pick<BranchLock, 'lock' | 'unlock'>): PartRoutes {
  return {
    'POST /v1/lock': partRoute(LOCK_REQUESTS.lock, ({ wipe }) => lock.lock(wipe, OPERATOR)),
    'POST /v1/unlock': partRoute(LOCK_REQUESTS.unlock, async () => {
      const was = await lock.unlock(OPERATOR);
      return was ? { since: was.since } : {};
    }),
  };
}
