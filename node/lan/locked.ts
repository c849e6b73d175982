// While the branch is locked nobody is let in, neither its own people nor guests. Who is to erase what the device holds is told that first.
import type { MiddlewareHandler } from 'hono';
import { API_PREFIX } from '../../src/protocols/lan/limits.ts';
import { RefusedError } from '../../src/realm/errors.ts';
import type { TokenOf } from './caller.ts';
import type { LanComponents } from './components.ts';
import type { LanEnv } from './request.ts';

export type LockedParts = Pick<LanComponents, 'lock' | 'account' | 'guests'>;

/** @throws RefusedError `branch-locked`, `device-wiped` */
export function assertUnlocked(parts: LockedParts, token: string | undefined): void {
  const current = parts.lock?.current;
  if (!current) return;
  if (token !== undefined && isToWipe(parts, current.wipe, token)) {
    throw new RefusedError('device-wiped', 'the branch was locked, and its devices erase what they hold');
  }
  throw new RefusedError('branch-locked', 'the branch is locked; nobody is let in');
}

/** Marks of own devices are on disk; guests are known until this node stops. */
function isToWipe({ account, guests }: LockedParts, wipe: boolean, token: string): boolean {
  return account?.devices.isWiped(token) === true || (wipe && guests?.find(token) !== undefined);
}

/** Also for what was under way when the lock came: its answer does not go out. */
export function lockedRoutes(parts: LockedParts, tokenOf: TokenOf): MiddlewareHandler<LanEnv> {
  return async (context, next) => {
    if (context.req.path === `${API_PREFIX}/server`) return next();
    const { token } = tokenOf(context.env.incoming);
    assertUnlocked(parts, token);
    await next();
    assertUnlocked(parts, token);
  };
}
