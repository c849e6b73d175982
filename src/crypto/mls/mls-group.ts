// The keys of one conversation on one device: an MLS group (RFC 9420) whose members check who may do what (docs/protocols/groups.md).
//
// States are immutable. `commit` makes the next one beside the present one, since home may refuse it; `process` follows a commit of
// somebody else. Once there is a next state, the secrets of the former are erased and it answers nothing more (`state-spent`).
import { type ClientState, createGroup as createMlsGroup, mlsExporter } from 'ts-mls';
import { equals } from 'uint8arrays/equals';
import { LocalError } from '../../realm/errors.ts';
import { type ConversationId, type GroupId, idBytes } from '../../realm/ids.ts';
import type { DeviceCertificate } from '../device-certificate.ts';
import { encodeRoster, type Roster, roleOf } from '../roster.ts';
import { epochNumber, groupOf } from './commit-reader.ts';
import { type GroupChange, type MadeCommit, makeCommit, showGroup, type WelcomeFor } from './committing.ts';
import { type Contest, isTrusted } from './contest.ts';
import { type FollowedCommit, followCommit } from './following.ts';
import { assertSuitable, contextExtensions, readContext } from './group-context.ts';
import { joinByWelcome, joinFromOutside, type Outside, type Welcomed } from './joining.ts';
import { newKeyPackage } from './key-package.ts';
import { leavesOf, ownersGone, stragglers } from './leaves.ts';
import { clientConfig, type DeviceVerdict, type GroupParts } from './parts.ts';
import { type PublicView } from './public-view.ts';
import type { Actor } from './rights.ts';
import { contestIn, decodeState, encodeState, erase, withoutUnused } from './state.ts';
import { SUITE } from './suite.ts';
import { transcriptAfter } from './transcript.ts';

const CONTENT_LABEL = 'canopy/content/v1';
const CONTENT_KEY = 32;

export interface NewGroup {
  readonly group: GroupId;
  readonly conversation: ConversationId;
  readonly roster: Roster;
}

/** A commit on its way to home. */
export interface CommitOffer {
  /** That it is based on. */
  readonly epoch: number;
  readonly commit: Uint8Array;
  readonly groupInfo: Uint8Array;
  /** After it, in the form that servers read. */
  readonly roster: Uint8Array;
  readonly welcomes: readonly WelcomeFor[];
  /** May be stored before home has answered: nobody can follow a commit of one's own. */
  readonly next: MlsGroup;
  /** Home took it: the former state is erased, `next` goes on. */
  accept(): MlsGroup;
}

export interface Followed extends Omit<FollowedCommit, 'state' | 'consumed'> {
  /** Undefined when this device was removed. */
  readonly next: MlsGroup | undefined;
}

export interface DoubtfulDevice {
  readonly certificate: DeviceCertificate;
  /** `left`: its user is no longer on the roster. */
  readonly why: Exclude<DeviceVerdict, 'good'> | 'left';
}

export class MlsGroup {
  readonly #parts: GroupParts;
  #state: ClientState | undefined;
  /** What was refused and is not taken back yet. */
  readonly contest: Contest | undefined;

  private constructor(state: ClientState, parts: GroupParts, contest?: Contest) {
    this.#state = state;
    this.contest = contest;
    this.#parts = parts;
  }

  /** With this device as the only one. @throws PeerError `roster-unsuitable`; LocalError `not-on-roster` */
  static async create({ group, conversation, roster }: NewGroup, parts: GroupParts): Promise<MlsGroup> {
    assertSuitable({ conversation, roster });
    if (roleOf(roster, parts.me.certificate.user) === undefined) {
      throw new LocalError('not-on-roster', 'whoever makes a group is in it');
    }
    const { publicPackage, privatePackage } = await newKeyPackage(parts.me, parts.clock.now());
    const extensions = contextExtensions({ conversation, roster });
    const config = clientConfig(parts);
    const state = await createMlsGroup(idBytes(group), publicPackage, privatePackage, extensions, SUITE, config);
    return new MlsGroup(withoutUnused(state), parts);
  }

  static async joinByWelcome(given: Welcomed, parts: GroupParts): Promise<MlsGroup> {
    return new MlsGroup(await joinByWelcome(given, parts), parts);
  }

  /** Also for a device that has lost its state: its old leaf goes in the same commit. */
  static async joinExternal(given: Outside, parts: GroupParts): Promise<CommitOffer> {
    const made = await joinFromOutside(given, parts);
    const next = new MlsGroup(made.state, parts);
    return offerOf(made, next, () => next);
  }

  /** @throws PeerError `frame-malformed`; LocalError `state-malformed` */
  static decode(bytes: Uint8Array, parts: GroupParts): MlsGroup {
    return new MlsGroup(decodeState(bytes, parts), parts, contestIn(bytes));
  }

