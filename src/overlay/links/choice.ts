// Which of several relays of one realm the next stream takes: the better kind of path first, then the shorter round trip. One
// that is in use gives way only to one that is clearly shorter, or two of like length would take turns.
import type { PathKind } from '../../realm/path-kinds.ts';

export interface Candidate {
  readonly peerId: string;
  readonly path: PathKind | 'unreachable';
  /** Milliseconds; undefined before the first answer. */
  readonly rtt: number | undefined;
  /** It has not answered when it should have: taken only where no other is left. */
  readonly isSilent: boolean;
}

/** Shorter by a fifth and by this many milliseconds is clearly shorter. */
const SHORTER = { share: 0.8, by: 3 };
const RANKING: readonly Candidate['path'][] = ['local', 'direct-tcp', 'direct-webrtc', 'relayed', 'unreachable'];

export function rankOf({ path, isSilent }: Pick<Candidate, 'path' | 'isSilent'>): number {
  return RANKING.indexOf(path) + (isSilent ? RANKING.length : 0);
}

/** The best first. @param inUse the peer id of the one that was first until now */
export function orderRelays<T extends Candidate>(candidates: readonly T[], inUse?: string): T[] {
  const ordered = candidates.toSorted(compare);
  const [first] = ordered;
  const kept = ordered.find(({ peerId }) => peerId === inUse);
  if (!first || !kept || kept === first || rankOf(kept) !== rankOf(first) || isClearlyShorter(first, kept))
    return ordered;
  return [kept, ...ordered.filter((one) => one !== kept)];
}

function compare(a: Candidate, b: Candidate): number {
  const ranks = rankOf(a) - rankOf(b);
  if (ranks !== 0) return ranks;
  const [one, other] = [a.rtt ?? Number.MAX_VALUE, b.rtt ?? Number.MAX_VALUE];
  if (one !== other) return one - other;
  return a.peerId < b.peerId ? -1 : 1;
}

function isClearlyShorter({ rtt: one }: Candidate, { rtt: other }: Candidate): boolean {
  if (one === undefined) return false;
  return other === undefined || (one <= other * SHORTER.share && one <= other - SHORTER.by);
}
