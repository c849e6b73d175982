// Gives a server back what it has lost: one that was restored from a copy knows commits and messages of before alone, and this device has
// later ones. Commits first, since whoever is in a group decides whose messages are taken. Each thing is asked for before it is sent, so
// many devices of many people send it once, more or less.
// It is due (due.ts) when the server has forgotten this device, until everything was offered since.
import { compareAnswer, type GivenBackAnswer, givenBackAnswer, groupAnswer } from '../../protocols/lan/group-routes.ts';
import type { Clock } from '../../realm/clock.ts';
import { CanopyError, codeOf, UnreachableError } from '../../realm/errors.ts';
import type { ConversationId, GroupId } from '../../realm/ids.ts';
import type { ClientCache } from '../cache/cache.ts';
import type { CommitBook, KeptCommit } from '../engine/commit-book.ts';
import type { Http } from '../http.ts';
import { toText } from '../vault/vault-server.ts';
import { Due } from './due.ts';
import { KEPT_FOR, type KeptBodies, type KeptBody } from './kept-bodies.ts';

/** Of one question, and of one gift; the server's limits are 1,000, 200 and 4 MiB of JSON. */
const MAX_ASKED = 500;
const MAX_GIVEN = 100;
const MAX_GIVEN_BYTES = 2 * 1024 * 1024;
/** This server, or this conversation at it, has nothing to be given. */
const NEEDLESS = new Set(['conversation-unknown', 'not-a-member', 'message-unknown']);

export interface GivingBackComponents {
  readonly http: Pick<Http, 'get' | 'post'>;
  readonly cache: Pick<ClientCache, 'record' | 'setRecords'>;
  readonly commits: Pick<CommitBook, 'all'>;
  readonly bodies: Pick<KeptBodies, 'all'>;
  readonly clock: Pick<Clock, 'now'>;
}

export class GivingBack {
  readonly #parts: GivingBackComponents;
  readonly #counters = { commits: 0, messages: 0, refused: 0 };
  readonly #due: Due;
  readonly #over = new AbortController();

  constructor(components: GivingBackComponents) {
    this.#parts = components;
    this.#due = new Due(components, 'due');
  }

  counters(): Record<string, number> {
    return { ...this.#counters };
  }

  /** The server no longer knows where this device stopped. */
  async restored(): Promise<void> {
    await this.#due.note();
  }

  close(): void {
    this.#over.abort(new UnreachableError('client-closed', 'the client is closed'));
  }

  /**
   * What is due; the next connection tries again what fails now. Never rejects for what the server does.
   * Resolves with whether nothing is due any more.
   */
  async run(): Promise<boolean> {
    try {
      await this.#due.settle((since) => this.#offer(since, this.#over.signal));
      return true;
    } catch (error) {
      if (!(error instanceof CanopyError)) throw error;
      return false;
    }
  }

  async #offer(since: number, signal: AbortSignal): Promise<void> {
    const { commits, bodies, clock } = this.#parts;
    try {
      for (const { conversation, group, commits: kept } of await commits.all()) {
        await this.#giveCommits(conversation, group, kept, signal);
      }
      for (const [conversation, kept] of await bodies.all()) await this.#giveMessages(conversation, kept, signal);
    } catch (error) {
      // It may still wait for its operator's word, and takes nothing before; after a while there is nothing left to give.
      if (codeOf(error) !== 'not-restored' || clock.now() - since < KEPT_FOR) throw error;
    }
  }

  async #giveCommits(
    conversation: ConversationId,
    group: GroupId,
    kept: readonly KeptCommit[],
    signal: AbortSignal,
  ): Promise<void> {
    const epoch = await this.#epochOf(conversation, group, signal);
    for (const part of inParts(kept.filter((one) => one.epoch >= epoch))) {
      const commits = part.map(({ epoch: at, sender, device, commit, roster }) => {
        return { epoch: at, sender, device, commit: toText(commit), roster: toText(roster) };
      });
      if (!(await this.#give(conversation, { group, commits }, signal))) return;
      this.#counters.commits += commits.length;
    }
  }

  async #epochOf(conversation: ConversationId, group: GroupId, signal: AbortSignal): Promise<number> {
    try {
      const answer = await this.#parts.http.get(
        `/conversations/${conversation}/group?group=${group}`,
        groupAnswer,
        signal,
      );
      return answer.group?.epoch ?? 0;
    } catch (error) {
      if (NEEDLESS.has(codeOf(error)) || codeOf(error) === 'epoch-unknown') return 0;
      throw error;
    }
  }

  async #giveMessages(conversation: ConversationId, kept: readonly KeptBody[], signal: AbortSignal): Promise<void> {
    for (let at = 0; at < kept.length; at += MAX_ASKED) {
      const asked = kept.slice(at, at + MAX_ASKED);
      const missing = await this.#missing(conversation, asked, signal);
      for (const part of inParts(asked.filter(({ id }) => missing.has(id)))) {
        const messages = part.map(({ body, ...rest }) => ({ ...rest, body: toText(body) }));
        const answer = await this.#give(conversation, { messages }, signal);
        if (!answer) return;
        this.#counters.refused += answer.refused.length;
        this.#counters.messages += messages.length - answer.refused.length;
      }
    }
  }

  async #missing(
    conversation: ConversationId,
    asked: readonly KeptBody[],
    signal: AbortSignal,
  ): Promise<ReadonlySet<string>> {
    const messages = asked.map(({ id, sender, blobs }) => ({ id, sender, blobs }));
    const path = `/conversations/${conversation}/compare`;
    try {
      return new Set((await this.#parts.http.post(path, { messages }, compareAnswer, signal)).missing);
    } catch (error) {
      if (NEEDLESS.has(codeOf(error))) return new Set();
      throw error;
    }
  }

  /** Undefined when the server wants nothing of this conversation. */
  async #give(conversation: ConversationId, gift: object, signal: AbortSignal): Promise<GivenBackAnswer | undefined> {
    try {
      return await this.#parts.http.post(`/conversations/${conversation}/missing`, gift, givenBackAnswer, signal);
    } catch (error) {
      if (!(error instanceof CanopyError) || signal.aborted) throw error;
      if (codeOf(error) === 'not-restored' || error.name === 'UnreachableError') throw error;
      // One conversation that is refused must not keep back the others.
      this.#counters.refused += 1;
      return undefined;
    }
  }
}

/** As many as one request carries. */
function inParts<
  T extends { readonly body: Uint8Array } | { readonly commit: Uint8Array; readonly roster: Uint8Array },
>(items: readonly T[]): T[][] {
  const parts: T[][] = [];
  let size = 0;
  for (const item of items) {
    const bytes = 'body' in item ? item.body.length : item.commit.length + item.roster.length;
    const part = parts.at(-1);
    if (part && part.length < MAX_GIVEN && size + bytes <= MAX_GIVEN_BYTES) {
      part.push(item);
      size += bytes;
    } else {
      parts.push([item]);
      size = bytes;
    }
  }
  return parts;
}
