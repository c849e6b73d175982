// Sending: from a text to a queued message, to stored, delivered and read. Whatever happens on the way, a message keeps its
// id and its sealed body, so that the server can tell a repetition from a second message.
import type { ClientFrame, ServerFrame } from '../protocols/lan/frames.ts';
import type { ErrorParams } from '../protocols/lan/routes.ts';
import type { Stamp, User } from '../protocols/lan/wire.ts';
import type { Clock } from '../realm/clock.ts';
import { ConflictError, InputError } from '../realm/errors.ts';
import { directConversationId, type MessageId, parseMessageId } from '../realm/ids.ts';
import { sealDraft } from './bodies.ts';
import { sentenceOf } from './catalogue/catalogue.ts';
import { english } from './catalogue/en.ts';
import type { Emitter } from './emitter.ts';
import { failure } from './failure.ts';
import type { Library } from './library.ts';
import { Outbox, type Outgoing } from './outgoing.ts';
import type { People } from './people.ts';
import type { ClientStorage } from './platform.ts';
import { randomId } from './signing-in.ts';
import type { ClientEvents, Me, Message, MessageState, SendRequest, StateChange } from './surface.ts';

/** Sent messages whose states are followed here; the oldest are forgotten first. */
const MAX_FOLLOWED = 10_000;
/** A refusal for one of these is over one day; the message stays queued meanwhile. */
const PASSING = new Set(['too-many-requests', 'disk-full', 'outbox-full', 'read-only', 'internal']);
/** A message moves along these and never back. */
const RANK: readonly MessageState[] = ['queued', 'stored', 'failed', 'delivered', 'read'];

export interface SendingComponents {
  readonly events: Emitter<ClientEvents>;
  readonly storage: ClientStorage;
  readonly people: People;
  readonly clock: Clock;
  readonly library: Library;
  readonly me: () => Me;
  readonly send: (frame: ClientFrame) => boolean;
}

type Receipt = Extract<ServerFrame, { kind: 'receipt' }>;

export class Sending {
  readonly #components: SendingComponents;
  readonly #outbox: Outbox;
  readonly #followed = new Map<MessageId, Message>();
  /** Receipts that came before it was certain that they are for what was sent here. */
  readonly #early = new Map<MessageId, StateChange>();

  constructor(components: SendingComponents) {
    this.#components = components;
    this.#outbox = new Outbox(components);
  }

  /** Takes up what an earlier run of this user's client left in the storage. */
  async open(): Promise<void> {
    const { people, me, events } = this.#components;
    for (const entry of await this.#outbox.open(`${me().user.id}/outbox/`)) {
      if (this.#followed.has(entry.id)) continue;
      const to = await Promise.all(entry.recipients.map((id) => people.byId(id).catch(() => undefined)));
      const message = this.#queued(
        entry,
        to.filter((user) => user !== undefined),
      );
      this.#follow(message);
      events.emit('message', message);
    }
  }

  async send(request: SendRequest, user: User): Promise<Message> {
    if (request.text === '') throw failure(InputError, 'message-empty');
    const { me, clock, events } = this.#components;
    const { user: self, device } = me();
    const id = request.id ?? parseMessageId(randomId());
    const conversation = directConversationId(self.id, user.id);
    const before = this.#followed.get(id);
    if (before) return this.#repeat(before, conversation, request.text);
    const draft = { id, conversation, sender: self.id, device, sentAt: clock.now(), text: request.text };
    const message = this.#queued({ ...draft, recipients: [user.id] }, [user]);
    this.#follow(message);
    try {
      const body = await sealDraft(draft);
      events.emit('message', message);
      await this.#outbox.add({ ...draft, recipients: [user.id], body });
    } catch (error) {
      this.#followed.delete(id);
      throw error;
    }
    return message;
  }

  async retry(id: MessageId): Promise<void> {
    const { people, me, clock } = this.#components;
    const message = this.#followed.get(id);
    if (message?.state !== 'failed' || message.text === undefined) return;
    const { conversation, sentAt, text, to } = message;
    const { user, device } = me();
    const body = await sealDraft({ id, conversation, sender: user.id, device, sentAt: sentAt || clock.now(), text });
    people.remember(to);
    const { failure: _past, ...rest } = message;
    this.#follow({ ...rest, state: 'queued' });
    this.#components.events.emit('state', { id, conversation, state: 'queued' });
    await this.#outbox.add({ id, conversation, recipients: to.map((to) => to.id), sentAt, text, body });
  }

