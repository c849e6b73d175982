// What the operator may see and do of users over the control socket; node/admin/user-api.ts has the routes.
import { toString } from 'uint8arrays/to-string';
import { InputError } from '../../src/realm/errors.ts';
import { parseDeviceId } from '../../src/realm/ids.ts';
import { parsePhoto } from '../../src/realm/photo.ts';
import { formatUserAddress, parseLogin } from '../../src/realm/user-address.ts';
import { type PartRoutes, partRoute } from '../admin/server.ts';
import { type SignedOut, USER_REQUESTS, type UserDetails } from '../admin/user-api.ts';
import type { AccountService } from './account-service.ts';
import type { Account } from './account-store.ts';
import type { DeviceService } from './device-service.ts';
import type { Directory, UserProfile } from './directory.ts';
import type { IdentityService } from './identity-service.ts';

export interface UserOperatorComponents {
  readonly accounts: AccountService;
  readonly users: Pick<Directory, 'findById'>;
  readonly identities: IdentityService;
  readonly devices: DeviceService;
}

export const OPERATOR = 'operator';

export function userRoutes(parts: UserOperatorComponents): PartRoutes {
  const { accounts } = parts;
  return {
    'POST /v1/users/show': partRoute(USER_REQUESTS.show, async ({ user }) => show(parts, find(parts, user))),
    'POST /v1/users/reset/start': partRoute(USER_REQUESTS.startReset, async ({ user, request }) =>
      accounts.startReset({ login: parseLogin(user), request }),
    ),
    'POST /v1/users/reset/finish': partRoute(USER_REQUESTS.finishReset, async ({ registrationId, record }) =>
      addressed(await accounts.finishReset({ registrationId, record, by: OPERATOR })),
    ),
    'POST /v1/users/status': partRoute(USER_REQUESTS.setStatus, async ({ user, status }) =>
      addressed(await accounts.setStatus(find(parts, user).account.id, status, OPERATOR)),
    ),
    'POST /v1/users/photo': partRoute(USER_REQUESTS.setPhoto, async ({ user, photo }) => {
      const bytes = photo === undefined ? undefined : decodePhoto(photo);
      return addressed(await accounts.setPhoto(find(parts, user).account.id, bytes, OPERATOR));
    }),
    'POST /v1/users/department': partRoute(USER_REQUESTS.setDepartment, async ({ user, department }) => {
      const profile = await accounts.setDepartment(find(parts, user).account.id, department, OPERATOR);
      return { ...addressed(profile), department: profile.department };
    }),
    'POST /v1/users/hidden': partRoute(USER_REQUESTS.setHidden, async ({ user, hidden }) => {
      const profile = await accounts.setHidden(find(parts, user).account.id, hidden, OPERATOR);
      return { ...addressed(profile), hidden: profile.isHidden === true };
    }),
    'POST /v1/users/sign-out': partRoute(USER_REQUESTS.signOut, async ({ user, device }) =>
      signOut(parts, find(parts, user), device),
    ),
  };
}

interface Found {
  readonly account: Account;
  readonly profile: UserProfile;
}

/** @throws InputError `unknown-user` */
function find({ accounts, users }: UserOperatorComponents, text: string): Found {
  const account = accounts.store.find(parseLogin(text));
  const profile = account && users.findById(account.id);
  if (account && profile) return { account, profile };
  throw new InputError('unknown-user', `no user "${text}" in this realm`, { hint: 'Run: canopy user list' });
}

export const addressed = ({ address }: UserProfile) => ({ address: formatUserAddress(address) });

async function show(parts: UserOperatorComponents, { account, profile }: Found): Promise<UserDetails> {
  const { accounts, devices, identities } = parts;
  const { id, name, department, kind, status, isHidden = false } = profile;
  const { identity } = identities.keysOf(id);
  const list = await devices.list(id);
  return {
    id,
    ...addressed(profile),
    name,
    ...(department !== undefined && { department }),
    kind,
    status,
    hidden: isHidden,
    mustChangePassword: account.mustChangePassword,
    hasVault: await accounts.vaults.has(id),
    devices: list.map(({ certificate, ...device }) => ({ ...device, certified: certificate !== undefined })),
    ...(identity && { identity: { key: toString(identity.key, 'hex'), sequence: identity.sequence } }),
  };
}

/** @throws InputError `bad-photo` */
function decodePhoto(text: string): Uint8Array {
  return parsePhoto(new Uint8Array(Buffer.from(text, 'base64url')));
}

/** One device for good, or all sessions without wiping anything. */
async function signOut(parts: UserOperatorComponents, { account, profile }: Found, text?: string): Promise<SignedOut> {
  const { accounts, devices } = parts;
  if (text !== undefined) {
    const device = parseDeviceId(text);
    await devices.remove(account.id, device, 'administrator', OPERATOR);
    return { ...addressed(profile), devices: [device] };
  }
  const signedIn = accounts.sessions.list(account.id).map(({ device }) => device.id);
  await accounts.signOutAll(account.id, OPERATOR);
  return { ...addressed(profile), devices: [...new Set(signedIn)] };
}
