// Key packages of those who are to come into a group, as their homes hand them out. One that does not fit is left out: neither a
// server nor a device that was forgotten in a drawer keeps the others from being written to. Whoever is left out joins from outside.
import { toString } from 'uint8arrays/to-string';
import { assertFits } from '../../crypto/mls/commit-checks.ts';
import { decodeKeyPackage } from '../../crypto/mls/key-package.ts';
import type { GroupParts } from '../../crypto/mls/parts.ts';
import { CanopyError, UnreachableError } from '../../realm/errors.ts';
import type { UserId } from '../../realm/ids.ts';
import type { PackageServer } from './key-packages.ts';

/** One of each of their devices but this one. @throws UnreachableError when a server can't be asked */
export async function claimPackages(
  users: readonly UserId[],
  server: Pick<PackageServer, 'claim'>,
  parts: GroupParts,
): Promise<readonly Uint8Array[]> {
  const claimed = await Promise.all(
    users.map(async (user) => (await server.claim(user)).map(({ bytes }) => ({ user, bytes }))),
  );
  const fitting = new Map<string, Uint8Array>();
  const keys = new Set<string>();
  for (const { user, bytes } of claimed.flat()) {
    const found = await fit(user, bytes, parts);
    if (!found || fitting.has(found.name) || found.keys.some((key) => keys.has(key))) continue;
    for (const key of found.keys) keys.add(key);
    fitting.set(found.name, bytes);
  }
  return [...fitting.values()];
}

async function fit(user: UserId, bytes: Uint8Array, parts: GroupParts) {
  try {
    const { leafNode, initKey } = decodeKeyPackage(bytes);
    const certificate = await assertFits(leafNode, { ...parts, at: parts.clock.now() });
    const isWanted = certificate.user === user && certificate.device !== parts.me.certificate.device;
    const keys = [leafNode.hpkePublicKey, initKey].map((key) => toString(key, 'hex'));
    return isWanted ? { name: `${user}/${certificate.device}`, keys } : undefined;
  } catch (error) {
    if (!(error instanceof CanopyError) || error instanceof UnreachableError) throw error;
    return undefined;
  }
}
