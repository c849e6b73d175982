// Asking the homes of groups: proposing a commit there, fetching commits that are missing here, and group info.

import { decodeRoster } from '../../src/crypto/roster.ts';
import type { Network } from '../../src/overlay/seam.ts';
import { MAX_BODY } from '../../src/protocols/errand/index.ts';
import { askOrder } from '../../src/protocols/order/client.ts';
import { encodeCommit } from '../../src/protocols/order/commit-body.ts';
import {
  decodeOrderAnswer,
  encodeOrderRequest,
  type OrderAnswer,
  type OrderRequest,
} from '../../src/protocols/order/frames.ts';
import { GROUP_ORDER } from '../../src/protocols/order/index.ts';
import { type Clock, sleep } from '../../src/realm/clock.ts';
import { messageOf, PeerError, RefusedError, UnreachableError } from '../../src/realm/errors.ts';
import type { ConversationId, GroupId } from '../../src/realm/ids.ts';
import type { Log } from '../../src/realm/log.ts';
import type { RealmName } from '../../src/realm/names.ts';
import type { Directory } from '../directory/directory.ts';
import type { Errands } from '../errands/errands.ts';
import type { Following } from './following.ts';
import type { GroupBook } from './group-book.ts';
import { EpochError } from './group-errors.ts';
import type { StoredGroup } from './group-record.ts';
import type { Accepted, Author, GroupInfo, ProposedCommit } from './groups.ts';

export interface RemoteOrderComponents {
  readonly realm: RealmName;
  readonly network: Pick<Network, 'open'>;
  readonly book: GroupBook;
  readonly directory: Pick<Directory, 'findById'>;
  /** Absent: only realms that may connect are asked. */
  readonly errands?: Pick<Errands, 'ask'>;
  readonly isDirect?: (realm: RealmName) => boolean;
  readonly homeOf: (realm: RealmName) => RealmName;
  readonly clock: Clock;
  readonly log: Log;
}

/** Conversations that are being filled at one time; further ones wait for the next message or commit of theirs. */
const MAX_FILLING = 64;
const FIRST_PAUSE = 500;
const MAX_PAUSE = 60_000;
/** Tries before one waits for the next sign of that group. */
const MAX_TRIES = 8;

export class RemoteOrder {
  readonly #parts: RemoteOrderComponents;
  readonly #following: Pick<Following, 'take'>;
  readonly #filling = new Map<ConversationId, Promise<void>>();
  readonly #stopped = new AbortController();
  readonly #counters = { proposed: 0, away: 0, filled: 0, byErrand: 0 };

  constructor(parts: RemoteOrderComponents, following: Pick<Following, 'take'>) {
    this.#parts = parts;
    this.#following = following;
  }

