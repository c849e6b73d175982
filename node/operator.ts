// What the operator may do over the control socket.
import type { NodeOverlay } from '../src/overlay/node-overlay.ts';
import { MAX_FILE_AGE } from '../src/pki/renewal.ts';
import { encodeToken } from '../src/pki/token.ts';
import type { RealmName } from '../src/realm/names.ts';
import { formatUserAddress, parseLogin } from '../src/realm/user-address.ts';
import type { RealmFile } from '../src/settings/realm-file.ts';
import type { AdminUser, Invitation, NewUser, Ping, Status, UserStarted } from './admin/api.ts';
import type { AdminActions } from './admin/server.ts';
import type { Authority } from './authority/authority.ts';
import type { Accounts } from './directory/accounts.ts';
import type { UserProfile } from './directory/directory.ts';
import type { UserDirectory } from './directory/user-directory.ts';
import { type StatusParts, statusOf } from './node-status.ts';

export interface OperatorComponents extends StatusParts {
  readonly realm: RealmFile;
  readonly authority: Pick<Authority, 'invite' | 'answer'>;
  readonly accounts: Pick<Accounts, 'startRegistration' | 'finishRegistration' | 'list'>;
  readonly directory: Pick<UserDirectory, 'list' | 'lostAliases' | 'aliasOf'>;
  readonly overlay: NodeOverlay;
}

const OPERATOR = 'operator';

export class Operator implements AdminActions {
  readonly #parts: OperatorComponents;

  constructor(components: OperatorComponents) {
    this.#parts = components;
  }

  status(): Promise<Status> {
    return statusOf(this.#parts);
  }

  async users(): Promise<readonly AdminUser[]> {
    return this.#parts.accounts.list().map((user) => this.#withAlias(user));
  }

  async directory(): Promise<readonly AdminUser[]> {
    return this.#parts.directory.list().map((user) => this.#withAlias(user));
  }

  startUser({ login, ...user }: NewUser): Promise<UserStarted> {
    return this.#parts.accounts.startRegistration({ ...user, login: parseLogin(login) });
  }

  async finishUser({ registrationId, record }: { registrationId: string; record: string }): Promise<AdminUser> {
    return asAdminUser(await this.#parts.accounts.finishRegistration({ registrationId, record, by: OPERATOR }));
  }

  async invite(wanted: { tier: Invitation['tier']; realm: RealmName; ttl: number }): Promise<Invitation> {
    const { realm, authority, ownRelay } = this.#parts;
    const ancestors = [{ realm: realm.realm, relays: ownRelay.outer }, ...realm.ancestors];
    const token = await authority.invite({ ...wanted, ancestors });
    return { token: encodeToken(token), realm: token.realm, tier: token.tier, expires: token.expires };
  }

  enrol(request: Uint8Array): Promise<Uint8Array> {
    return this.#parts.authority.answer(request, MAX_FILE_AGE);
  }

  #withAlias(user: UserProfile): AdminUser {
    return { ...asAdminUser(user), alias: this.#parts.directory.aliasOf(user) };
  }

  async ping(realm: RealmName, signal: AbortSignal): Promise<Ping> {
    const { path, rtt } = await this.#parts.overlay.ping(realm, signal);
    return { realm, path: { ...path, hops: [...path.hops] }, rtt };
  }
}

function asAdminUser({ id, address, name, department, kind, status, isHidden = false }: UserProfile): AdminUser {
  const works = department === undefined ? {} : { department };
  return { id, address: formatUserAddress(address), name, ...works, kind, status, hidden: isHidden };
}
