// Over all conversations: the list with what is unread, and the search. Both by what this device holds.
import type { Clock } from '../realm/clock.ts';
import type { ConversationId, UserId } from '../realm/ids.ts';
import type { ClientCache } from './cache/cache.ts';
import type { Chats } from './chats.ts';
import { findMessages, type SearchHit } from './finding.ts';
import type { Knowing } from './knowing.ts';
import type { Library } from './library.ts';
import type { Personal } from './personal/personal.ts';
import type { SearchIndex, SearchOptions } from './search/search-index.ts';
import type { Conversation } from './surface.ts';

export interface OverviewComponents {
  readonly index: SearchIndex;
  readonly cache: ClientCache;
  readonly clock: Clock;
  readonly me: UserId;
  readonly library: Pick<Library, 'conversations'>;
  readonly chats: Pick<Chats, 'unread'>;
  readonly knowing: Knowing;
  readonly settled: Personal['settled'];
}

export class Overview {
  readonly #c: OverviewComponents;

  constructor(components: OverviewComponents) {
    this.#c = components;
  }

  /** What is unread is counted by what is held here: the server counts what nobody sees, too. */
  async conversations(signal?: AbortSignal): Promise<readonly Conversation[]> {
    const listed = await this.#c.library.conversations(signal);
    return Promise.all(
      listed.map(async (one) =>
        one.unread === 0 ? one : { ...one, ...(await this.#c.chats.unread(one.id, one.unread)) },
      ),
    );
  }

  search(question: string, options: SearchOptions): Promise<readonly SearchHit[]> {
    const { knowing } = this.#c;
    const kindOf = async (conversation: ConversationId) => (await knowing.kindOf(conversation)) ?? 'direct';
    return findMessages(question, options, { ...this.#c, kindOf });
  }
}
