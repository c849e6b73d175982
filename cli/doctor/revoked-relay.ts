// What is to be done about a relay whose certificate was revoked: it gets no other one by itself, since whoever has its key would
// get it as well.
import type { RelayStatusAnswer } from '../../relay/api.ts';

export type Revoked = NonNullable<RelayStatusAnswer['revoked']>;

/** In one line. */
export function whatIsRevoked({ realm, by, isOwn }: Revoked): string {
  const whose = isOwn ? "this relay's certificate" : `the certificate of ${realm}`;
  return `${whose} was revoked by ${by}: no other relay and no node admits this one`;
}

/**
 * @param dir the data directory of this host
 * @param isAlone no node runs on this host
 */
export function afterRevocation({ realm, by, isOwn }: Revoked, dir: string, isAlone: boolean): string[] {
  if (!isOwn) return [`Ask the administrators of ${by}: ${realm} has to be invited anew, under new keys.`];
  if (!isAlone) return [`canopy cert renew --new-key relay --dir ${dir}    then restart`];
  return [
    'Is this host clean again? Its old key is not. Then it joins anew, beside the old directory:',
    "1. on the node's host:    canopy invite relay --dir NODE_DIR",
    `2. here:                  canopy join TOKEN --only relay --dir ${dir}.new`,
    `   with "canopy start --only relay --dir ${dir}.new" in place of the old one; copy canopy.toml over if you changed it`,
    "3. on the node's host:    canopy join PAIRING_LINE --only node --dir NODE_DIR    with the line that 2 printed; then restart",
  ];
}
