// The parts that accounts and the registrar share.
import type { Clock } from '../../src/realm/clock.ts';
import type { Audit } from '../audit/audit.ts';
import type { AccountStore } from './account-store.ts';
import type { LoginGuard } from './login-guard.ts';
import type { OpaqueServer } from './opaque-server.ts';
import type { SessionStore } from './session-store.ts';
import type { UserDirectory } from './user-directory.ts';

export interface AccountComponents {
  readonly clock: Clock;
  readonly audit: Audit;
  readonly sessions: SessionStore;
  readonly directory: UserDirectory;
  readonly accounts: AccountStore;
  readonly opaque: OpaqueServer;
  readonly guard: LoginGuard;
}
