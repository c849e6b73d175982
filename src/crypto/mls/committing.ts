// Making a commit: one message for the group, welcomes for those who are added, and what the group shows from then on.
import {
  type ClientState,
  type CreateCommitResult,
  createCommit,
  createGroupInfoWithExternalPub,
  encodeMlsMessage,
  type KeyPackage,
  type Proposal as MlsProposal,
  type Welcome,
} from 'ts-mls';
import { makeKeyPackageRef } from 'ts-mls/keyPackage.js';
import { equals } from 'uint8arrays/equals';
import { toString } from 'uint8arrays/to-string';
import { InputError, LocalError } from '../../realm/errors.ts';
import type { Roster } from '../roster.ts';
import { checkCommit, type GroupBefore } from './commit-checks.ts';
import { epochNumber, groupOf } from './commit-reader.ts';
import { type Contest, checkLifting, isTrusted } from './contest.ts';
import { contextExtensions } from './group-context.ts';
import { encodeShown } from './group-info.ts';
import { decodeKeyPackage } from './key-package.ts';
import { leafOf, ownersGone, stragglers } from './leaves.ts';
import type { GroupParts } from './parts.ts';
import { mayMake } from './rights.ts';
import { encodeBasis } from './roster-way.ts';
import type { DeviceName } from './same-device.ts';
import { beforeOf, withoutUnused } from './state.ts';
import { MAX_ADDED, SUITE } from './suite.ts';
import { encodeWelcome } from './welcome.ts';

export interface GroupChange {
  /** Key packages, as their devices laid them out. */
  readonly add?: readonly Uint8Array[];
  readonly remove?: readonly DeviceName[];
  /** From now on. */
  readonly roster?: Roster;
}

export interface WelcomeFor extends DeviceName {
  readonly body: Uint8Array;
}

export interface MadeCommit {
  readonly commit: Uint8Array;
  readonly groupInfo: Uint8Array;
  readonly welcomes: readonly WelcomeFor[];
  readonly state: ClientState;
  readonly consumed: readonly Uint8Array[];
}

/** @throws InputError `device-not-in-group`, `too-many-devices`; PeerError as `checkCommit` */
export async function makeCommit(
  state: ClientState,
  parts: GroupParts,
  wanted: GroupChange,
  contest?: Contest,
): Promise<MadeCommit> {
  const before = beforeOf(state, parts);
  const at = parts.clock.now();
  const change = contest ? liftingChange(before, wanted, contest, parts) : wanted;
  const added = (change.add ?? []).map(decodeKeyPackage);
  if (added.length > MAX_ADDED) {
    throw new InputError('too-many-devices', `${added.length} devices in one commit; at most ${MAX_ADDED}`);
  }
  const committer = state.privatePath.leafIndex;
  const extensions = change.roster && contextExtensions({ ...before.context, roster: change.roster });
  const removed = await toRemove(before, change, { parts, at, own: committer });
  const commit = { committer, added, removed, extensions, leaf: undefined };
  if (contest) await checkLifting(before, commit, contest, { ...parts, at });
  else await checkCommit(before, commit, { ...parts, at });
  const proposals: MlsProposal[] = [
    ...removed.map((leaf) => ({ proposalType: 'remove' as const, remove: { removed: leaf } })),
    ...added.map((keyPackage) => ({ proposalType: 'add' as const, add: { keyPackage } })),
    ...(extensions
      ? [{ proposalType: 'group_context_extensions' as const, groupContextExtensions: { extensions } }]
      : []),
  ];
  const hasPath = proposals.length === 0 || removed.length > 0 || extensions !== undefined;
  const result = await createCommit(
    { state: hasPath ? withCertificate(state, parts) : state, cipherSuite: SUITE },
    { wireAsPublicMessage: true, extraProposals: proposals, authenticatedData: encodeBasis(state.groupContext) },
  );
  if (hasPath) assertPath(result);
  return finished(result, added, parts);
}

/**
 * Beside what is wanted it takes back what was refused: on top of the last roster that nobody refused, without those who do not count, and
 * without who refused to keep the rules, as far as this device's user may remove them.
 */
