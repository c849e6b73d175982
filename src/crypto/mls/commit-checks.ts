// What a commit has to pass beside its cryptography: members look at what it would make of the group before they follow it. The
// same looks are taken at one's own commits before they are sent, so that nobody makes what others refuse.
import type { Extension, KeyPackage, LeafNode } from 'ts-mls';
import { equals } from 'uint8arrays/equals';
import { PeerError } from '../../realm/errors.ts';
import { CLOCK_LEEWAY } from '../../realm/steady-clock.ts';
import type { DeviceCertificate } from '../device-certificate.ts';
import { type Roster, roleOf } from '../roster.ts';
import { type ConversationContext, readContext } from './group-context.ts';
import { assertOneLeafEach, type Leaves, ownersGone, stragglers } from './leaves.ts';
import type { GroupParts } from './parts.ts';
import { assertMayChange, isLeaving } from './rights.ts';
import { sameDevice } from './same-device.ts';
import { MAX_DEVICES } from './suite.ts';

/** What a commit says, whoever made it. */
export interface Proposal {
  /** The leaf of the member that makes it; undefined for a device that joins from outside. */
  readonly committer: number | undefined;
  readonly added: readonly KeyPackage[];
  readonly removed: readonly number[];
  readonly extensions: readonly Extension[] | undefined;
  /** The committer's leaf from now on, when it changes. */
  readonly leaf: LeafNode | undefined;
}

export interface GroupBefore {
  readonly context: ConversationContext;
  readonly leaves: Leaves;
  /** Public keys of all leaves. */
  readonly leafKeys: readonly Uint8Array[];
}

export type Looking = Pick<GroupParts, 'checks' | 'certificates'> & { readonly at: number };

/**
 * @param looking.at milliseconds since 1970: when home accepted it
 * @throws PeerError `committer-unknown`, `committer-not-member`, `committer-changed`, `leaf-unsuitable`, `leaf-key-reused`,
 *   `device-unknown`, `device-identity`, `device-removed`, `device-expired`, `device-twice`, `device-not-of-member`,
 *   `key-package-expired`, `too-many-devices`, `removal-unfounded`, `resync-of-another`, `not-allowed`, `roster-unsuitable`,
 *   `home-unfounded`, `conversation-changed`, `context-unsuitable`
 */
export async function checkCommit(before: GroupBefore, commit: Proposal, looking: Looking): Promise<void> {
  const actor = committerOf(before, commit, looking);
  if (roleOf(before.context.roster, actor.user) === undefined) {
    throw new PeerError('committer-not-member', `${actor.user} is not on the roster`);
  }
  await checkOwnLeaf(before, commit, actor, looking);
  const after = commit.extensions ? readContext(commit.extensions) : before.context;
  await checkContext(before, after, actor, looking);
  await checkRemovals(before, commit, actor, { after: after.roster, looking });
  const added = await checkAdded(before, commit, looking);
  checkLeavesAfter(before, commit, actor, { after: after.roster, added });
}

export function committerOf(before: GroupBefore, commit: Proposal, looking: Looking): DeviceCertificate {
  if (commit.committer !== undefined) {
    const known = before.leaves.get(commit.committer);
    if (!known) throw new PeerError('committer-unknown', `the group has no leaf ${commit.committer}`);
    return known;
  }
  if (!commit.leaf) throw new PeerError('committer-unknown', 'a commit from outside without a leaf');
  return looking.certificates.ofLeaf(commit.leaf);
}

/** The committer's leaf keeps user, device and identity; a newer certificate of the same is fine. */
export async function checkOwnLeaf(
  before: GroupBefore,
  commit: Proposal,
  actor: DeviceCertificate,
  looking: Looking,
): Promise<void> {
  if (!commit.leaf) return;
  assertFreshKey(before, commit.leaf);
  const next = looking.certificates.ofLeaf(commit.leaf);
  const kept =
    sameDevice(next, actor) && equals(next.identityKey, actor.identityKey) && next.sequence >= actor.sequence;
  if (!kept) throw new PeerError('committer-changed', `the leaf of ${actor.device} became that of ${next.device}`);
  if (commit.committer === undefined || !equals(next.bytes, actor.bytes)) await assertGood(next, looking);
}

function assertFreshKey({ leafKeys }: GroupBefore, leaf: Pick<LeafNode, 'hpkePublicKey'>): void {
  if (leafKeys.some((key) => equals(key, leaf.hpkePublicKey))) {
    throw new PeerError('leaf-key-reused', 'a new leaf with the key of one that is in the group');
  }
}

