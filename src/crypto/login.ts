// The client's side of login by password: OPAQUE (RFC 9807), so that no server ever sees a password or something that
// can be guessed offline without the server's own key. Registration and login must use the same key stretching and the
// same identifiers, to the byte, or no password fits.
import { client, ready } from '@serenity-kit/opaque';
import { RefusedError } from '../realm/errors.ts';
import { formatUserAddress, parseUserAddress } from '../realm/user-address.ts';

/** Argon2id with 64 MiB, 3 passes, 4 lanes: about half a second on the client, nothing on the server. */
export const OPAQUE_STRETCHING = { 'argon2id-custom': { memory: 65_536, iterations: 3, parallelism: 4 } } as const;

export interface OpaqueIdentifiers {
  readonly client: string;
  readonly server: string;
}

/** Who the two sides are: the user's address and its realm. @throws InputError `bad-user-address` */
export function opaqueIdentifiers(address: string): OpaqueIdentifiers {
  const parsed = parseUserAddress(address);
  return { client: formatUserAddress(parsed), server: parsed.realm };
}

/** Carries the first message to the server and brings back its answer. */
type Exchange = (request: string) => Promise<string>;

/** What a login yields besides the session: the key that the server never learns, for the vault. */
export interface LoginProof {
  /** For the server. */
  readonly finish: string;
  /** 64 bytes, base64url: follows from the password, the same at each login. */
  readonly exportKey: string;
}

/**
 * Runs a login up to the message that proves it.
 * @throws RefusedError `login-refused` when the password is wrong or nobody has that address: the two look alike
 */
export async function proveLogin(address: string, password: string, exchange: Exchange): Promise<LoginProof> {
  await ready;
  const identifiers = opaqueIdentifiers(address);
  const { clientLoginState, startLoginRequest } = client.startLogin({ password });
  const loginResponse = await exchange(startLoginRequest);
  const result = client.finishLogin({
    clientLoginState,
    loginResponse,
    password,
    identifiers,
    keyStretching: OPAQUE_STRETCHING,
  });
  if (!result) throw new RefusedError('login-refused', `"${address}" and this password do not fit`);
  return { finish: result.finishLoginRequest, exportKey: result.exportKey };
}

export interface Registration {
  /** What the server keeps; the password does not follow from it. */
  readonly record: string;
  readonly exportKey: string;
}

/** Makes the record of a new password: for `user add` and for a change of password. */
export async function registerPassword(address: string, password: string, exchange: Exchange): Promise<Registration> {
  await ready;
  const identifiers = opaqueIdentifiers(address);
  const { clientRegistrationState, registrationRequest } = client.startRegistration({ password });
  const registrationResponse = await exchange(registrationRequest);
  const result = client.finishRegistration({
    clientRegistrationState,
    registrationResponse,
    password,
    identifiers,
    keyStretching: OPAQUE_STRETCHING,
  });
  return { record: result.registrationRecord, exportKey: result.exportKey };
}
