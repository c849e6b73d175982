// What a person is writing in one conversation: something new, an answer, or a change of what they said before.
import { computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { Client, User } from '../../../src/client/client.ts';
import { mentionedIn } from '../../../src/client/mentions.ts';
import type { MessageId } from '../../../src/realm/ids.ts';
import type { Chat } from './chat.ts';
import type { Drafts } from './drafts.ts';
import { type Failure, failureOf } from './failure-text.ts';
import type { FileSending } from './file-sending.ts';
import { roomLeft } from './message-length.ts';
import type { ShownMessage } from './timeline.ts';

/** Characters that go with a file and its picture in one message; more goes by itself. */
const MAX_CAPTION = 10_000;

export interface ComposingComponents {
  readonly client: Pick<Client, 'send' | 'act'>;
  readonly drafts: Drafts;
  readonly chat: Chat;
  /** Who can be named; the others of the conversation. */
  readonly people: () => readonly User[];
  readonly onSent: () => void;
}

interface Change {
  readonly target: MessageId;
  readonly text: string;
}

export class Composing {
  readonly text: ReadonlySignal<string>;
  readonly replyTo: ReadonlySignal<MessageId | undefined>;
  readonly editing: Signal<Change | undefined> = signal(undefined);
  /** What went wrong with the last one; it stands in the field again. */
  readonly failure: Signal<Failure | undefined> = signal(undefined);
  /** Counts what asks for the field's attention. */
  readonly calls: Signal<number> = signal(0);
  readonly #parts: ComposingComponents;
  #sending: Promise<unknown> = Promise.resolve();

  constructor(components: ComposingComponents) {
    this.#parts = components;
    const { drafts, chat } = components;
    this.text = computed(() => this.editing.value?.text ?? drafts.of(chat.id).value.text);
    this.replyTo = computed(() => (this.editing.value ? undefined : drafts.of(chat.id).value.replyTo));
  }

  type(text: string): void {
    const { drafts, chat } = this.#parts;
    this.failure.value = undefined;
    const change = this.editing.peek();
    if (change) this.editing.value = { ...change, text };
    else drafts.set(chat.id, { text, replyTo: this.replyTo.peek() });
  }

  reply(message: Pick<ShownMessage, 'id'>): void {
    const { drafts, chat } = this.#parts;
    this.editing.value = undefined;
    drafts.set(chat.id, { text: this.text.peek(), replyTo: message.id });
    this.calls.value += 1;
  }

  edit({ id, text }: Pick<ShownMessage, 'id' | 'text'>): void {
    this.editing.value = { target: id, text: text ?? '' };
    this.calls.value += 1;
  }

  /** Ends the change or the answer; what was typed as new stays. */
  cancel(): boolean {
    const { drafts, chat } = this.#parts;
    if (this.editing.peek()) this.editing.value = undefined;
    else if (this.replyTo.peek()) drafts.set(chat.id, { text: this.text.peek() });
    else return false;
    this.calls.value += 1;
    return true;
  }

  /** Files that are attached take the text along. False when there is nothing to send, or too much. */
  send(files?: Pick<FileSending, 'send'>): boolean {
    const text = this.text.peek().trim();
    if (roomLeft(text) < 0) return false;
    const change = this.editing.peek();
    const replyTo = this.replyTo.peek();
    const isCaption = text.length <= MAX_CAPTION;
    if (!change && files?.send(this.#parts.chat.id, isCaption ? text : '', replyTo) && isCaption) {
      this.#parts.drafts.set(this.#parts.chat.id, { text: '' });
      this.failure.value = undefined;
      this.#parts.onSent();
      return true;
    }
    if (text === '') return false;
    if (change) this.editing.value = undefined;
    const left = change ? undefined : this.#parts.drafts.leave(this.#parts.chat.id);
    this.failure.value = undefined;
    this.#parts.onSent();
    // one after the other, so that they stand in the order in which they were written
    this.#sending = this.#sending
      .then(() => (change ? this.#change(change.target, text) : this.#say(text, replyTo)))
      .catch((error: unknown) => this.#failed(error, text, change, replyTo))
      .finally(left);
    return true;
  }

  #say(text: string, replyTo: MessageId | undefined): Promise<unknown> {
    const { client, chat, people } = this.#parts;
    const mentions = mentionedIn(text, people()).map(({ id }) => id);
    // the first words to somebody begin the conversation
    if (chat.person && !replyTo && mentions.length === 0) return client.send({ to: chat.person, text });
    const more = { ...(replyTo && { replyTo }), ...(mentions.length > 0 && { mentions }) };
    return client.act(chat.id, { kind: 'text', text, ...more });
  }

  #change(target: MessageId, text: string): Promise<unknown> {
    const { client, chat, people } = this.#parts;
    const mentions = mentionedIn(text, people()).map(({ id }) => id);
    return client.act(chat.id, { kind: 'edit', target, text, ...(mentions.length > 0 && { mentions }) });
  }

  /** Nothing written is lost: it stands in the field again, before what was begun meanwhile. */
  #failed(error: unknown, text: string, change: Change | undefined, replyTo: MessageId | undefined): void {
    const { drafts, chat } = this.#parts;
    this.failure.value = failureOf(error);
    if (change) this.editing.value = { ...change, text };
    else {
      const since = drafts.of(chat.id).peek().text;
      drafts.set(chat.id, { text: since === '' ? text : `${text}\n${since}`, replyTo });
    }
  }
}
