// Over all conversations: the list with what is unread, and the search. Both by what this device holds.
import type { Clock } from '../realm/clock.ts';
import type { ConversationId, UserId } from '../realm/ids.ts';
import { personOf } from './bodies.ts';
import type { ClientCache } from './cache/cache.ts';
import type { Chats } from './chats.ts';
import { findMessages, type SearchHit } from './finding.ts';
import type { Knowing } from './knowing.ts';
import type { Library } from './library.ts';
import type { People } from './people.ts';
import type { Personal } from './personal/personal.ts';
import type { SearchIndex, SearchOptions } from './search/search-index.ts';
import { asShown, type ShownNowComponents } from './shown-now.ts';
import type { Conversation, HistoryPage, Message } from './surface.ts';

export interface OverviewComponents {
  readonly index: SearchIndex;
  readonly cache: ClientCache;
  readonly clock: Clock;
  readonly me: UserId;
  readonly library: Pick<Library, 'conversations' | 'history'>;
  readonly people: Pick<People, 'known' | 'byId'>;
  readonly chats: Pick<Chats, 'unread' | 'timeline'>;
  readonly knowing: Knowing;
  readonly settled: Personal['settled'];
}

export class Overview {
  readonly #c: OverviewComponents;

  constructor(components: OverviewComponents) {
    this.#c = components;
  }

  /** What is unread is counted by what is held here, and what was said last is what is shown: the server knows of more. */
  async conversations(signal?: AbortSignal): Promise<readonly Conversation[]> {
    const listed = await this.#c.library.conversations(signal);
    return Promise.all(
      listed.map(async (one) => {
        const { last: told, ...rest } = one;
        const last = told && ((await asShown(told, this.#shown)) ?? (await this.#newestOf(one)));
        const counted = one.unread === 0 ? {} : await this.#c.chats.unread(one.id, one.unread);
        return { ...rest, ...(last && { last }), ...counted };
      }),
    );
  }

  /** A page of what the server has, without what is over for this user. */
  async history(
    conversation: ConversationId,
    options?: { readonly before?: string; readonly limit?: number; readonly signal?: AbortSignal },
  ): Promise<HistoryPage> {
    const page = await this.#c.library.history(conversation, options);
    const shown = await Promise.all(page.messages.map((message) => asShown(message, this.#shown)));
    return { ...page, messages: shown.flatMap((message) => message ?? []) };
  }

  search(question: string, options: SearchOptions): Promise<readonly SearchHit[]> {
    return findMessages(question, options, { ...this.#shown, index: this.#c.index, cache: this.#c.cache });
  }

  get #shown(): ShownNowComponents {
    const { knowing } = this.#c;
    return { ...this.#c, kindOf: async (conversation) => (await knowing.kindOf(conversation)) ?? 'direct' };
  }

  /** Of what is held here. */
  async #newestOf({ id: conversation, others }: Conversation): Promise<Message | undefined> {
    const { chats, people } = this.#c;
    const timeline = await chats.timeline(conversation);
    const last = timeline.view().items.findLast((item) => item.kind === 'message');
    timeline.close();
    if (!last) return undefined;
    const { id, sender, mine, text, file, sentAt, stamp, arrivedAt, state, problem } = last;
    return {
      id,
      conversation,
      from: await personOf(sender, people),
      to: others,
      mine,
      text,
      sentAt,
      state,
      ...(file && { file }),
      ...(stamp && { stamp }),
      ...(arrivedAt !== undefined && { arrivedAt }),
      ...(problem !== undefined && { problem }),
    };
  }
}
