// What another key of the own authority means, told before it is made.
import type { CertificateRow } from '../../node/admin/cert-api.ts';
import { ConflictError } from '../../src/realm/errors.ts';
import { asTime } from '../times.ts';

export interface ReplacementPlan {
  readonly present: CertificateRow;
  /** Realms right below: they move. */
  readonly below: readonly CertificateRow[];
  readonly moveNow: boolean;
  /** The key was replaced before, and what is below it is only to move at once. */
  readonly isHurry: boolean;
}

/** @throws ConflictError `authority-overlap` while one is replaced already, unless it is to be hurried */
export function replacementPlan(rows: readonly CertificateRow[], moveNow: boolean): ReplacementPlan {
  const authorities = rows.filter(({ kind }) => kind === 'authority');
  const own = ownRealm(rows);
  const present = authorities.find(({ realm, state }) => realm === own && state !== 'replaced');
  const old = authorities.find(({ realm, state }) => realm === own && state === 'replaced');
  if (!present || (old && !moveNow)) {
    throw new ConflictError(
      'authority-overlap',
      `the authority of ${own} was replaced and the old key is not retired`,
      {
        hint: 'Of an authority there are two at most. Run: canopy cert retire --dry-run, or add --move-now to hurry.',
      },
    );
  }
  return {
    present,
    below: authorities.filter(({ realm, issuer }) => issuer === own && realm !== own),
    moveNow,
    isHurry: old !== undefined,
  };
}

/** The rows begin with the own chain, from the root down to the own authority; leaves are all of the own realm. */
function ownRealm(rows: readonly CertificateRow[]): string | undefined {
  return rows.find(({ kind }) => kind === 'node' || kind === 'relay')?.realm;
}

export function planJson({ present, below, moveNow, isHurry }: ReplacementPlan): object {
  const { realm, serial, notAfter } = present;
  const replaced = isHurry ? {} : { replaces: serial, until: asTime(notAfter) };
  return { realm, ...replaced, moves: below.map((one) => one.realm), moveNow };
}

export function planLines({ present, below, moveNow, isHurry }: ReplacementPlan): string[] {
  const { realm, serial, notAfter } = present;
  const moves = below.map((one) => one.realm).join(', ') || 'nothing';
  const replaces = isHurry
    ? `the key of the authority of ${realm} was replaced before; it is not replaced again`
    : `replaces: the key of the authority of ${realm} (${serial}), which stays good until ${asTime(notAfter)} or canopy cert retire`;
  return [replaces, `moves by itself, ${moveNow ? 'at once' : 'in its ordinary renewal'}: ${moves}`];
}
