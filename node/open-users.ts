// Who there is, and who may log in here.
import type { NodeOverlay } from '../src/overlay/node-overlay.ts';
import { type AccountService, openAccounts } from './directory/account-service.ts';
import { openSessions } from './directory/session-store.ts';
import { openDirectory, type UserDirectory } from './directory/user-directory.ts';
import type { Ground } from './ground.ts';
import type { LedgerService } from './ledger/ledger-service.ts';

export interface OpenedUsers {
  readonly users: UserDirectory;
  readonly accounts: AccountService;
}

export async function openUsers(
  ground: Ground,
  { network, ledger }: { readonly network: NodeOverlay; readonly ledger: LedgerService },
): Promise<OpenedUsers> {
  const { realm: file, database, clock, log, audit, house } = ground;
  const { realm } = file;
  const users = await openDirectory({ database, ledger, network, clock, log }, { realm, house });
  const sessions = await openSessions({ database, clock, log });
  const accounts = await openAccounts({ database, clock, log, audit, sessions, directory: users }, { realm });
  return { users, accounts };
}
