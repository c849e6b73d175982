// What speaks against a renewal that is in order by itself.
import type { Trust } from '../../src/pki/chain.ts';
import { keyName } from '../../src/pki/keys.ts';
import type { CheckedRenewal } from '../../src/pki/renewal.ts';
import { RefusedError } from '../../src/realm/errors.ts';
import type { IssuedCertificate } from './issued-store.ts';

/**
 * Certificates of one kind that one realm may have in force at the same time: up to eight relays, each with an old and a new one,
 * and some more. A realm that renewed without end could fill the revocation list (MAX_REVOKED) and so not be revoked any more.
 */
const MAX_IN_FORCE = 24;

export interface RenewalJudgement {
  readonly now: number;
  readonly isRevoked: NonNullable<Trust['isRevoked']>;
}

/** `renew-too-many`, `renew-replaced`; undefined when nothing does. */
export function objectionTo(
  { subject, spki, held }: CheckedRenewal,
  issued: readonly IssuedCertificate[],
  { now, isRevoked }: RenewalJudgement,
): RefusedError | undefined {
  const same = issued.filter(({ kind, realm }) => kind === subject.kind && realm === subject.realm);
  if (same.filter(({ notAfter }) => notAfter > now).length >= MAX_IN_FORCE) {
    return new RefusedError('renew-too-many', `the ${subject.kind} of ${subject.realm} has certificates enough`, {
      hint: 'It renews by itself when they near their end. Whoever renews so often may have been taken over.',
    });
  }
  // Asking again for the same successor is right: the answer may have been lost. Once the successor is revoked the old key may go on.
  const stands = ({ serial, issuer }: IssuedCertificate): boolean => issuer === undefined || !isRevoked(serial, issuer);
  const successor = same.find((one) => one.replaces === held.key && stands(one));
  if (subject.kind !== 'authority' || !successor || successor.key === keyName(spki)) return undefined;
  return new RefusedError(
    'renew-replaced',
    `the authority of ${subject.realm} was replaced: its old key renews no more`,
    {
      hint: 'If nobody there has replaced it, somebody else has its key: canopy realm revoke.',
    },
  );
}