  /** Secret: to be stored encrypted. */
  encode(): Uint8Array {
    return encodeState(this.#present(), this.contest);
  }

  get group(): GroupId {
    return groupOf(this.#present().groupContext.groupId);
  }

  get epoch(): number {
    return epochNumber(this.#present().groupContext.epoch);
  }

  get conversation(): ConversationId {
    return readContext(this.#present().groupContext.extensions).conversation;
  }

  /** Of the last epoch that this device did not refuse. */
  get roster(): Roster {
    return this.contest?.roster ?? readContext(this.#present().groupContext.extensions).roster;
  }

  /** For `mayAct`. */
  get actor(): Actor {
    const gone = ownersGone(this.#leaves(), this.roster);
    return { user: this.#parts.me.certificate.user, ownersGone: gone };
  }

  /** One for each device; those alone that count, while something is contested. */
  members(): DeviceCertificate[] {
    const { contest } = this;
    const all = [...this.#leaves().values()];
    return contest ? all.filter((one) => isTrusted(contest, one)) : all;
  }

  /** For `followPublicly`. */
  view(): PublicView {
    const { ratchetTree, groupContext } = this.#present();
    const leaves = [...this.#leaves()].map(([leaf, certificate]) => {
      const node = ratchetTree[leaf * 2];
      return [
        leaf,
        { certificate, key: node?.nodeType === 'leaf' ? node.leaf.hpkePublicKey : new Uint8Array() },
      ] as const;
    });
    return { context: readContext(groupContext.extensions), leaves: new Map(leaves) };
  }

  /**
   * EK: what the keys of the epoch's messages derive from (docs/crypto.md). The group goes on without it; whoever keeps it can read the epoch.
   * 32 bytes.
   */
  contentKey(): Promise<Uint8Array> {
    // A copy: while this is under way the state may get a successor, and a key of what was erased would be everybody's.
    const secret = this.#present().keySchedule.exporterSecret.slice();
    return mlsExporter(secret, CONTENT_LABEL, idBytes(this.conversation), CONTENT_KEY, SUITE);
  }

  /**
   * Whether these commits made `later` of this very state, keys included, as the transcript of both says. For a way on which this device was
   * replaced by itself, where it can't follow. @throws PeerError `commit-malformed`, …
   */
  async leadsTo(commits: readonly Uint8Array[], later: MlsGroup): Promise<boolean> {
    if (this.group !== later.group || this.epoch + commits.length !== later.epoch) return false;
    return equals(
      await transcriptAfter(this.#present(), commits),
      later.#present().groupContext.confirmedTranscriptHash,
    );
  }

  /** Devices that a commit has to remove before anything is written: `commit` removes them by itself, except `unknown` ones. */
  async doubtful(): Promise<DoubtfulDevice[]> {
    const leaves = this.#leaves();
    const left = new Set(stragglers(leaves, this.roster));
    const doubtful: DoubtfulDevice[] = [];
    for (const [leaf, certificate] of leaves) {
      const verdict = await this.#parts.checks.device(certificate, this.#parts.clock.now());
      if (left.has(leaf)) doubtful.push({ certificate, why: 'left' });
      else if (verdict !== 'good') doubtful.push({ certificate, why: verdict });
    }
    return doubtful;
  }

  /** What the group shows at present, without welcomes. */
  show(): Promise<Uint8Array> {
    return showGroup(this.#present());
  }

  /**
   * Without a change it makes new keys alone. To leave, a member commits a roster without itself.
   * @throws InputError `device-not-in-group`, `too-many-devices`; PeerError as `checkCommit`
   */
  async commit(change: GroupChange = {}): Promise<CommitOffer> {
    const state = this.#present();
    const made = await makeCommit(state, this.#parts, change, this.contest);
    const next = new MlsGroup(made.state, this.#parts);
    return offerOf(made, next, () => {
      this.#spend(state, made.state, made.consumed);
      return next;
    });
  }

  /**
   * @param at milliseconds since 1970: when home accepted the commit
   * @param refused why it was refused (`isContestable`): it is followed, and nothing is written before a commit takes it back
   * @throws PeerError as `followCommit`; the group is as it was
   */
  async process(commit: Uint8Array, at: number, refused?: string): Promise<Followed> {
    const state = this.#present();
    const following = { at, contest: this.contest, refused };
    const { state: after, consumed, contest, ...names } = await followCommit(state, this.#parts, commit, following);
    this.#spend(state, after, consumed);
    return { ...names, contest, next: after && new MlsGroup(after, this.#parts, contest) };
  }

  #leaves() {
    return leavesOf(this.#present().ratchetTree, this.#parts.certificates);
  }

  #present(): ClientState {
    if (!this.#state) throw new LocalError('state-spent', 'this state of the group has a successor');
    return this.#state;
  }

  #spend(state: ClientState, next: ClientState | undefined, consumed: readonly Uint8Array[]): void {
    this.#present();
    this.#state = undefined;
    erase(state, next, consumed);
  }
}

function offerOf(made: MadeCommit, next: MlsGroup, accept: () => MlsGroup): CommitOffer {
  const { commit, groupInfo, welcomes } = made;
  return { epoch: next.epoch - 1, commit, groupInfo, roster: encodeRoster(next.roster), welcomes, next, accept };
}
