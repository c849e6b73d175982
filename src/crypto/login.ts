// The client's side of login by password: OPAQUE (RFC 9807), so that no server ever sees a password or something that
// can be guessed offline without the server's own key. Registration and login must use the same key stretching and the
// same identifiers, to the byte, or no password fits.
import { client, ready } from '@serenity-kit/opaque';
import { RefusedError } from '../realm/errors.ts';
import type { UserId } from '../realm/ids.ts';
import type { RealmName } from '../realm/names.ts';

/** Argon2id with 64 MiB, 3 passes, 4 lanes: about half a second on the client, nothing on the server. */
export const OPAQUE_STRETCHING = { 'argon2id-custom': { memory: 65_536, iterations: 3, parallelism: 4 } } as const;

/** The server's answer to the first message, and whose record it is about: the user's id never changes, a name may. */
export interface OpaqueAnswer {
  readonly response: string;
  readonly userId: UserId;
  /** The user's home, when that is not the realm that was asked. */
  readonly realm?: RealmName | undefined;
}

/** Carries the first message to the server and brings back its answer. */
type Exchange = (request: string) => Promise<OpaqueAnswer>;

/** What a login yields besides the session: the key that the server never learns, for the vault. */
export interface LoginProof {
  /** For the server. */
  readonly finish: string;
  /** 64 bytes, base64url: follows from the password, the same at each login. */
  readonly exportKey: string;
}

/**
 * Runs a login up to the message that proves it.
 * @throws RefusedError `wrong-password`, also when nobody has that login: the two look alike
 */
export async function proveLogin(password: string, realm: RealmName, exchange: Exchange): Promise<LoginProof> {
  await ready;
  const { clientLoginState, startLoginRequest } = client.startLogin({ password });
  const { response: loginResponse, userId, realm: home = realm } = await exchange(startLoginRequest);
  const result = client.finishLogin({
    clientLoginState,
    loginResponse,
    password,
    identifiers: { client: userId, server: home },
    keyStretching: OPAQUE_STRETCHING,
  });
  if (!result) throw new RefusedError('wrong-password', 'the username or the password is wrong');
  return { finish: result.finishLoginRequest, exportKey: result.exportKey };
}

export interface Registration {
  /** What the server keeps; the password does not follow from it. */
  readonly record: string;
  readonly exportKey: string;
}

/** Makes the record of a new password: for `user add` and for a change of password. */
export async function registerPassword(password: string, realm: RealmName, exchange: Exchange): Promise<Registration> {
  await ready;
  const { clientRegistrationState, registrationRequest } = client.startRegistration({ password });
  const { response: registrationResponse, userId } = await exchange(registrationRequest);
  const result = client.finishRegistration({
    clientRegistrationState,
    registrationResponse,
    password,
    identifiers: { client: userId, server: realm },
    keyStretching: OPAQUE_STRETCHING,
  });
  return { record: result.registrationRecord, exportKey: result.exportKey };
}
