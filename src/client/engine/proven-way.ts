// Whether a welcome of a former epoch is one of the group that other devices of the user are in: by commits that home accepted it has to
// lead to an epoch whose key they have, and to that very key. Whoever was removed since, and a server with it, could make up a welcome; the
// key of a later epoch nobody can lead to who does not begin where the others did.
import { equals } from 'uint8arrays/equals';
import { MlsGroup } from '../../crypto/mls/mls-group.ts';
import type { GroupParts } from '../../crypto/mls/parts.ts';
import { PeerError, UnreachableError } from '../../realm/errors.ts';
import type { ConversationId } from '../../realm/ids.ts';
import type { DeviceChecks } from './device-checks.ts';
import type { EpochBook } from './epoch-book.ts';
import type { AcceptedCommit, GroupServer } from './group-server.ts';
import { passed } from './passing.ts';

/** Epochs between the state that a device has, or is welcomed to, and one that others have seen; one that was away for longer joins from outside. */
export const MAX_WAY = 128;

export interface ProvingComponents {
  readonly server: Pick<GroupServer, 'commits'>;
  readonly epochs: Pick<EpochBook, 'get'>;
  readonly checks: Pick<DeviceChecks, 'forgetAll'>;
  readonly parts: GroupParts;
}

/**
 * The commits from there to the first epoch that is known; the group stays as it is. Undefined when it does not lead there.
 * @param known an epoch that another device of the user has seen
 * @throws UnreachableError `welcome-early` while the server has not all of them
 */
export async function provenWay(
  conversation: ConversationId,
  from: MlsGroup,
  known: number,
  { server, epochs, checks, parts }: ProvingComponents,
): Promise<readonly AcceptedCommit[] | undefined> {
  const way: AcceptedCommit[] = [];
  let group = MlsGroup.decode(from.encode(), parts);
  for (;;) {
    const { group: id, epoch }: MlsGroup = group;
    const seen = epochs.get({ conversation, group: id, epoch });
    if (seen) return equals(seen.key, await group.contentKey()) ? way : undefined;
    if (epoch >= known || way.length >= MAX_WAY) return undefined;
    const { commits } = await server.commits(conversation, id, epoch);
    const commit = commits.find((one) => one.epoch === epoch);
    if (!commit) throw early();
    const next = await nextOf(group, commit, checks);
    if (!next) return undefined;
    way.push(commit);
    group = next;
  }
}

/**
 * As `provenWay`, to the state that this device has: for a welcome that is slower than the device, which came in from outside and took the
 * place of its own leaf. From there on it can't follow; that the way leads to what it has, the transcript says.
 * @throws UnreachableError `welcome-early` while the server has not all of them
 */
export async function wayToHeld(
  conversation: ConversationId,
  from: MlsGroup,
  held: MlsGroup,
  { server }: Pick<ProvingComponents, 'server'>,
): Promise<readonly AcceptedCommit[] | undefined> {
  if (held.group !== from.group || held.epoch - from.epoch > MAX_WAY) return undefined;
  const way: AcceptedCommit[] = [];
  for (let next = from.epoch; next < held.epoch; next = from.epoch + way.length) {
    const { commits } = await server.commits(conversation, from.group, next);
    const fitting = commits.filter(({ epoch }, at) => epoch === next + at && epoch < held.epoch);
    if (fitting.length === 0) throw early();
    way.push(...fitting);
  }
  const bytes = way.map(({ commit }) => commit);
  return (await tried(() => from.leadsTo(bytes, held))) ? way : undefined;
}

/** Undefined where it leads no further. */
export async function nextOf(group: MlsGroup, commit: AcceptedCommit, checks: ProvingComponents['checks']) {
  return (await tried(() => passed(group, commit, checks)))?.next;
}

/** Undefined for what others made wrong. */
async function tried<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof PeerError)) throw error;
    return undefined;
  }
}

export function early(): UnreachableError {
  return new UnreachableError('welcome-early', 'the commit that this welcome belongs to has not come here yet');
}
