// What a client holds of conversations, of which the test is the server: real timelines over a real cache in memory. What is done is
// written down and shown as queued.

import { memoryCache } from '../../../src/client/cache/memory-cache.ts';
import { Chats } from '../../../src/client/chats.ts';
import type { Act, Client, StateChange } from '../../../src/client/client.ts';
import type { Draft } from '../../../src/client/personal/forms.ts';
import type { OpenedEvent, SystemLine } from '../../../src/client/timeline/events.ts';
import type { TimelineAction } from '../../../src/client/timeline/state.ts';
import type { MadeContent } from '../../../src/crypto/content.ts';
import type { MemberRole, RosterKind } from '../../../src/crypto/roster.ts';
import {
  type ConversationId,
  directConversationId,
  type MessageId,
  parseDeviceId,
  parseMessageId,
  parseUserId,
  type UserId,
} from '../../../src/realm/ids.ts';

const DEVICE = parseDeviceId('00000000-0000-4000-8000-0000000000d2');
export const CLERK_ID = parseUserId('00000000-0000-4000-8000-000000000001');
export const ENGINEER_ID = parseUserId('00000000-0000-4000-8000-000000000002');
export const TALK = directConversationId(CLERK_ID, ENGINEER_ID);

/** Number n as an id of a message. */
export function numbered(n: number): MessageId {
  return parseMessageId(`00000000-0000-4000-9000-${String(n).padStart(12, '0')}`);
}

export interface Told {
  readonly content?: MadeContent;
  readonly sender?: UserId;
  readonly conversation?: ConversationId;
  readonly role?: MemberRole;
  readonly arrivedAt?: number;
}

/** Number n, at that many milliseconds, by the engineer unless it says otherwise. */
export function told(n: number, at: number, more: Told = {}): OpenedEvent {
  return {
    id: numbered(n),
    conversation: TALK,
    sender: ENGINEER_ID,
    device: DEVICE,
    recipients: [CLERK_ID],
    stamp: { ms: at, counter: 0 },
    arrivedAt: at,
    role: 'owner',
    state: 'stored',
    content: { kind: 'text', text: `text ${n}`, sentAt: at },
    ...more,
  };
}

export class ScriptedTalk
  implements Pick<Client, 'timeline' | 'act' | 'hide' | 'clearHistory' | 'draft' | 'setDraft' | 'search'>
{
  refusedBefore: StateChange[] = [];

  readonly asked: string[];
  readonly acts: Act[] = [];
  readonly drafts = new Map<ConversationId, Draft>();
  readonly settled: TimelineAction[] = [];
  kind: RosterKind = 'direct';
  refuses: Error | undefined;
  readonly #cache = memoryCache();
  #chats: Chats | undefined;
  #count = 800;

  constructor(asked: string[]) {
    this.asked = asked;
  }

  /** Held as if it had come before. */
  async held(...events: readonly OpenedEvent[]): Promise<void> {
    const conversations = new Set(events.map(({ conversation }) => conversation));
    for (const one of conversations) {
      await (await this.#cache).put(one, { events: events.filter(({ conversation }) => conversation === one) });
    }
  }

  async lines(conversation: ConversationId, ...lines: readonly SystemLine[]): Promise<void> {
    await (await this.#cache).put(conversation, { lines });
  }

  /** Comes while the conversation is open. */
  async comes(...events: readonly OpenedEvent[]): Promise<void> {
    await this.held(...events);
    (await this.#open()).events(events);
  }

  async read(arrivedAt: number, conversation = TALK): Promise<void> {
    const action: TimelineAction = { kind: 'read', mark: { arrivedAt, at: arrivedAt } };
    this.settled.push(action);
    (await this.#open()).take(conversation, action);
  }

  refused = (): readonly StateChange[] => this.refusedBefore;
  timeline = async (conversation: ConversationId) => (await this.#open()).timeline(conversation);

  act = async (conversation: ConversationId, act: Act): Promise<MessageId> => {
    if (this.refuses) throw this.refuses;
    this.acts.push(act);
    this.#count += 1;
    const { stamp: _, arrivedAt: __, ...event } = told(this.#count, this.#count, { conversation, sender: CLERK_ID });
    (await this.#open()).events([{ ...event, state: 'queued', content: { ...act, sentAt: this.#count } }]);
    return event.id;
  };

  hide = async (_conversation: ConversationId, ids: readonly MessageId[]): Promise<void> => {
    this.asked.push(`hide ${ids.map((id) => Number(id.slice(-12))).join(' ')}`);
  };
  clearHistory = async (): Promise<void> => {
    this.asked.push('clear');
  };
  draft = (conversation: ConversationId): Draft | undefined => this.drafts.get(conversation);
  setDraft = async (conversation: ConversationId, text: string, replyTo?: MessageId): Promise<void> => {
    if (text === '' && !replyTo) this.drafts.delete(conversation);
    else this.drafts.set(conversation, { text, at: 0, ...(replyTo && { replyTo }) });
  };
  search = async () => [];

  async #open(): Promise<Chats> {
    this.#chats ??= new Chats({
      cache: await this.#cache,
      me: CLERK_ID,
      clock: { now: () => 0 },
      kindOf: async () => this.kind,
      settled: () => this.settled,
      unsent: () => [],
    });
    return this.#chats;
  }
}
