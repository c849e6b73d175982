// The parts that accounts and the registrar share.
import type { Clock } from '../../src/realm/clock.ts';
import type { DeviceId, UserId } from '../../src/realm/ids.ts';
import type { Audit } from '../audit/audit.ts';
import type { VaultService } from '../vault/vault-service.ts';
import type { AccountStore } from './account-store.ts';
import type { DeviceStore } from './device-store.ts';
import type { LockStore } from './lock-store.ts';
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
  readonly lock: Pick<LockStore, 'assertOpen' | 'mustWipe'>;
  readonly vaults: VaultService;
  readonly devices: DeviceStore;
  /** Whether that own user's device was removed for good. */
  readonly isRemoved: (user: UserId, device: DeviceId) => boolean;
}
