// People as the acted server knows them: two are blocked, of whom one can't be found any more; one has other keys than before.
import { parseUserId, type UserId } from '../../../src/realm/ids.ts';
import type { PageClient } from '../model/page-client.ts';
import { ENGINEER, SCRIPT } from './acted-people.ts';

const DAY = 24 * 3_600_000;
const GONE = parseUserId('00000000-0000-4000-8000-0000000000ff');

function numberOf(seed: number): readonly string[] {
  return Array.from({ length: 12 }, (_, n) => String(10_000 + ((n * 7919 + seed) % 89_999)));
}

export function actedContacts(hasChanged: boolean): PageClient['contacts'] {
  const verified = new Set<UserId>();
  const accepted = new Set<UserId>();
  const isChanged = (user: UserId): boolean => hasChanged && user === ENGINEER.id && !accepted.has(user);
  return {
    blocked: async () => [
      { user: { id: GONE, address: '', name: '', kind: 'person' }, at: Date.now() - 20 * DAY },
      { user: SCRIPT, at: Date.now() - DAY },
    ],
    block: async () => undefined,
    unblock: async () => undefined,
    remove: async () => undefined,
    safetyNumber: async () => numberOf(4321),
    isVerified: (user) => verified.has(user),
    setVerified: async (user, shown) => void (shown ? verified.add(user) : verified.delete(user)),
    accept: async (user) => void accepted.add(user),
    identityOf: async (user) => ({
      user,
      safetyNumber: numberOf(4321),
      verified: verified.has(user),
      changedTo: isChanged(user) ? { identity: new Uint8Array(32), safetyNumber: numberOf(777) } : undefined,
      devices: 2,
    }),
  };
}
