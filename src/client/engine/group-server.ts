// What the engine asks of the server about groups, and how it asks over HTTP. Nothing that comes from there is believed: groups check
// it (src/crypto/mls).
import { commitAnswer, commitsAnswer, groupAnswer } from '../../protocols/lan/group-routes.ts';
import { codeOf } from '../../realm/errors.ts';
import type { ConversationId, DeviceId, GroupId, UserId } from '../../realm/ids.ts';
import type { Http } from '../http.ts';
import { fromText, toText } from '../vault/vault-server.ts';

export interface ShownGroup {
  readonly group: GroupId;
  readonly epoch: number;
  /** For joining; of `infoEpoch`. */
  readonly groupInfo?: Uint8Array;
  readonly infoEpoch?: number;
}

export interface AcceptedCommit {
  /** That it is based on. */
  readonly epoch: number;
  /** When home accepted it, milliseconds since 1970. */
  readonly at: number;
  readonly sender: UserId;
  readonly device: DeviceId;
  readonly commit: Uint8Array;
  /** As home states it in clear; members believe the commit. */
  readonly roster?: Uint8Array;
}

export interface OutgoingMail {
  readonly user: UserId;
  readonly device: DeviceId;
  readonly body: Uint8Array;
}

export interface OfferedCommit {
  readonly group: GroupId;
  readonly epoch: number;
  readonly commit: Uint8Array;
  readonly groupInfo: Uint8Array;
  readonly roster: Uint8Array;
  readonly welcomes: readonly OutgoingMail[];
}

export interface GroupQuestion {
  readonly group?: GroupId;
  readonly epoch?: number;
  readonly other?: UserId | undefined;
}

export interface GroupServer {
  /** The one that counts, or that of an epoch; undefined when there is none. `other` is the other person of a conversation of two. */
  group(conversation: ConversationId, of?: GroupQuestion): Promise<ShownGroup | undefined>;
  /** Some of those that bring a member of epoch `after` forward; `more` when there are others. */
  commits(
    conversation: ConversationId,
    group: GroupId,
    after: number,
  ): Promise<{ readonly commits: readonly AcceptedCommit[]; readonly more: boolean }>;
  /** @throws ConflictError `commit-lost` when another was first */
  commit(conversation: ConversationId, offer: OfferedCommit): Promise<void>;
}

export class HttpGroupServer implements GroupServer {
  readonly #http: Pick<Http, 'get' | 'post'>;

  constructor(http: Pick<Http, 'get' | 'post'>) {
    this.#http = http;
  }

  async group(conversation: ConversationId, of: GroupQuestion = {}): Promise<ShownGroup | undefined> {
    const query = new URLSearchParams({
      ...(of.group !== undefined && { group: of.group }),
      ...(of.epoch !== undefined && { epoch: String(of.epoch) }),
      ...(of.other !== undefined && { with: of.other }),
    });
    try {
      const answer = await this.#http.get(`/conversations/${conversation}/group?${query}`, groupAnswer);
      const { group, infoEpoch, groupInfo } = answer;
      if (!group) return undefined;
      return {
        group: group.id,
        epoch: group.epoch,
        ...(groupInfo !== undefined && { groupInfo: fromText(groupInfo) }),
        ...(infoEpoch !== undefined && { infoEpoch }),
      };
    } catch (error) {
      if (codeOf(error) === 'conversation-unknown') return undefined;
      throw error;
    }
  }

  async commits(conversation: ConversationId, group: GroupId, after: number) {
    const path = `/conversations/${conversation}/commits?group=${group}&after=${after}`;
    const { commits, next } = await this.#http.get(path, commitsAnswer);
    const read = commits.map(({ commit, roster, epoch, at, sender, device }) => {
      return { epoch, at, sender, device, commit: fromText(commit), roster: fromText(roster) };
    });
    return { commits: read, more: next !== undefined };
  }

  async commit(conversation: ConversationId, offer: OfferedCommit): Promise<void> {
    const { group, epoch, commit, groupInfo, roster, welcomes } = offer;
    const body = {
      group,
      epoch,
      commit: toText(commit),
      groupInfo: toText(groupInfo),
      roster: toText(roster),
      welcomes: welcomes.map((mail) => ({ ...mail, body: toText(mail.body) })),
    };
    await this.#http.post(`/conversations/${conversation}/commits`, body, commitAnswer);
  }
}
