// A group's state as the library holds it, without what we don't use: application messages of MLS are not sent, so the secrets for
// them are erased at once, and states of former epochs are not kept.
//
//   stored state = [1, the library's encoding without the signature key]      strict CBOR
//                  [2, the same, what is contested (contest.ts)]
import { type ClientState, decodeGroupState, encodeGroupState } from 'ts-mls';
import { LocalError } from '../../realm/errors.ts';
import { decodeStrict, encodeItem, Fields } from '../strict-cbor.ts';
import type { GroupBefore } from './commit-checks.ts';
import { type Contest, decodeContest, encodeContest, MAX_CONTEST } from './contest.ts';
import { readContext } from './group-context.ts';
import { leavesOf } from './leaves.ts';
import { clientConfig, type GroupParts } from './parts.ts';

/** Bytes; a thousand devices make about 700,000. */
const MAX_STATE = 4 * 1024 * 1024;
const NO_KEY = new Uint8Array();

/** Erases what is not used of a new state. */
export function withoutUnused(state: ClientState): ClientState {
  for (const { application, handshake } of state.secretTree) {
    application.secret.fill(0);
    handshake.secret.fill(0);
  }
  return { ...state, secretTree: [], historicalReceiverData: new Map(), unappliedProposals: {} };
}

/** Erases the secrets of a state that nobody goes back to; those that the next one still holds stay. */
export function erase(state: ClientState, next: ClientState | undefined, consumed: readonly Uint8Array[]): void {
  const kept = new Set(next ? Object.values(next.privatePath.privateKeys) : []);
  for (const secret of consumed) secret.fill(0);
  for (const secret of Object.values(state.keySchedule)) secret.fill(0);
  for (const key of Object.values(state.privatePath.privateKeys)) if (!kept.has(key)) key.fill(0);
}

export function encodeState(state: ClientState, contest?: Contest): Uint8Array {
  const encoded = encodeGroupState({ ...state, signaturePrivateKey: NO_KEY });
  return encodeItem(contest ? [2, encoded, encodeContest(contest)] : [1, encoded]);
}

/** With the checks and the key of this device attached again. @throws PeerError `frame-malformed`; LocalError `state-malformed` */
export function decodeState(bytes: Uint8Array, parts: GroupParts): ClientState {
  const fields = fieldsOf(bytes);
  // A copy: the library's secrets are views of what it reads, and `erase` must not reach into the caller's bytes.
  const encoded = fields.bytes(MAX_STATE).slice();
  const decoded = tryDecode(encoded);
  if (decoded?.[1] !== encoded.length) throw new LocalError('state-malformed', 'this is no state of a group');
  return { ...decoded[0], signaturePrivateKey: parts.me.signature.seed, clientConfig: clientConfig(parts) };
}

/** What is contested in it. @throws PeerError `frame-malformed` */
export function contestIn(bytes: Uint8Array): Contest | undefined {
  const fields = fieldsOf(bytes);
  fields.bytes(MAX_STATE);
  return bytes[1] === 2 ? decodeContest(fields.bytes(MAX_CONTEST)) : undefined;
}

function fieldsOf(bytes: Uint8Array): Fields {
  const item = decodeStrict(bytes, MAX_STATE + MAX_CONTEST);
  const fields = new Fields(item, 'stored group', Array.isArray(item) && item.length === 3 ? 3 : 2);
  if (fields.uint() !== (Array.isArray(item) ? item.length - 1 : 0)) fields.fail('version 1 or 2');
  return fields;
}

function tryDecode(bytes: Uint8Array): ReturnType<typeof decodeGroupState> {
  try {
    return decodeGroupState(bytes, 0);
  } catch (cause) {
    throw new LocalError('state-malformed', 'this is no state of a group', { cause });
  }
}

export function beforeOf(state: ClientState, { certificates }: Pick<GroupParts, 'certificates'>): GroupBefore {
  const leafKeys: Uint8Array[] = [];
  for (const node of state.ratchetTree) if (node?.nodeType === 'leaf') leafKeys.push(node.leaf.hpkePublicKey);
  return {
    context: readContext(state.groupContext.extensions),
    leaves: leavesOf(state.ratchetTree, certificates),
    leafKeys,
  };
}
