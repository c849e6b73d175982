// What a revocation would stop, told before it is made. What is cut is decided by certificates alone: a revoked authority takes
// along its realm and all below, a revoked leaf its one program. So the same rule that makes the list makes the cut: a realm goes
// when the newest chain that is known of it holds a certificate of the list. One that has moved to an authority's new key before the
// old one is revoked stays, and of its programs those go whose own certificates have not moved.
import type { PathReport } from '../../src/overlay/seam.ts';
import type { IssuedSerial } from '../../src/pki/revocations.ts';
import { isWithin, type RealmName, type Role } from '../../src/realm/names.ts';
import type { IssuedCertificate } from '../authority/issued-store.ts';

export interface BlastRadius {
  /** To be revoked. */
  readonly certificates: readonly IssuedCertificate[];
  /** Realms that nobody outside of them admits any more, those below included. */
  readonly realms: readonly RealmName[];
  /** Programs that are cut, one for each role and realm. */
  readonly programs: readonly { readonly realm: RealmName; readonly role: Role }[];
  /** Users of these realms that this node knows of. */
  readonly users: number;
  /** Realms to which the own relay has a way at this moment and will have none. */
  readonly connections: readonly RealmName[];
}

export interface KnownRealm {
  readonly realm: RealmName;
  readonly authority: readonly IssuedSerial[];
  readonly node?: readonly IssuedSerial[] | undefined;
}

export interface Surroundings {
  readonly own: RealmName;
  /** Certified realms that are known here, with the chain of their newest authority, and of their node where that is known. */
  readonly known: readonly KnownRealm[];
  /** What the own authority has issued and not revoked. */
  readonly issued: readonly IssuedCertificate[];
  readonly users: readonly { readonly realm: RealmName }[];
  readonly paths: readonly PathReport[];
}

const BOTH: readonly Role[] = ['node', 'relay'];

export function blastRadius(certificates: readonly IssuedCertificate[], around: Surroundings): BlastRadius {
  const gone = new Set(certificates.map(nameOf));
  const falls = (chain: readonly IssuedSerial[] = []): boolean => chain.some((one) => gone.has(nameOf(one)));
  const heads = certificates.filter(({ kind }) => kind === 'authority').map(({ realm }) => realm);
  const unknown = heads.filter((head) => !around.known.some(({ realm }) => realm === head));
  const below = around.known.filter(({ realm, authority }) => falls(authority) || isUnder(realm, unknown));
  const realms = unique([...unknown, ...below.map(({ realm }) => realm)]);
  const stayed = around.known.filter(({ realm, node }) => !realms.includes(realm) && falls(node));
  const leaves = certificates.flatMap((one) =>
    one.kind === 'authority' || realms.includes(one.realm) || hasLater(one, around.issued, gone)
      ? []
      : [{ realm: one.realm, role: one.kind }],
  );
  const lone = distinct([...leaves, ...stayed.map(({ realm }) => ({ realm, role: 'node' }) as const)]);
  const programs = [...realms.flatMap((realm) => BOTH.map((role) => ({ realm, role }))), ...lone];
  const cut = new Set(programs.map(({ realm }) => realm));
  const isCut = ({ realm }: { readonly realm: RealmName }): boolean => cut.has(realm);
  const connections = around.paths.filter((path) => path.kind !== 'unreachable' && isCut(path));
  return {
    certificates,
    realms,
    programs,
    users: around.users.filter(isCut).length,
    connections: unique(connections.map(({ realm }) => realm)),
  };
}

/** Serial numbers are random; of two authorities with one name each has its own. */
function nameOf({ serial, issuer }: { readonly serial: string; readonly issuer?: string }): string {
  return `${serial} ${issuer ?? ''}`;
}

/** A program shows the newest certificate of its key. */
function hasLater(one: IssuedCertificate, issued: readonly IssuedCertificate[], gone: ReadonlySet<string>): boolean {
  const isLater = (other: IssuedCertificate): boolean =>
    other.key === one.key && other.serial !== one.serial && other.notBefore >= one.notBefore;
  return one.key !== undefined && issued.some((other) => isLater(other) && !gone.has(nameOf(other)));
}

function isUnder(realm: RealmName, heads: readonly RealmName[]): boolean {
  return heads.some((head) => isWithin(realm, head));
}

function unique(realms: readonly RealmName[]): RealmName[] {
  return [...new Set(realms)].sort();
}

function distinct<T extends { readonly realm: RealmName; readonly role: Role }>(programs: readonly T[]): T[] {
  return [...new Map(programs.map((program) => [`${program.role} ${program.realm}`, program])).values()];
}
