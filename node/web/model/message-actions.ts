// What a person does to messages. Each shows at once, as queued; what could not even be queued is told beside the conversation.
import { type Signal, signal } from '@preact/signals';
import type { Act, Client } from '../../../src/client/client.ts';
import type { ConversationId } from '../../../src/realm/ids.ts';
import type { Chat } from './chat.ts';
import { type Failure, failureOf } from './failure-text.ts';
import type { ShownMessage } from './timeline.ts';

export interface MessageActionsComponents {
  readonly client: Pick<Client, 'act' | 'hide'>;
}

export class MessageActions {
  /** What went wrong last; gone with the next thing that works. */
  readonly failure: Signal<Failure | undefined> = signal(undefined);
  readonly #client: MessageActionsComponents['client'];

  constructor({ client }: MessageActionsComponents) {
    this.#client = client;
  }

  react(chat: Chat, message: ShownMessage, emoji: string): void {
    const on = !message.reactions.some((one) => one.emoji === emoji && one.mine);
    this.#act(chat.id, { kind: 'reaction', target: message.id, emoji, on });
  }

  pin(chat: Chat, { id, pinned }: ShownMessage): void {
    this.#act(chat.id, { kind: 'pin', target: id, on: !pinned });
  }

  deleteForAll(chat: Chat, { id }: ShownMessage): void {
    this.#act(chat.id, { kind: 'delete', targets: [id] });
  }

  deleteForMe(chat: Chat, { id }: ShownMessage): void {
    this.#try(this.#client.hide(chat.id, [id]));
  }

  /** The author's name goes along, as the forwarder's word. */
  forward(message: ShownMessage, to: ConversationId): void {
    const { text = '', file, forwardedFrom, sender, sentAt } = message;
    const { author, writtenAt } = forwardedFrom ?? { author: sender, writtenAt: sentAt };
    this.#act(to, { kind: 'forward', author, writtenAt, text, ...(file && { file }) });
  }

  rename(chat: Chat, name: string): void {
    this.#act(chat.id, { kind: 'profile', name });
  }

  /** Small, and drawn anew by this page; empty for none. */
  setPicture(chat: Chat, picture: Uint8Array): void {
    this.#act(chat.id, { kind: 'profile', picture });
  }

  /** A file that was chosen could not be read as a picture. */
  pictureUnreadable(): void {
    this.failure.value = { code: 'picture-unreadable', params: {} };
  }

  /** Milliseconds from reading; 0 for off. */
  setTimer(chat: Chat, expiresAfter: number): void {
    this.#act(chat.id, { kind: 'timer', expiresAfter });
  }

  #act(conversation: ConversationId, act: Act): void {
    this.#try(this.#client.act(conversation, act));
  }

  #try(done: Promise<unknown>): void {
    done.then(
      () => (this.failure.value = undefined),
      (error: unknown) => (this.failure.value = failureOf(error)),
    );
  }
}
