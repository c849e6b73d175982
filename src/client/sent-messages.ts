// What this client has sent, and how far each message is: queued, stored, delivered, read, or refused. States come from the server in any
// order, and some of them before it is certain that they are about what was sent here.
import type { ServerFrame } from '../protocols/lan/frames.ts';
import type { ErrorParams } from '../protocols/lan/routes.ts';
import type { Stamp } from '../protocols/lan/wire.ts';
import type { ConversationId, MessageId } from '../realm/ids.ts';
import type { Emitter } from './emitter.ts';
import type { Outgoing } from './outgoing.ts';
import type { ClientEvents, Message, StateChange } from './surface.ts';
import type { MessageState } from './timeline/events.ts';

/** Sent messages whose states are followed here; the oldest are forgotten first. */
const MAX_FOLLOWED = 10_000;
/** A message moves along these and never back. */
const RANK: readonly MessageState[] = ['queued', 'stored', 'failed', 'delivered', 'read'];

export type ReceiptFrame = Extract<ServerFrame, { kind: 'receipt' }>;

/** What is sent, and to whom it is shown to go. */
export interface Sent {
  readonly entry: Outgoing;
  readonly message: Message;
}

export class SentMessages {
  readonly #events: Emitter<ClientEvents>;
  readonly #sent = new Map<MessageId, Sent>();
  /** Receipts that came before it was certain that they are for what was sent here. */
  readonly #early = new Map<MessageId, StateChange>();

  constructor(events: Emitter<ClientEvents>) {
    this.#events = events;
  }

  get(id: MessageId): Sent | undefined {
    return this.#sent.get(id);
  }

  set(sent: Sent): void {
    this.#sent.set(sent.entry.id, sent);
    if (this.#sent.size <= MAX_FOLLOWED) return;
    for (const [id, { message }] of this.#sent) {
      if (message.state === 'queued') continue;
      this.#sent.delete(id);
      return;
    }
  }

  delete(id: MessageId): void {
    this.#sent.delete(id);
  }

  conversationOf(id: MessageId): ConversationId | undefined {
    return this.#sent.get(id)?.entry.conversation;
  }

  /** The server has it, under this stamp. */
  stamp(id: MessageId, stamp: Stamp): Outgoing | undefined {
    const sent = this.#sent.get(id);
    if (sent) this.set({ ...sent, message: { ...sent.message, stamp, path: 'local' } });
    return sent?.entry;
  }

  /** Tells each of these states in turn, and what came early. */
  advance(id: MessageId, ...states: readonly MessageState[]): void {
    const conversation = this.conversationOf(id);
    if (conversation === undefined) return;
    for (const state of states) this.#change({ id, conversation, state });
    const early = this.#early.get(id);
    this.#early.delete(id);
    if (early) this.#change(early);
  }

  fail(id: MessageId, code: string, params: ErrorParams): void {
    const conversation = this.conversationOf(id);
    this.#early.delete(id);
    if (conversation !== undefined) this.#change({ id, conversation, state: 'failed', failure: { code, params } });
  }

  /** The person tries again what was refused; undefined for any other. */
  again(id: MessageId): Outgoing | undefined {
    const sent = this.#sent.get(id);
    if (sent?.message.state !== 'failed') return undefined;
    const { failure: _past, ...message } = sent.message;
    const { body: _sealed, failure: _why, ...entry } = sent.entry;
    this.set({ entry, message: { ...message, state: 'queued' } });
    this.#events.emit('state', { id, conversation: entry.conversation, state: 'queued' });
    return entry;
  }

  /** What recipients did; also of messages that another run of this client sent. */
  receipt({ ids, conversation, state, at, code }: ReceiptFrame): void {
    const failed = state === 'failed' ? { failure: { code: code ?? 'internal', params: {} } } : {};
    for (const id of ids) {
      const change: StateChange = { id, conversation, state, at, ...failed };
      // Of an earlier run, and not yet known to be about this very text: told once that is known.
      if (this.#sent.get(id)?.message.state === 'queued') this.#early.set(id, change);
      else this.#change(change);
    }
  }

  failed(): readonly StateChange[] {
    return [...this.#sent.values()].flatMap(({ message: { id, conversation, state, failure } }) =>
      state === 'failed' && failure ? [{ id, conversation, state, failure }] : [],
    );
  }

  /** Each state once, and none that is behind. */
  #change(change: StateChange): void {
    const { id, state, failure } = change;
    const sent = this.#sent.get(id);
    if (sent && RANK.indexOf(state) <= RANK.indexOf(sent.message.state)) return;
    if (sent) this.set({ ...sent, message: { ...sent.message, state, ...(failure && { failure }) } });
    this.#events.emit('state', change);
  }
}