  counters(): Record<string, number> {
    return { ...this.#counters };
  }

  async stop(): Promise<void> {
    this.#stopped.abort(new UnreachableError('stopping', 'The node is stopping'));
    await Promise.all(this.#filling.values());
  }

  /** @throws UnreachableError `home-away`; EpochError; what the home refuses */
  async propose(author: Author, proposed: ProposedCommit, state: StoredGroup, signal: AbortSignal): Promise<Accepted> {
    this.#counters.proposed++;
    const home = this.#parts.homeOf(state.home);
    const answer = await this.ask(home, { kind: 'propose', ...proposed, ...author }, signal);
    if (answer.kind !== 'accepted') throw new PeerError('answer-foreign', `${home} answered another question`);
    const roster = decodeRoster(proposed.rosterBytes);
    const homes = roster.members.map(
      ({ user }) => this.#parts.directory.findById(user)?.home ?? state.members.get(user)?.home ?? state.home,
    );
    // A new home counts another term, which its own envelope will tell.
    if (home !== state.home) return { epoch: answer.epoch };
    const body = encodeCommit({ ...proposed, term: state.term, homes });
    await this.#following.take(
      proposed.conversation,
      [{ sender: author.user, device: author.device, body }],
      state.home,
    );
    return { epoch: answer.epoch };
  }

  /** @throws UnreachableError `home-away`; EpochError; RefusedError `not-a-member` */
  async putInfo({ user, device }: Author, info: GroupInfo, state: StoredGroup, signal: AbortSignal): Promise<void> {
    await this.ask(this.#parts.homeOf(state.home), { kind: 'put-info', ...info, user, device }, signal);
  }

  /** @throws UnreachableError `home-away`; RefusedError `epoch-unknown` */
  async info(
    state: StoredGroup,
    epoch: number,
    signal: AbortSignal,
  ): Promise<{ epoch: number; groupInfo: Uint8Array }> {
    const { conversation, group } = state;
    const home = this.#parts.homeOf(state.home);
    const answer = await this.ask(home, { kind: 'info', conversation, group, epoch }, signal);
    if (answer.kind !== 'info') throw new PeerError('answer-foreign', `${home} answered another question`);
    return answer;
  }

  async ask(home: RealmName, request: OrderRequest, signal: AbortSignal): Promise<OrderAnswer> {
    const both = AbortSignal.any([signal, this.#stopped.signal]);
    const answer = await this.#reach(home, request, both).catch((cause: unknown) => {
      if (both.aborted) throw cause;
      this.#counters.away++;
      throw new UnreachableError('home-away', `${home}, which orders the changes of this group, is out of reach`, {
        cause,
      });
    });
    if (answer.kind !== 'refused') return answer;
    const { code, epoch } = answer;
    if (code === 'commit-lost' || code === 'epoch-ahead') throw new EpochError(code, epoch);
    throw new RefusedError(code, `${home} refuses: ${code}`);
  }

  /** Directly where the two may connect; else along the tree of realms, as far as an errand holds it. */
  async #reach(home: RealmName, request: OrderRequest, signal: AbortSignal): Promise<OrderAnswer> {
    const { errands, isDirect = () => true } = this.#parts;
    const question = encodeOrderRequest(request);
    if (!errands || question.length > MAX_BODY) return askOrder(this.#parts, home, request, signal);
    if (isDirect(home)) {
      try {
        return await askOrder(this.#parts, home, request, signal);
      } catch (error) {
        if (signal.aborted) throw error;
      }
    }
    this.#counters.byErrand++;
    return decodeOrderAnswer(await errands.ask(home, GROUP_ORDER, question, signal));
  }

  /** Fetches what is missing, in the background. `ask` knows the group, and may name another home. */
  fill(conversation: ConversationId, group: GroupId | undefined, ask: RealmName): void {
    if (this.#filling.has(conversation) || this.#filling.size >= MAX_FILLING || this.#stopped.signal.aborted) return;
    const filling = this.#fill(conversation, group, ask)
      .catch((error: unknown) => this.#parts.log.info({ conversation, why: messageOf(error) }, 'commits not fetched'))
      .finally(() => this.#filling.delete(conversation));
    this.#filling.set(conversation, filling);
  }

  async #fill(conversation: ConversationId, group: GroupId | undefined, ask: RealmName): Promise<void> {
    const { clock } = this.#parts;
    const { signal } = this.#stopped;
    for (let pause = FIRST_PAUSE, tries = 1; ; pause = Math.min(2 * pause, MAX_PAUSE), tries++) {
      try {
        return await this.#fetch(conversation, group, ask);
      } catch (error) {
        if (!(error instanceof UnreachableError) || signal.aborted || tries === MAX_TRIES) throw error;
        await sleep(clock, pause, signal);
      }
    }
  }

  async #fetch(conversation: ConversationId, group: GroupId | undefined, ask: RealmName): Promise<void> {
    const { book, realm } = this.#parts;
    const { signal } = this.#stopped;
    let home = ask;
    for (let asked = 0; asked < 1000; asked++) {
      const state = group ? await book.get(conversation, group) : await book.find(conversation);
      if (state) home = this.#parts.homeOf(state.home);
      if (home === realm) return;
      const request = { kind: 'commits', conversation, group: state?.group ?? group, from: state?.epoch ?? 0 } as const;
      const answer = await this.ask(home, request, signal);
      if (answer.kind !== 'commits') throw new PeerError('answer-foreign', `${home} answered another question`);
      if (answer.home !== home) {
        if (state || asked > 0) throw new PeerError('foreign-home', `${home} names ${answer.home} as the home`);
        home = answer.home;
        continue;
      }
      await this.#following.take(conversation, answer.commits, home);
      this.#counters.filled += answer.commits.length;
      if (!answer.more || answer.commits.length === 0) return;
    }
  }
}
