// Coming into a group that exists: by a welcome of whoever added this device, or from outside, by what the group shows
// (RFC 9420, section 12.4.3.2); the latter also brings a device back that has lost its state.
import {
  type ClientState,
  emptyPskIndex,
  encodeMlsMessage,
  joinGroup,
  joinGroupExternal,
  type RatchetTree,
} from 'ts-mls';
import { equals } from 'uint8arrays/equals';
import { CanopyError, PeerError } from '../../realm/errors.ts';
import type { ConversationId, UserId } from '../../realm/ids.ts';
import { isOfIdentity } from '../device-certificate.ts';
import { roleOf } from '../roster.ts';
import { assertGood } from './commit-checks.ts';
import { epochNumber, groupOf } from './commit-reader.ts';
import { type MadeCommit, showGroup } from './committing.ts';
import { readContext } from './group-context.ts';
import { decodeShown, type ShownGroup } from './group-info.ts';
import { newKeyPackage, readPrivatePart } from './key-package.ts';
import { assertOneLeafEach, leafOf, leavesOf } from './leaves.ts';
import { clientConfig, type GroupParts } from './parts.ts';
import { encodeBasis } from './roster-way.ts';
import { withoutUnused } from './state.ts';
import { MAX_DEVICES, SUITE } from './suite.ts';
import { asMlsWelcome, readWelcome } from './welcome.ts';

export interface Welcomed {
  /** The conversation that the group must be for. */
  readonly conversation: ConversationId;
  readonly welcome: Uint8Array;
  /** Of the epoch that the welcome names. */
  readonly groupInfo: Uint8Array;
  /** The private part of the key package that the welcome names. */
  readonly keyPackage: Uint8Array;
  /** Whose word counts for what the group is; without it that of any member. */
  readonly shownBy?: readonly UserId[] | undefined;
}

/** What a device comes in by from outside. */
export type Outside = Pick<Welcomed, 'conversation' | 'groupInfo' | 'shownBy'>;

/**
 * @throws PeerError `welcome-other-key-package`, `welcome-invalid`, `welcome-other-group`, `conversation-changed`, `not-on-roster`,
 *   `too-many-devices`, `device-twice`, `group-info-of-unknown`, those of `assertGood` for whoever made the welcome, and those of the decoders
 */
export async function joinByWelcome(given: Welcomed, parts: GroupParts): Promise<ClientState> {
  const welcome = readWelcome(given.welcome);
  const own = readPrivatePart(given.keyPackage, parts.me);
  if (!equals(own.reference, welcome.reference)) {
    throw new PeerError('welcome-other-key-package', 'this welcome was made for another key package');
  }
  const shown = decodeShown(given.groupInfo);
  assertSize(shown.tree);
  const { publicPackage, privatePackage } = own;
  const mls = asMlsWelcome(welcome, shown.welcomed);
  const state = await joined(() =>
    joinGroup(mls, publicPackage, privatePackage, emptyPskIndex, SUITE, shown.tree, undefined, clientConfig(parts)),
  );
  if (
    groupOf(state.groupContext.groupId) !== welcome.group ||
    epochNumber(state.groupContext.epoch) !== welcome.epoch
  ) {
    throw new PeerError('welcome-other-group', 'the welcome leads to another group than it says');
  }
  await checkJoined(state, parts, { ...given, shown });
  return withoutUnused(state);
}

/**
 * The commit is sent to home as any other; its author is in the group when home accepts it.
 * @throws PeerError `group-info-invalid`, and as `joinByWelcome`
 */
export async function joinFromOutside(given: Outside, parts: GroupParts): Promise<MadeCommit> {
  const shown = decodeShown(given.groupInfo);
  assertSize(shown.tree);
  const { publicPackage, privatePackage } = await newKeyPackage(parts.me, parts.clock.now());
  const resync = leafOf(leavesOf(shown.tree, parts.certificates), parts.me.certificate) !== undefined;
  const { newState, publicMessage } = await joined(() =>
    joinGroupExternal(
      shown.info,
      publicPackage,
      privatePackage,
      resync,
      SUITE,
      shown.tree,
      clientConfig(parts),
      encodeBasis(shown.info.groupContext),
    ),
  );
  await checkJoined(newState, parts, { ...given, shown });
  const state = withoutUnused(newState);
  return {
    commit: encodeMlsMessage({ version: 'mls10', wireformat: 'mls_public_message', publicMessage }),
    groupInfo: await showGroup(state),
    welcomes: [],
    state,
    consumed: [],
  };
}

function assertSize(tree: RatchetTree): void {
  const leaves = tree.filter((node) => node?.nodeType === 'leaf').length;
  if (leaves > MAX_DEVICES) throw new PeerError('too-many-devices', `${leaves} devices; at most ${MAX_DEVICES}`);
}

/** Devices that are not good are let stand: they are removed by the next commit (`MlsGroup.doubtful`). */
async function checkJoined(
  state: ClientState,
  parts: GroupParts,
  { conversation, shown, shownBy }: Pick<Outside, 'conversation' | 'shownBy'> & { readonly shown: ShownGroup },
): Promise<void> {
  const context = readContext(state.groupContext.extensions);
  if (context.conversation !== conversation) {
    throw new PeerError('conversation-changed', `a group of ${context.conversation}, offered for ${conversation}`);
  }
  const leaves = leavesOf(state.ratchetTree, parts.certificates);
  assertOneLeafEach(leaves.values());
  if (roleOf(context.roster, parts.me.certificate.user) === undefined) {
    throw new PeerError('not-on-roster', 'whoever asks this device in did not put its user on the roster');
  }
  // Of the tree that was shown: a device that comes back may have made it itself, before it lost its state.
  const signer = leavesOf(shown.tree, parts.certificates).get(shown.info.signer);
  if (!signer) throw new PeerError('group-info-invalid', 'a group info that nobody in the group made');
  if (roleOf(context.roster, signer.user) === undefined) {
    throw new PeerError('not-on-roster', 'it was made by a stranger');
  }
  if (shownBy && !shownBy.includes(signer.user)) {
    throw new PeerError('group-info-of-unknown', `what the group shows is the word of ${signer.user} alone`);
  }
  const { user, identityKey } = parts.me.certificate;
  // Of the own devices one may have ended since; but it must have been one of them, and not anybody's who writes this user's id.
  if (isOfIdentity(signer, user, identityKey)) return;
  // Before somebody began anew their own word was that of a former identity. Who is in a conversation of two its id says, and whoever in the
  // group is not good leaves it before anything is sealed: there the word of anybody who writes this user's id does no harm.
  if (signer.user === user && context.roster.kind === 'direct') return;
  await assertGood(signer, { ...parts, at: parts.clock.now() });
}

async function joined<T>(join: () => Promise<T>): Promise<T> {
  try {
    return await join();
  } catch (cause) {
    if (cause instanceof CanopyError) throw cause;
    throw new PeerError('group-info-invalid', 'neither the welcome nor what the group shows leads into it', { cause });
  }
}
