// What a revocation would stop, told before it is made. What is cut is decided by certificates alone: a revoked authority takes
// along its realm and all below, a revoked leaf its one program. So the same rule that makes the list makes the cut.
import type { PathReport } from '../../src/overlay/seam.ts';
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

export interface Surroundings {
  readonly own: RealmName;
  /** Certified realms that are known here. */
  readonly known: readonly RealmName[];
  readonly users: readonly { readonly realm: RealmName }[];
  readonly paths: readonly PathReport[];
}

const BOTH: readonly Role[] = ['node', 'relay'];

export function blastRadius(certificates: readonly IssuedCertificate[], around: Surroundings): BlastRadius {
  const heads = certificates.filter(({ kind }) => kind === 'authority').map(({ realm }) => realm);
  const realms = unique([...heads, ...around.known.filter((one) => heads.some((head) => isWithin(one, head)))]);
  const leaves = certificates.flatMap(({ kind, realm }) =>
    kind === 'authority' || realms.includes(realm) ? [] : [{ realm, role: kind }],
  );
  const programs = [...realms.flatMap((realm) => BOTH.map((role) => ({ realm, role }))), ...distinct(leaves)];
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

function unique(realms: readonly RealmName[]): RealmName[] {
  return [...new Set(realms)].sort();
}

function distinct<T extends { readonly realm: RealmName; readonly role: Role }>(programs: readonly T[]): T[] {
  return [...new Map(programs.map((program) => [`${program.role} ${program.realm}`, program])).values()];
}
