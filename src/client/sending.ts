// Sending: from a text to a queued message, to stored, delivered and read. Whatever happens on the way, a message keeps its
// id and its sealed body, so that the server can tell a repetition from a second message.
import { equals } from 'uint8arrays/equals';
import { encodeContent, type MadeContent } from '../crypto/content.ts';
import { MAX_BODY } from '../crypto/envelope.ts';
import { MAX_SEALING_BYTES } from '../crypto/sealed-message.ts';
import type { ClientFrame } from '../protocols/lan/frames.ts';
import type { ErrorParams } from '../protocols/lan/routes.ts';
import type { Stamp, User } from '../protocols/lan/wire.ts';
import type { Clock } from '../realm/clock.ts';
import { type CanopyError, ConflictError, codeOf, InputError, UnreachableError } from '../realm/errors.ts';
import { type ConversationId, directConversationId, type MessageId, parseMessageId } from '../realm/ids.ts';
import { fileOf, isMessage, textOf } from './bodies.ts';
import { sentenceOf } from './catalogue/catalogue.ts';
import { english } from './catalogue/en.ts';
import type { Emitter } from './emitter.ts';
import { failure } from './failure.ts';
import type { Library } from './library.ts';
import { Outbox, type Outgoing } from './outgoing.ts';
import type { People } from './people.ts';
import type { ClientStorage } from './platform.ts';
import { randomId } from './random-id.ts';
import { type ReceiptFrame, type Sent, SentMessages } from './sent-messages.ts';
import type { ClientEvents, Me, Message, Queued, SendRequest, StateChange } from './surface.ts';
import type { OpenedEvent } from './timeline/events.ts';
import { timed, untimed } from './timeline/fleeting.ts';

/** A refusal for one of these is over one day; the message stays queued meanwhile. */
const PASSING = new Set(['too-many-requests', 'disk-full', 'outbox-full', 'read-only', 'internal']);

export interface SendingComponents {
  readonly events: Emitter<ClientEvents>;
  readonly storage: ClientStorage;
  readonly people: People;
  readonly clock: Clock;
  readonly library: Pick<Library, 'opened'>;
  readonly me: Me;
  readonly send: (frame: ClientFrame) => boolean;
  readonly isConnected: () => boolean;
  /** Bytes of a sealed message that the realm takes, as the server said last; unknown before it was asked. */
  readonly mostBytes?: () => number | undefined;
  /** How long messages of a conversation stay once they are read, in milliseconds; 0 for always. */
  readonly timerOf: (conversation: ConversationId) => Promise<number>;
  readonly seal: (entry: Outgoing) => Promise<Uint8Array>;
  /** It waits here; and the server has it. For what shows the conversation. */
  readonly onQueued: (entry: Outgoing) => void;
  readonly onStored: (entry: Outgoing, stamp: Stamp) => Promise<void>;
}

export class Sending {
  readonly #components: SendingComponents;
  readonly #outbox: Outbox;
  readonly #sent: SentMessages;
  #turn: Promise<unknown> = Promise.resolve();
  /** Why the first of a conversation can't go yet. */
  readonly #reasons = new Map<ConversationId, string>();

  constructor(components: SendingComponents) {
    this.#components = components;
    this.#sent = new SentMessages(components.events);
    const onUnsealed = async (id: MessageId, error: CanopyError) => {
      if (error instanceof UnreachableError) {
        this.#waits(id, error.code);
        return this.#outbox.postpone();
      }
      await this.refused(id, error.code, {});
    };
    this.#outbox = new Outbox({ ...components, onUnsealed });
  }