function liftingChange(
  { leaves }: GroupBefore,
  wanted: GroupChange,
  contest: Contest,
  { me }: GroupParts,
): GroupChange {
  const asked = wanted.roster ?? contest.roster;
  const without = asked.members.filter(({ user }) => user !== contest.blamed?.user);
  const actor = { user: me.certificate.user, ownersGone: ownersGone(leaves, contest.roster) };
  const mayRemove = asked.kind !== 'direct' && mayMake(contest.roster, { ...asked, members: without }, actor);
  const strangers = [...leaves.values()].filter((one) => !isTrusted(contest, one));
  return {
    ...wanted,
    roster: mayRemove ? { ...asked, members: without } : asked,
    remove: [...(wanted.remove ?? []), ...strangers],
  };
}

/** What was asked for, those who have left, and devices that are no longer good. */
async function toRemove(
  { leaves, context }: GroupBefore,
  change: GroupChange,
  { parts, at, own }: { parts: GroupParts; at: number; own: number },
): Promise<number[]> {
  const removed = new Set(stragglers(leaves, change.roster ?? context.roster));
  for (const device of change.remove ?? []) {
    const leaf = leafOf(leaves, device);
    if (leaf === undefined) throw new InputError('device-not-in-group', `${device.device} is not in the group`);
    removed.add(leaf);
  }
  for (const [leaf, certificate] of leaves) {
    const verdict = leaf === own ? 'good' : await parts.checks.device(certificate, at);
    if (verdict !== 'good' && verdict !== 'unknown') removed.add(leaf);
  }
  removed.delete(own);
  return [...removed];
}

/** A path signs the own leaf anew: a newer certificate of the same key comes with it. */
function withCertificate(state: ClientState, { me }: GroupParts): ClientState {
  const at = state.privatePath.leafIndex * 2;
  const node = state.ratchetTree[at];
  if (node?.nodeType !== 'leaf' || !equals(node.leaf.signaturePublicKey, me.certificate.signatureKey)) return state;
  const leaf = { ...node.leaf, credential: { credentialType: 'basic' as const, identity: me.certificate.bytes } };
  return { ...state, ratchetTree: state.ratchetTree.with(at, { ...node, leaf }) };
}

/** A commit that removes somebody, or changes the roster, without new keys would leave the removed with the means to go on. */
function assertPath({ commit }: CreateCommitResult): void {
  const content = commit.wireformat === 'mls_public_message' ? commit.publicMessage.content : undefined;
  if (content?.contentType !== 'commit' || !content.commit.path) {
    throw new LocalError('library-unpatched', 'the MLS library makes commits without a path: patches/ is not applied');
  }
}

async function finished(
  { newState, commit, welcome, consumed }: CreateCommitResult,
  added: readonly KeyPackage[],
  parts: GroupParts,
): Promise<MadeCommit> {
  const state = withoutUnused(newState);
  return {
    commit: encodeMlsMessage(commit),
    groupInfo: await showGroup(state, welcome?.encryptedGroupInfo),
    welcomes: welcome ? await welcomesOf(state, welcome, { added, parts }) : [],
    state,
    consumed,
  };
}

export async function showGroup(state: ClientState, welcomed: Uint8Array = new Uint8Array()): Promise<Uint8Array> {
  const info = await createGroupInfoWithExternalPub(state, [], SUITE);
  return encodeShown({ info, tree: state.ratchetTree, welcomed });
}

async function welcomesOf(
  { groupContext }: ClientState,
  welcome: Welcome,
  { added, parts }: { added: readonly KeyPackage[]; parts: GroupParts },
): Promise<WelcomeFor[]> {
  const devices = new Map<string, DeviceName>();
  for (const keyPackage of added) {
    const reference = await makeKeyPackageRef(keyPackage, SUITE.hash);
    const { user, device } = parts.certificates.ofLeaf(keyPackage.leafNode);
    devices.set(toString(reference, 'hex'), { user, device });
  }
  const [group, epoch] = [groupOf(groupContext.groupId), epochNumber(groupContext.epoch)];
  return welcome.secrets.flatMap(({ newMember, encryptedGroupSecrets }) => {
    const device = devices.get(toString(newMember, 'hex'));
    const body = encodeWelcome({ group, epoch, reference: newMember, ...encryptedGroupSecrets });
    return device ? [{ ...device, body }] : [];
  });
}
