// A member whose program keeps no rule: it makes commits by the library alone, without our looks.
import {
  acceptAll,
  type ClientState,
  createCommit,
  decodeMlsMessage,
  defaultKeyPackageEqualityConfig,
  emptyPskIndex,
  encodeMlsMessage,
  joinGroupExternal,
  type Proposal,
  processPublicMessage,
  type RatchetTree,
} from 'ts-mls';
import { contextExtensions } from '../../../src/crypto/mls/group-context.ts';
import { decodeShown } from '../../../src/crypto/mls/group-info.ts';
import { newKeyPackage } from '../../../src/crypto/mls/key-package.ts';
import type { MlsGroup } from '../../../src/crypto/mls/mls-group.ts';
import { clientConfig, type OwnDevice } from '../../../src/crypto/mls/parts.ts';
import { decodeState } from '../../../src/crypto/mls/state.ts';
import { SUITE } from '../../../src/crypto/mls/suite.ts';
import type { Roster } from '../../../src/crypto/roster.ts';
import type { People } from './people.ts';

/** Takes every credential, and no device for another. */
function lawless(people: People, me: OwnDevice): ClientState['clientConfig'] {
  return {
    ...clientConfig(people.parts(me)),
    authService: { validateCredential: async () => true },
    keyPackageEqualityConfig: defaultKeyPackageEqualityConfig,
  };
}

export class HostileMember {
  readonly #people: People;
  readonly #me: OwnDevice;
  #state: ClientState;

  constructor(people: People, me: OwnDevice, group: MlsGroup) {
    this.#people = people;
    this.#me = me;
    const state = decodeState(group.encode(), people.parts(me));
    this.#state = { ...state, clientConfig: lawless(people, me) };
  }

  /** @param alter what it makes of its own tree beforehand */
  async commit(proposals: Proposal[], alter: (tree: RatchetTree) => RatchetTree = (tree) => tree): Promise<Uint8Array> {
    const state = { ...this.#state, ratchetTree: alter(this.#state.ratchetTree) };
    const made = await createCommit(
      { state, cipherSuite: SUITE },
      { wireAsPublicMessage: true, extraProposals: proposals },
    );
    return encodeMlsMessage(made.commit);
  }

  async adds(device: OwnDevice): Promise<Proposal> {
    const { publicPackage } = await newKeyPackage(device, this.#people.clock.now());
    return { proposalType: 'add', add: { keyPackage: publicPackage } };
  }

  removes({ certificate }: OwnDevice): Proposal {
    const removed = this.#state.ratchetTree.findIndex(
      (node) => node?.nodeType === 'leaf' && isOf(node.leaf.signaturePublicKey, certificate.signatureKey),
    );
    return { proposalType: 'remove', remove: { removed: removed / 2 } };
  }

  /** A context with that roster, for the same conversation or another. */
  writes(roster: Roster, conversation = this.#conversation()): Proposal {
    const extensions = contextExtensions({ conversation, roster });
    return { proposalType: 'group_context_extensions', groupContextExtensions: { extensions } };
  }

  #conversation() {
    return this.#people.conversation;
  }

  /** Whether the library alone would go along. */
  async follows(commit: Uint8Array): Promise<boolean> {
    const message = decodeMlsMessage(commit, 0)?.[0];
    if (message?.wireformat !== 'mls_public_message') return false;
    const { newState } = await processPublicMessage(
      this.#state,
      message.publicMessage,
      emptyPskIndex,
      SUITE,
      acceptAll,
    );
    const removed = newState.groupActiveState.kind !== 'active';
    return removed || newState.groupContext.epoch > this.#state.groupContext.epoch;
  }

  get leaf(): number {
    return this.#state.privatePath.leafIndex;
  }

  get me(): OwnDevice {
    return this.#me;
  }
}

/** Joins by what the group shows, whoever it is. @param instead the leaf that it takes the place of */
export async function intrude(
  people: People,
  me: OwnDevice,
  groupInfo: Uint8Array,
  instead?: OwnDevice,
): Promise<Uint8Array> {
  const { info, tree } = decodeShown(groupInfo);
  const { publicPackage, privatePackage } = await newKeyPackage(me, people.clock.now());
  const config = {
    ...lawless(people, me),
    keyPackageEqualityConfig: {
      ...defaultKeyPackageEqualityConfig,
      compareKeyPackageToLeafNode: (_: unknown, leaf: { signaturePublicKey: Uint8Array }) =>
        instead !== undefined && isOf(leaf.signaturePublicKey, instead.certificate.signatureKey),
    },
  };
  const resync = instead !== undefined;
  const { publicMessage } = await joinGroupExternal(info, publicPackage, privatePackage, resync, SUITE, tree, config);
  return encodeMlsMessage({ version: 'mls10', wireformat: 'mls_public_message', publicMessage });
}

function isOf(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
