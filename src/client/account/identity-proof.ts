// Whether the home realm of a person says that an identity is theirs: its authority signed the statement, and those above it certified the
// authority, up to the root that this user's devices hold. A server alone can say nothing of this kind for realms other than its own.
import { equals } from 'uint8arrays/equals';
import { identityStatement, readIdentityStatement } from '../../crypto/identity-statement.ts';
import { verifyP256 } from '../../pki/p256.ts';
import { validatePortable } from '../../pki/portable-path.ts';
import type { KeysAnswer } from '../../protocols/lan/account-routes.ts';
import { CanopyError, PeerError } from '../../realm/errors.ts';
import { mayBeOf, namesHouse } from '../../realm/house-id.ts';
import type { RealmName } from '../../realm/names.ts';
import { fromText } from '../vault/vault-server.ts';

export interface ProvenIdentity {
  readonly key: Uint8Array;
  readonly sequence: number;
  readonly realm: RealmName;
  /** SHA-256 of the certificate that the chain ends in, lower-case hex. Which root it must be is for the caller to say. */
  readonly root: string;
}

/** @throws PeerError `identity-unproven` */
export async function proveIdentity(answer: KeysAnswer): Promise<ProvenIdentity> {
  try {
    return await prove(answer);
  } catch (cause) {
    if (!(cause instanceof CanopyError)) throw cause;
    if (cause.code === 'identity-unproven') throw cause;
    throw unproven(`${answer.user}: ${cause.message}`, cause);
  }
}

async function prove({ user, identity, realm, statement, authority }: KeysAnswer): Promise<ProvenIdentity> {
  if (identity === undefined || realm === undefined || statement === undefined || authority === undefined) {
    throw unproven(`the server brings no word of a realm for the identity of ${user}`);
  }
  const said = readIdentityStatement(fromText(statement));
  if (said.user !== user || !equals(said.key, fromText(identity))) {
    throw unproven(`the statement is of another person or key than ${user}`);
  }
  const { spki, tier, root, ...certified } = await validatePortable(authority.map(fromText), said.time);
  if (certified.realm !== realm) throw unproven(`the authority of ${certified.realm} speaks for ${realm}`);
  if (!(await verifyP256(spki, identityStatement(realm, said), said.signature))) {
    throw unproven(`the authority of ${realm} did not sign whose identity this is`);
  }
  if (namesHouse(user) && !mayBeOf(user, realm, () => tier === 'enterprise')) {
    throw unproven(`${user} is the id of no user of ${realm}`);
  }
  return { key: said.key, sequence: said.sequence, realm, root };
}

export function unproven(why: string, cause?: unknown): PeerError {
  return new PeerError('identity-unproven', why, cause === undefined ? {} : { cause });
}