/** @throws PeerError `device-unknown`, `device-identity`, `device-removed`, `device-expired` */
export async function assertGood(certificate: DeviceCertificate, { checks, at }: Looking): Promise<void> {
  const verdict = await checks.device(certificate, at);
  // It came in while it counted, and goes with the next commit that anybody makes: nothing is sealed before that (doubtful devices).
  if (verdict !== 'good' && verdict !== 'removed-since') {
    throw new PeerError(`device-${verdict}`, `the device ${certificate.device} of ${certificate.user} is ${verdict}`);
  }
}

async function checkContext(
  { context, leaves }: GroupBefore,
  after: ConversationContext,
  { user }: DeviceCertificate,
  { checks }: Looking,
): Promise<void> {
  if (after === context) return;
  if (after.conversation !== context.conversation) {
    throw new PeerError('conversation-changed', 'a group stays with its conversation');
  }
  assertMayChange(context.roster, after.roster, { user, ownersGone: ownersGone(leaves, context.roster) });
  const { home, term } = after.roster;
  if (home === context.roster.home && term === context.roster.term) return;
  const risen = term > context.roster.term;
  if (!risen || !(await checks.move?.({ conversation: after.conversation, home, term }))) {
    throw new PeerError('home-unfounded', `nobody declared ${home} the home from term ${term} on`);
  }
}

/** Devices go with their user, by their user, or when they are no longer good. */
async function checkRemovals(
  before: GroupBefore,
  commit: Proposal,
  actor: DeviceCertificate,
  { after, looking }: { after: Roster; looking: Looking },
): Promise<void> {
  if (new Set(commit.removed).size !== commit.removed.length) throw new PeerError('removal-unfounded', 'a leaf twice');
  for (const leaf of commit.removed) {
    const certificate = before.leaves.get(leaf);
    if (!certificate || leaf === commit.committer)
      throw new PeerError('removal-unfounded', `no leaf ${leaf} to remove`);
    if (commit.committer === undefined) assertResync(certificate, actor);
    const founded = certificate.user === actor.user || roleOf(after, certificate.user) === undefined;
    if (!founded && isFine(await looking.checks.device(certificate, looking.at))) {
      throw new PeerError('removal-unfounded', `${actor.user} removed the device ${certificate.device} of another`);
    }
  }
}

function isFine(verdict: string): boolean {
  return verdict === 'good' || verdict === 'unknown';
}

function assertResync(certificate: DeviceCertificate, actor: DeviceCertificate): void {
  if (!sameDevice(certificate, actor)) {
    throw new PeerError('resync-of-another', `${actor.device} joined in the place of ${certificate.device}`);
  }
}

export async function checkAdded(
  before: GroupBefore,
  commit: Proposal,
  looking: Looking,
): Promise<DeviceCertificate[]> {
  const added: DeviceCertificate[] = [];
  const keys = new Set<string>();
  for (const { leafNode, initKey } of commit.added) {
    assertFreshKey(before, leafNode);
    keys.add(String(leafNode.hpkePublicKey)).add(String(initKey));
    added.push(await assertFits(leafNode, looking));
  }
  if (keys.size !== commit.added.length * 2) throw new PeerError('leaf-key-reused', 'a key twice in one commit');
  return added;
}

/** Whether a key package may come into any group at that time. @throws PeerError `key-package-expired`, `leaf-unsuitable`, and as `assertGood` */
export async function assertFits(leafNode: KeyPackage['leafNode'], looking: Looking): Promise<DeviceCertificate> {
  const { notBefore, notAfter } = leafNode.lifetime;
  if (looking.at < Number(notBefore) * 1000 - CLOCK_LEEWAY || looking.at > Number(notAfter) * 1000 + CLOCK_LEEWAY) {
    throw new PeerError('key-package-expired', 'a key package outside of its time');
  }
  const certificate = looking.certificates.ofLeaf(leafNode);
  await assertGood(certificate, looking);
  return certificate;
}

export function checkLeavesAfter(
  before: GroupBefore,
  commit: Proposal,
  actor: DeviceCertificate,
  { after, added }: { after: Roster; added: readonly DeviceCertificate[] },
): void {
  const kept = new Map([...before.leaves].filter(([leaf]) => !commit.removed.includes(leaf)));
  const all = [...kept.values(), ...added, ...(commit.committer === undefined ? [actor] : [])];
  if (all.length > MAX_DEVICES)
    throw new PeerError('too-many-devices', `${all.length} devices; at most ${MAX_DEVICES}`);
  assertOneLeafEach(all);
  const strangers = stragglers(new Map(all.entries()), after).map((at) => all[at]);
  const leaving = isLeaving(before.context.roster, after, actor.user);
  // Nobody can remove the own leaf: who leaves is taken out by the next commit, whoever makes it.
  const stays = (one: DeviceCertificate) => leaving && one.user === actor.user && !added.includes(one);
  const wrong = strangers.find((stranger) => stranger && !stays(stranger));
  if (wrong) throw new PeerError('device-not-of-member', `${wrong.user} is not on the roster, but has a device`);
}
