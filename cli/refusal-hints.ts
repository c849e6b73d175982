// What to run next after a refusal, by its code. A refusal that says so itself in its hint does not come here.

const REACH = 'Run: canopy reach --dir DIR    to see who reaches whom, and by what right.';
const WAY = 'Run: canopy status --dir DIR    and canopy ping to the realm above, then there to the next.';
const CERTIFICATES = 'Run: canopy cert list --dir DIR    to see which certificates hold, and until when.';
const TOKEN = 'Ask whoever invited you for a new token: canopy invite';
const LATER = 'It is asked for too often, or there is too much of it: wait a little, then try again.';
const USERS = 'Run: canopy user list --dir DIR    to see whom this realm knows.';
const PASSWORD = 'Check the login and the password; an administrator gives a new one: canopy user reset';
const LOCKED = 'An administrator opens the branch again on its own host: canopy unlock --dir DIR';
const AGAIN = 'Log in again.';
const DEFAULT = "Look into the server's log, and run: canopy status --dir DIR";

/** Each with the codes that it is for. */
const HINTS: readonly (readonly [hint: string, codes: readonly string[]])[] = [
  [
    REACH,
    [
      'out-of-scope',
      'scope',
      'out-of-way',
      'no-relation',
      'not-kin',
      'not-below',
      'realm-unknown',
      'destination-foreign',
    ],
  ],
  [REACH, ['destination-forbidden', 'trust-scope', 'may-not-write', 'not-admitted']],
  [WAY, ['no-way', 'wrong-way', 'way-changed', 'wrong-hop', 'loop', 'not-a-relay', 'unexpected-peer']],
  [
    CERTIFICATES,
    ['clock-skew', 'authority-retired', 'may-not-issue', 'renew-replaced', 'renew-not-yours', 'signer-refused'],
  ],
  [TOKEN, ['token-expired', 'token-used', 'token-unknown', 'token-name']],
  [
    LATER,
    ['quota', 'quota-exceeded', 'busy', 'too-often', 'too-many-requests', 'lookup-rate', 'mail-rate', 'group-rate'],
  ],
  [LATER, ['claim-rate', 'photo-rate', 'readers-rate', 'login-busy', 'blob-busy', 'enrol-busy', 'renew-too-many']],
  [USERS, ['user-unknown', 'user-disabled']],
  [PASSWORD, ['wrong-password', 'login-refused', 'account-disabled']],
  [LOCKED, ['branch-locked']],
  [AGAIN, ['session-missing', 'signed-out', 'login-again', 'device-wiped', 'device-removed']],
];

const BY_CODE = new Map(HINTS.flatMap(([hint, codes]) => codes.map((code) => [code, hint] as const)));
const OF_CERTIFICATES = /^(cert|crl|csr)-/;

export function refusalHint(code: string): string {
  return BY_CODE.get(code) ?? (OF_CERTIFICATES.test(code) ? CERTIFICATES : DEFAULT);
}
