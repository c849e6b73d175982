// Following what home has accepted, one commit after the other, as far as it passes the members' checks (src/crypto/mls).
import { equals } from 'uint8arrays/equals';
import { type Followed, MlsGroup } from '../../crypto/mls/mls-group.ts';
import type { GroupParts } from '../../crypto/mls/parts.ts';
import { rosterIn } from '../../crypto/mls/public-view.ts';
import { sameDevice } from '../../crypto/mls/same-device.ts';
import type { Roster } from '../../crypto/roster.ts';
import type { Clock } from '../../realm/clock.ts';
import { codeOf } from '../../realm/errors.ts';
import type { ConversationId, GroupId, UserId } from '../../realm/ids.ts';
import type { DeviceChecks } from './device-checks.ts';
import type { GroupJoining } from './group-joining.ts';
import type { AcceptedCommit, GroupServer } from './group-server.ts';
import type { Held, HeldGroups } from './held-groups.ts';
import { passed } from './passing.ts';

/** What a commit made of a group, for the lines of its timeline. */
export interface GroupNews {
  readonly group: GroupId;
  readonly epoch: number;
  readonly at: number;
  readonly by: UserId;
  readonly before: Roster | undefined;
  readonly after: Roster | undefined;
  /** It was refused, and `by` is to blame for it. */
  readonly refused?: true;
}

export interface GroupFollowingComponents {
  readonly server: GroupServer;
  readonly checks: DeviceChecks;
  readonly parts: GroupParts;
  readonly clock: Pick<Clock, 'now'>;
  readonly onChange: (conversation: ConversationId, change: GroupNews) => void;
}

export class GroupFollowing {
  readonly #c: GroupFollowingComponents;
  readonly #held: HeldGroups;
  readonly #joining: GroupJoining;
  /** Brought forward in this connection, and no commit was told of since: nobody has to be asked before each message. */
  readonly #current = new Set<ConversationId>();

  constructor(components: GroupFollowingComponents, held: HeldGroups, joining: GroupJoining) {
    this.#c = components;
    this.#held = held;
    this.#joining = joining;
  }

  /** Of one or of all conversations there may be commits that this device has not seen. */
  stale(conversation?: ConversationId): void {
    if (conversation === undefined) this.#current.clear();
    else this.#current.delete(conversation);
  }

  brought(conversation: ConversationId): Promise<Held | undefined> {
    if (this.#current.has(conversation)) return this.#held.load(conversation);
    // Before it is asked: what is told meanwhile may be missing in the answer.
    this.#current.add(conversation);
    return this.forward(conversation).catch((error: unknown) => {
      this.#current.delete(conversation);
      throw error;
    });
  }

  /** Undefined when this device has no state, or was removed. */
  async forward(conversation: ConversationId): Promise<Held | undefined> {
    let held = await this.#held.load(conversation);
    for (let more = true; held && more; ) {
      const { group, epoch }: MlsGroup = held.group;
      const page = await this.#c.server.commits(conversation, group, epoch);
      if (isOutOfReach(held, page.commits)) return this.#joining.anew(conversation, held.group);
      for (const [at, commit] of page.commits.entries()) {
        if (held && commit.epoch === held.group.epoch) {
          held = await this.#step(conversation, held, page.commits.slice(at));
        }
      }
      ({ more } = page);
      if (held?.group.epoch === epoch) break;
    }
    return held;
  }

  async #step(conversation: ConversationId, held: Held, commits: readonly AcceptedCommit[]) {
    const [commit] = commits;
    if (!commit) return held;
    const { group, roster: before } = held.group;
    const devices = held.group.members();
    // Following spends the old state; should what comes after it fail, the stored one is read again.
    this.#held.spend(conversation);
    const followed = await this.#next(held, commit);
    // As if commits were missing: anybody could claim to have made one of this device's.
    if (followed === 'lost') return this.#joining.anew(conversation, held.group);
    if (followed === 'closed') return this.#joining.comeBack(conversation, held.group, commits);
    const { next, by, refused } = followed;
    // What a server says: a time to come would keep the keys for ever.
    const at = Math.min(commit.at, this.#c.clock.now());
    if (next) held = await this.#held.adopt(conversation, next, at, devices);
    else
      await this.#held.gone(
        { conversation, group, epoch: commit.epoch + 1 },
        { before: devices, after: followed.after, at },
      );
    const { epoch } = commit;
    this.#c.onChange(conversation, {
      group,
      epoch: epoch + 1,
      at,
      by,
      before,
      after: next?.roster,
      ...(refused && { refused }),
    });
    return next && held;
  }

  /** `lost`: it is a commit of this device, whose outcome it has not kept. `closed`: this device can't open what is in it for it. */
  async #next({ group, offer }: Held, { commit, at }: AcceptedCommit): Promise<Next | 'lost' | 'closed'> {
    const { parts, checks } = this.#c;
    if (offer && equals(offer.commit, commit)) {
      return { next: MlsGroup.decode(offer.state, parts), by: parts.me.certificate.user };
    }
    try {
      return nextOf(await passed(group, { commit, at }, checks), commit);
    } catch (error) {
      const code = codeOf(error);
      if (code === 'commit-own') return 'lost';
      if (code === 'commit-invalid') return 'closed';
      throw error;
    }
  }
}

/** The server has not all commits from here on: home keeps so many, and whoever was taken out and invited again is shown those since. */
function isOutOfReach({ group: { epoch } }: Held, commits: readonly AcceptedCommit[]): boolean {
  return commits.length > 0 && commits.every((commit) => commit.epoch > epoch);
}

/** What a commit led to, and who made it: by its leaf, whatever a server says. */
interface Next {
  readonly next: MlsGroup | undefined;
  readonly by: UserId;
  /** What it put in the place of the roster, where nobody refuses it. */
  readonly after?: Roster | undefined;
  readonly refused?: true | undefined;
}

function nextOf({ next, committer, contest }: Followed, commit: Uint8Array): Next {
  const { user: by } = committer;
  const isNew = contest?.blamed && sameDevice(contest.blamed, committer);
  return { next, by, after: contest ? undefined : rosterIn(commit), ...(isNew && { refused: true }) };
}
