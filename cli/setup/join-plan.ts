// What a join will do, before it does anything: read from the pasted line and from what the directory already holds.
import { checkTokenTime } from '../../src/pki/enrolment.ts';
import { isOwnRelayToken, type JoinToken, parseToken } from '../../src/pki/token.ts';
import { CanopyError, ConflictError, InputError, RefusedError } from '../../src/realm/errors.ts';
import { ROLES, type Role } from '../../src/realm/names.ts';
import { dataDirectory } from '../../src/settings/data-directory.ts';
import { findRealmFile, type RealmFile } from '../../src/settings/realm-file.ts';
import { isPairing, parsePairing } from './pairing.ts';

export interface JoinPlan {
  readonly dir: string;
  readonly token: JoinToken;
  /** As it was pasted, without white space. */
  readonly tokenLine: string;
  /** What this host will run. */
  readonly programs: readonly Role[];
  /** Of a pairing: how the branch's own relay is reached. */
  readonly ownRelays: readonly string[];
  /** What the directory holds already; of the same realm. */
  readonly present: RealmFile | undefined;
}

export interface PlanInit {
  readonly line: string;
  readonly dir: string;
  readonly only?: Role | undefined;
  readonly now: number;
}

/** @throws RefusedError `token-…`; InputError `bad-join`; ConflictError `other-realm-here` */
export async function planJoin(init: PlanInit): Promise<JoinPlan> {
  const { only } = init;
  const line = init.line.replaceAll(/\s/g, '');
  const { token, relays } = readLine(line);
  const paired = isPairing(line);
  if (paired && only !== 'node') {
    throw new InputError('bad-join', 'a pairing line is for the LAN host of a split branch', {
      hint: 'Add --only node.',
    });
  }
  if (!paired && only === 'node') {
    throw new InputError('bad-join', '--only node takes the pairing line that the DMZ host printed', {
      hint: 'On the DMZ host: canopy join TOKEN --only relay --dir DIR',
    });
  }
  if (isOwnRelayToken(token) && !paired && only !== 'relay') {
    throw new InputError('bad-join', `the token is for a further relay of ${token.realm}`, {
      hint: 'Add --only relay.',
    });
  }
  const present = await findRealmFile(dataDirectory(init.dir));
  if (present && present.realm !== token.realm) throw otherRealm(present, token);
  if (!present && paired && isOwnRelayToken(token)) {
    throw new InputError('bad-join', `the pairing line is of a further relay; the node of ${token.realm} is not here`, {
      hint: "Run it on the node's host, with the data directory of the node: canopy join PAIRING --only node --dir DIR",
    });
  }
  if (!present) checkTokenTime(token, init.now);
  return {
    dir: dataDirectory(init.dir).path,
    token,
    tokenLine: line,
    programs: only ? [only] : ROLES,
    ownRelays: relays,
    present,
  };
}

/** A line that is no token is a wrong token: not authorised rather than wrong usage. */
function readLine(line: string): { token: JoinToken; relays: readonly string[] } {
  try {
    return isPairing(line) ? parsePairing(line) : { token: parseToken(line), relays: [] };
  } catch (cause) {
    if (!(cause instanceof CanopyError)) throw cause;
    const hint = cause.hint ?? 'Copy the whole line again, or ask the administrator of the realm above for a new one.';
    throw new RefusedError(cause.code, cause.message, { cause, hint });
  }
}

function otherRealm(present: RealmFile, token: JoinToken): ConflictError {
  return new ConflictError(
    'other-realm-here',
    `the directory holds ${present.realm}, the token is for ${token.realm}`,
    {
      hint: 'Give another --dir.',
    },
  );
}