  knows(id: MessageId): boolean {
    return this.#followed.has(id);
  }

  /** The server has it on disk. */
  async stored(id: MessageId, stamp: Stamp): Promise<void> {
    const message = this.#followed.get(id);
    if (message) this.#follow({ ...message, stamp, path: 'local' });
    await this.#outbox.remove(id);
    this.#advance(id, 'stored');
  }

  /** The server tells of a message with this id. Of an earlier run it may say something else: then the refusal follows. */
  async echoed(echo: Message, stamp: Stamp): Promise<void> {
    if (echo.text === this.#followed.get(echo.id)?.text) await this.stored(echo.id, stamp);
  }

  async refused(id: MessageId, code: string, params: ErrorParams): Promise<void> {
    if (PASSING.has(code)) {
      this.#outbox.postpone();
      this.#components.events.emit('error', { code, params, message: sentenceOf(english, code, params) });
      return;
    }
    const message = this.#followed.get(id);
    const stored = code === 'id-conflict' && message ? await this.#sameAsStored(message) : undefined;
    await this.#outbox.remove(id);
    if (stored) return this.#advance(id, 'stored', stored.state);
    this.#fail(id, code, params);
  }

  /** What recipients did; also of messages that another run of this client sent. */
  receipt({ ids, conversation, state, at, code }: Receipt): void {
    const failed = state === 'failed' ? { failure: { code: code ?? 'internal', params: {} } } : {};
    for (const id of ids) {
      const change: StateChange = { id, conversation, state, at, ...failed };
      // Of an earlier run, and not yet known to be about this very text: told once that is known.
      if (this.#followed.get(id)?.state === 'queued') this.#early.set(id, change);
      else this.#change(change);
    }
  }

  resend(): void {
    this.#outbox.resend();
  }

  drained(signal?: AbortSignal): Promise<void> {
    return this.#outbox.empty(signal);
  }

  stop(): void {
    this.#outbox.close();
  }

  forget(): void {
    this.#followed.clear();
    this.#early.clear();
    this.#outbox.forget();
  }

  /** The same id again: harmless with the same text, told again how far it is. */
  async #repeat(message: Message, conversation: string, text: string): Promise<Message> {
    if (message.conversation !== conversation || message.text !== text) {
      throw failure(ConflictError, 'id-conflict', { id: message.id });
    }
    if (message.state === 'failed') await this.retry(message.id);
    else if (message.state !== 'queued') {
      const { id, state } = message;
      this.#components.events.emit('state', { id, conversation: message.conversation, state });
    }
    return this.#followed.get(message.id) ?? message;
  }

  /**
   * The server compares sealed bytes, which differ each time that a text is sealed. Whether the message that it has under
   * this id says the same can only be seen here.
   */
  async #sameAsStored(message: Message): Promise<Message | undefined> {
    const stored = await this.#components.library.message(message.id).catch(() => undefined);
    const same = stored?.mine && stored.conversation === message.conversation && stored.text === message.text;
    return same ? stored : undefined;
  }

  #advance(id: MessageId, ...states: readonly MessageState[]): void {
    const message = this.#followed.get(id);
    if (!message) return;
    for (const state of states) this.#change({ id, conversation: message.conversation, state });
    const early = this.#early.get(id);
    this.#early.delete(id);
    if (early) this.#change(early);
  }

  #fail(id: MessageId, code: string, params: ErrorParams): void {
    const message = this.#followed.get(id);
    this.#early.delete(id);
    if (!message) return;
    this.#change({ id, conversation: message.conversation, state: 'failed', failure: { code, params } });
  }

  /** Each state once, and none that is behind. */
  #change(change: StateChange): void {
    const { id, state, failure } = change;
    const message = this.#followed.get(id);
    if (message && RANK.indexOf(state) <= RANK.indexOf(message.state)) return;
    if (message) this.#follow({ ...message, state, ...(failure && { failure }) });
    this.#components.events.emit('state', change);
  }

  #queued(entry: Omit<Outgoing, 'body'>, to: readonly User[]): Message {
    const { id, conversation, sentAt, text } = entry;
    return { id, conversation, from: this.#components.me().user, to, mine: true, text, sentAt, state: 'queued' };
  }

  #follow(message: Message): void {
    this.#followed.set(message.id, message);
    if (this.#followed.size <= MAX_FOLLOWED) return;
    for (const [id, old] of this.#followed) {
      if (old.state === 'queued') continue;
      this.#followed.delete(id);
      return;
    }
  }
}
