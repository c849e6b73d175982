// Who is in a group by the word of those who were, for a device that has no state of it: each change of the roster was signed by a member of the
// roster before, in a context with that very roster. Nobody can look at such a signature without the hashes that stand in the context beside
// the roster, so each commit says them, in the part that it authenticates and nobody encrypts:
//
//   authenticated data of a commit = [1, hash of the tree, confirmed transcript hash]      of the epoch that it is based on; strict CBOR
//
// They are believed for nothing else: with other hashes the signature does not hold.
import type { GroupContext } from 'ts-mls';
import { verifyFramedContentSignature } from 'ts-mls/framedContent.js';
import { PeerError } from '../../realm/errors.ts';
import { type ConversationId, type GroupId, idBytes } from '../../realm/ids.ts';
import { type DeviceCertificate, isOfIdentity } from '../device-certificate.ts';
import { type Roster, roleOf } from '../roster.ts';
import { decodeStrict, encodeItem, Fields } from '../strict-cbor.ts';
import { assertGood } from './commit-checks.ts';
import { type ReadCommit, readCommit } from './commit-reader.ts';
import { contextExtensions, readContext } from './group-context.ts';
import type { GroupParts } from './parts.ts';
import { mayMake } from './rights.ts';
import { SUITE, SUITE_NAME } from './suite.ts';

const HASH = 32;
const MAX_BASIS = 2 * HASH + 16;

type Basis = Pick<GroupContext, 'treeHash' | 'confirmedTranscriptHash'>;

export interface RosterWay {
  readonly conversation: ConversationId;
  readonly group: GroupId;
  /** Commits on former ones prove nothing any more: with the roster that came back they would hold once again. */
  readonly epoch: number;
  /** By the word of members alone. */
  readonly counts: Roster;
  /** In the context of the group: another one while something that members refused is not taken back. */
  readonly stated: Roster;
}

export function encodeBasis({ treeHash, confirmedTranscriptHash }: Basis): Uint8Array {
  return encodeItem([1, treeHash, confirmedTranscriptHash]);
}

/** @throws PeerError `frame-too-long`, `frame-malformed` */
export function decodeBasis(bytes: Uint8Array): Basis {
  const fields = new Fields(decodeStrict(bytes, MAX_BASIS), 'basis of a commit', 3);
  if (fields.uint() !== 1) fields.fail('version 1');
  // Before the first commit there is no transcript.
  return { treeHash: fields.bytes(HASH, HASH), confirmedTranscriptHash: fields.bytes(HASH) };
}

/**
 * What a commit makes of the roster. Those that leave it as it is need no look: they change nobody's word.
 * @param at milliseconds since 1970: when home accepted it
 * @throws PeerError `way-unproven`, and those of readCommit(), decodeBasis(), readContext() and assertGood()
 */
export async function afterCommit(
  way: RosterWay,
  bytes: Uint8Array,
  at: number,
  parts: GroupParts,
): Promise<RosterWay> {
  const read = readCommit(bytes);
  if (!read.extensions || !read.leaf) return way;
  if (read.group !== way.group || read.epoch < way.epoch) throw unproven('of another group, or of before');
  const author = parts.certificates.ofLeaf(read.leaf);
  await assertSigned(way, read, author);
  const { conversation, roster: stated } = readContext(read.extensions);
  if (conversation !== way.conversation) throw unproven('of another conversation');
  const epoch = read.epoch + 1;
  const isMember = roleOf(way.counts, author.user) !== undefined;
  // Whether owners were left nobody can tell without the tree; whoever may invite may make a member of anybody all the same.
  const actor = { user: author.user, ownersGone: true };
  const isHome = stated.home === way.counts.home && stated.term === way.counts.term;
  const isMove = !isHome && stated.term > way.counts.term && (await parts.checks.move?.({ conversation, ...stated }));
  if (!isMember || !(isHome || isMove) || !mayMake(way.counts, stated, actor)) return { ...way, epoch, stated };
  await assertCounts(author, at, parts);
  return { ...way, epoch, counts: stated, stated };
}

/** Of the own devices one may have ended since. */
async function assertCounts(author: DeviceCertificate, at: number, parts: GroupParts): Promise<void> {
  const { user, identityKey } = parts.me.certificate;
  if (!isOfIdentity(author, user, identityKey)) await assertGood(author, { ...parts, at });
}

async function assertSigned({ conversation, stated }: RosterWay, read: ReadCommit, author: DeviceCertificate) {
  const { content, auth } = read.message;
  const context: GroupContext = {
    version: 'mls10',
    cipherSuite: SUITE_NAME,
    groupId: idBytes(read.group),
    epoch: BigInt(read.epoch),
    ...decodeBasis(content.authenticatedData),
    extensions: contextExtensions({ conversation, roster: stated }),
  };
  const key = author.signatureKey;
  const holds = await verifyFramedContentSignature(key, 'mls_public_message', content, auth, context, SUITE.signature);
  if (!holds) throw unproven('not signed in the group that it would change');
}

function unproven(what: string): PeerError {
  return new PeerError('way-unproven', `a commit that proves nothing: ${what}`);
}
