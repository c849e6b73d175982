// What a commit makes of a group, seen without its secrets: by it a member who can't open what was sealed for it (a path that was sealed badly
// for this one device) sees whether what the group shows now is what the commits since made of it, before it comes back from outside.
import { equals } from 'uint8arrays/equals';
import type { DeviceCertificate } from '../device-certificate.ts';
import { encodeRoster, type Roster } from '../roster.ts';
import { checkCommit } from './commit-checks.ts';
import { readCommit } from './commit-reader.ts';
import { type ConversationContext, readContext } from './group-context.ts';
import type { GroupParts } from './parts.ts';

interface Leaf {
  readonly certificate: DeviceCertificate;
  readonly key: Uint8Array;
}

export interface PublicView {
  readonly context: ConversationContext;
  readonly leaves: ReadonlyMap<number, Leaf>;
}

/** @param at when home accepted it @throws PeerError of readCommit() and checkCommit() */
export async function followPublicly(
  view: PublicView,
  bytes: Uint8Array,
  at: number,
  parts: GroupParts,
): Promise<PublicView> {
  const commit = readCommit(bytes);
  const known = new Map([...view.leaves].map(([leaf, { certificate }]) => [leaf, certificate] as const));
  const leafKeys = [...view.leaves.values()].map(({ key }) => key);
  await checkCommit({ context: view.context, leaves: known, leafKeys }, commit, { ...parts, at });
  const leaves = new Map(view.leaves);
  for (const leaf of commit.removed) leaves.delete(leaf);
  const read = (node: NonNullable<typeof commit.leaf>): Leaf => {
    return { certificate: parts.certificates.ofLeaf(node), key: node.hpkePublicKey };
  };
  for (const { leafNode } of commit.added) leaves.set(firstFree(leaves), read(leafNode));
  if (commit.leaf) leaves.set(commit.committer ?? firstFree(leaves), read(commit.leaf));
  return { context: commit.extensions ? readContext(commit.extensions) : view.context, leaves };
}

/** That a commit puts in the place of the one before. @throws PeerError of readCommit() and readContext() */
export function rosterIn(commit: Uint8Array): Roster | undefined {
  const { extensions } = readCommit(commit);
  return extensions && readContext(extensions).roster;
}

/** RFC 9420, section 7.7: the leftmost leaf that is blank. */
function firstFree(leaves: ReadonlyMap<number, unknown>): number {
  let leaf = 0;
  while (leaves.has(leaf)) leaf++;
  return leaf;
}

/** Whether somebody who came in there is among the very same devices, under the same roster. */
export function isSameGroup(
  view: PublicView,
  context: ConversationContext,
  devices: readonly DeviceCertificate[],
): boolean {
  const ours = [...view.leaves.values()].map(({ certificate }) => String(certificate.bytes)).sort();
  const theirs = devices.map(({ bytes }) => String(bytes)).sort();
  return (
    view.context.conversation === context.conversation &&
    equals(encodeRoster(view.context.roster), encodeRoster(context.roster)) &&
    ours.length === theirs.length &&
    ours.every((one, at) => one === theirs[at])
  );
}
