// A commit as it comes over the wire, taken apart: an MLS PublicMessage (RFC 9420, section 6.2) of a member or of a device that
// joins from outside. Proposals stand in it by value; those of other kinds than ours are refused.
import {
  type Commit,
  decodeMlsMessage,
  type Extension,
  type KeyPackage,
  type LeafNode,
  type PublicMessage,
} from 'ts-mls';
import { PeerError } from '../../realm/errors.ts';
import { type GroupId, idText, parseGroupId } from '../../realm/ids.ts';
import { MAX_LARGE_BODY } from '../envelope.ts';
import { MAX_ADDED, MAX_DEVICES } from './suite.ts';

export interface ReadCommit {
  readonly message: PublicMessage;
  readonly group: GroupId;
  /** That it is based on. */
  readonly epoch: number;
  /** The leaf of the member that made it; undefined for a device that joins from outside. */
  readonly committer: number | undefined;
  readonly added: readonly KeyPackage[];
  readonly removed: readonly number[];
  /** The context that it puts in the place of the old one. */
  readonly extensions: readonly Extension[] | undefined;
  /** The committer's leaf from now on. */
  readonly leaf: LeafNode | undefined;
}

type Proposed = Pick<ReadCommit, 'added' | 'removed' | 'extensions'> & { readonly externals: number };

/** @throws PeerError `frame-too-long`, `commit-malformed` */
export function readCommit(bytes: Uint8Array): ReadCommit {
  const message = publicMessage(bytes);
  const { content } = message;
  if (content.contentType !== 'commit') malformed(`a ${content.contentType}`);
  const committer = committerOf(message);
  const proposed = proposalsOf(content.commit);
  const external = committer === undefined;
  if (proposed.externals !== (external ? 1 : 0)) malformed('an initial key of a stranger');
  if (external && (proposed.added.length > 0 || proposed.extensions)) malformed('a stranger who changes others');
  if (external && !content.commit.path) malformed('a stranger without a leaf');
  return {
    message,
    group: groupOf(content.groupId),
    epoch: epochNumber(content.epoch),
    committer,
    added: proposed.added,
    removed: proposed.removed,
    extensions: proposed.extensions,
    leaf: content.commit.path?.leafNode,
  };
}

function publicMessage(bytes: Uint8Array): PublicMessage {
  if (bytes.length > MAX_LARGE_BODY) {
    throw new PeerError('frame-too-long', `a commit of ${bytes.length} bytes; at most ${MAX_LARGE_BODY}`);
  }
  const decoded = tryDecode(bytes);
  if (!decoded || decoded[1] !== bytes.length) malformed('something else');
  const [message] = decoded;
  if (message.wireformat !== 'mls_public_message') malformed(`a ${message.wireformat}`);
  return message.publicMessage;
}

function tryDecode(bytes: Uint8Array): ReturnType<typeof decodeMlsMessage> {
  try {
    return decodeMlsMessage(bytes, 0);
  } catch (cause) {
    throw new PeerError('commit-malformed', 'these bytes are no message of MLS', { cause });
  }
}

function committerOf({ content: { sender } }: PublicMessage): number | undefined {
  if (sender.senderType === 'member') return sender.leafIndex;
  return sender.senderType === 'new_member_commit' ? undefined : malformed(`a commit of a ${sender.senderType}`);
}

function proposalsOf({ proposals }: Commit): Proposed {
  const added: KeyPackage[] = [];
  const removed: number[] = [];
  let extensions: readonly Extension[] | undefined;
  let externals = 0;
  for (const item of proposals) {
    if (item.proposalOrRefType !== 'proposal') malformed('a proposal that stands elsewhere');
    const { proposal } = item;
    if (proposal.proposalType === 'add' && 'add' in proposal) added.push(proposal.add.keyPackage);
    else if (proposal.proposalType === 'remove' && 'remove' in proposal) removed.push(proposal.remove.removed);
    else if (proposal.proposalType === 'external_init') externals += 1;
    else if (proposal.proposalType === 'group_context_extensions' && 'groupContextExtensions' in proposal) {
      if (extensions) malformed('two contexts');
      extensions = proposal.groupContextExtensions.extensions;
    } else malformed(`a proposal of type ${proposal.proposalType}`);
  }
  if (added.length > MAX_ADDED || removed.length > MAX_DEVICES) malformed('too many devices');
  return { added, removed, extensions, externals };
}

/** @throws PeerError `commit-malformed` */
export function groupOf(bytes: Uint8Array): GroupId {
  return bytes.length === 16 ? parseGroupId(idText(bytes)) : malformed('the id of no group of ours');
}

/** @throws PeerError `commit-malformed` */
export function epochNumber(epoch: bigint): number {
  return epoch <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(epoch) : malformed('an epoch that nobody reaches');
}

function malformed(what: string): never {
  throw new PeerError('commit-malformed', `not a commit as we make them: ${what}`);
}
