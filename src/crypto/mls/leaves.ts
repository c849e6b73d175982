// The devices of a group, by their leaves.
import type { RatchetTree } from 'ts-mls';
import { PeerError } from '../../realm/errors.ts';
import type { DeviceCertificate } from '../device-certificate.ts';
import { type Roster, roleOf } from '../roster.ts';
import type { CertificateReader } from './certificate-reader.ts';
import { type DeviceName, sameDevice } from './same-device.ts';

/** By the index of the leaf. */
export type Leaves = ReadonlyMap<number, DeviceCertificate>;

/** @throws PeerError `leaf-unsuitable`, and those of `readDeviceCertificate` */
export function leavesOf(tree: RatchetTree, certificates: CertificateReader): Leaves {
  const leaves = new Map<number, DeviceCertificate>();
  for (let at = 0; at < tree.length; at += 2) {
    const node = tree[at];
    if (node?.nodeType === 'leaf') leaves.set(at / 2, certificates.ofLeaf(node.leaf));
  }
  return leaves;
}

export function leafOf(leaves: Leaves, device: DeviceName): number | undefined {
  for (const [leaf, certificate] of leaves) if (sameDevice(certificate, device)) return leaf;
  return undefined;
}

/** Leaves of users who are not on the roster: they have left, and the next commit takes them out. */
export function stragglers(leaves: Leaves, roster: Roster): number[] {
  const members = new Set<string>(roster.members.map(({ user }) => user));
  return [...leaves].filter(([, { user }]) => !members.has(user)).map(([leaf]) => leaf);
}

/** Whether nobody who has a device in the group is an owner. */
export function ownersGone(leaves: Leaves, roster: Roster): boolean {
  return ![...leaves.values()].some(({ user }) => roleOf(roster, user) === 'owner');
}

/** @throws PeerError `device-twice` */
export function assertOneLeafEach(leaves: Iterable<DeviceCertificate>): void {
  const seen = new Set<string>();
  for (const { user, device } of leaves) {
    const name = `${user} ${device}`;
    if (seen.has(name)) throw new PeerError('device-twice', `the device ${device} has two leaves`);
    seen.add(name);
  }
}