  /** Takes up what an earlier run of this user's client left in the storage. */
  async open(): Promise<void> {
    const { people, me } = this.#components;
    for (const entry of await this.#outbox.open(`${me.user.id}/outbox/`)) {
      if (this.#sent.get(entry.id)) continue;
      const to = await Promise.all(entry.recipients.map((id) => people.byId(id).catch(() => undefined)));
      const known = to.filter((user) => user !== undefined);
      const message = this.#messageOf(entry, known);
      this.#sent.set({ entry, message });
      this.#show(entry, message);
      if (entry.failure) this.#sent.fail(entry.id, entry.failure.code, entry.failure.params);
    }
  }

  /** The person no longer wants what the server refused. Does nothing for any other. */
  async discard(id: MessageId): Promise<void> {
    if (this.#sent.get(id)?.message.state !== 'failed') return;
    this.#sent.delete(id);
    await this.#outbox.remove(id);
  }

  /** A text to one person. */
  async send(request: SendRequest, user: User): Promise<Message> {
    const { text, file } = request;
    if (text === '' && !file) throw failure(InputError, 'message-empty');
    const { me, clock } = this.#components;
    const id = request.id ?? parseMessageId(randomId());
    const conversation = directConversationId(me.user.id, user.id);
    const sentAt = clock.now();
    const content: MadeContent = await this.#timed(
      conversation,
      file ? { kind: 'file', file, ...(text !== '' && { text }), sentAt } : { kind: 'text', text, sentAt },
    );
    return this.submit({ id, conversation, recipients: [user.id], sentAt, content }, [user]);
  }

  /** One after the other, so that what is said quickly keeps its order. */
  #timed(conversation: ConversationId, content: MadeContent): Promise<MadeContent> {
    const before = this.#turn;
    const inTurn = async () => {
      await before;
      return timed(content, await this.#components.timerOf(conversation));
    };
    const mine = inTurn();
    this.#turn = mine.catch(() => {});
    return mine;
  }

  /** What the realm's policy refuses is told now, and not when it was queued long ago. @throws InputError `message-too-long` */
  #assertFits(length: number): void {
    const most = Math.min(MAX_BODY, this.#components.mostBytes?.() ?? MAX_BODY);
    if (length + MAX_SEALING_BYTES <= most) return;
    throw new InputError('message-too-long', `a content of ${length} bytes; sealed, a message has at most ${most}`);
  }

  /** Content of any kind. @throws ConflictError `id-conflict`; InputError when it can't be sent as it is */
  async submit(entry: Outgoing, to: readonly User[]): Promise<Message> {
    const before = this.#sent.get(entry.id);
    if (before) return this.#repeat(before, entry);
    // What no server would take is refused before it is shown as queued.
    this.#assertFits(encodeContent(entry.content).length);
    const message = this.#messageOf(entry, to);
    this.#sent.set({ entry, message });
    try {
      await this.#outbox.add(entry);
    } catch (error) {
      // Whoever wrote it is told, and has it.
      this.#sent.delete(entry.id);
      throw error;
    }
    // Only now: what is shown as said is still there when the program ends.
    this.#show(entry, message);
    this.#outbox.go();
    return message;
  }

  async retry(id: MessageId): Promise<void> {
    const entry = this.#sent.again(id);
    if (!entry) return;
    try {
      await this.#outbox.add(entry);
    } catch (error) {
      this.#sent.fail(id, codeOf(error), {});
      throw error;
    }
    this.#outbox.go();
  }

  knows(id: MessageId): boolean {
    return this.#sent.get(id) !== undefined;
  }

  /** The server has it on disk. */
  async stored(id: MessageId, stamp: Stamp): Promise<void> {
    const entry = this.#sent.stamp(id, stamp);
    if (entry) {
      this.#reasons.delete(entry.conversation);
      await this.#components.onStored(entry, stamp);
    }
    await this.#outbox.remove(id);
    this.#sent.advance(id, 'stored');
  }

  /** The server tells of a message with this id. Of an earlier run it may say something else: then the refusal follows. */
  async echoed(echo: OpenedEvent, stamp: Stamp): Promise<void> {
    const sent = this.#sent.get(echo.id);
    if (sent && saysTheSame(sent.entry, echo)) await this.stored(echo.id, stamp);
  }

  async refused(id: MessageId, code: string, params: ErrorParams): Promise<void> {
    if (PASSING.has(code)) {
      this.#outbox.postpone();
      this.#components.events.emit('error', { code, params, message: sentenceOf(english, code, params) });
      return;
    }
    const entry = this.#sent.get(id)?.entry;
    const stored = code === 'id-conflict' && entry ? await this.#sameAsStored(entry) : undefined;
    if (!stored) {
      await this.#outbox.giveUp(id, { code, params });
      return this.#sent.fail(id, code, params);
    }
    await this.#outbox.remove(id);
    if (entry && stored.stamp) await this.#components.onStored(entry, stored.stamp);
    this.#sent.advance(id, 'stored', stored.state);
  }

  /** What recipients did; also of messages that another run of this client sent. */
  receipt(frame: ReceiptFrame): void {
    this.#sent.receipt(frame);
  }

  failed(): readonly StateChange[] {
    return this.#sent.failed();
  }

  queued(): readonly Queued[] {
    return this.#outbox.waiting.map(({ id, conversation }) => {
      const code = this.#reasons.get(conversation);
      return { id, conversation, ...(code !== undefined && { code }) };
    });
  }

  #waits(id: MessageId, code: string): void {
    const conversation = this.#sent.conversationOf(id);
    if (!conversation || this.#reasons.get(conversation) === code) return;
    this.#reasons.set(conversation, code);
    this.#components.events.emit('waiting', { id, conversation, code });
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

  /** The same id again: harmless with the same content, told again how far it is. */
  async #repeat({ entry, message }: Sent, again: Outgoing): Promise<Message> {
    const { id, conversation } = entry;
    const isSame = equals(encodeContent(undated(entry.content)), encodeContent(undated(again.content)));
    if (conversation !== again.conversation || !isSame) throw failure(ConflictError, 'id-conflict', { id });
    const { state } = message;
    if (state === 'failed') await this.retry(id);
    else if (state !== 'queued') this.#components.events.emit('state', { id, conversation, state });
    return this.#sent.get(id)?.message ?? message;
  }

  /**
   * The server compares sealed bytes, which differ each time that content is sealed. Whether the message that it has under
   * this id says the same can only be seen here.
   */
  async #sameAsStored(entry: Outgoing): Promise<OpenedEvent | undefined> {
    const stored = await this.#components.library.opened(entry.id).catch(() => undefined);
    return stored && saysTheSame(entry, stored) && stored.sender === this.#components.me.user.id ? stored : undefined;
  }

  #messageOf({ id, conversation, sentAt, content }: Outgoing, to: readonly User[]): Message {
    const shown = { text: textOf({ content }), ...fileOf({ content }), sentAt, state: 'queued' } as const;
    return { id, conversation, from: this.#components.me.user, to, mine: true, ...shown };
  }

  #show(entry: Outgoing, message: Message): void {
    const { events, onQueued } = this.#components;
    onQueued(entry);
    if (isMessage(entry)) events.emit('message', message);
  }
}

/** Who asks for the same thing twice does so at two times, and may have seen more, and another timer, in between. */
function undated(content: MadeContent): MadeContent {
  const { after: _seen, ...rest } = untimed(content);
  return { ...rest, sentAt: 0 };
}

function saysTheSame(entry: Outgoing, { conversation, content }: OpenedEvent): boolean {
  if (conversation !== entry.conversation || !content || content.kind === 'unknown') return false;
  return equals(encodeContent(undated(content)), encodeContent(undated(entry.content)));
}
