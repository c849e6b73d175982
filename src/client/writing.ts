// What the own user says and does in conversations, on its way out: made into content that names what was seen before it, shown as queued
// at once, held like what others wrote once the server has it.
import type { MadeContent } from '../crypto/content.ts';
import { roleOf } from '../crypto/roster.ts';
import type { Stamp } from '../protocols/lan/wire.ts';
import type { Clock } from '../realm/clock.ts';
import { RefusedError } from '../realm/errors.ts';
import { type ConversationId, type MessageId, parseMessageId } from '../realm/ids.ts';
import type { Chats } from './chats.ts';
import type { Engine } from './engine/engine.ts';
import { failure } from './failure.ts';
import type { Outgoing } from './outgoing.ts';
import type { People } from './people.ts';
import { randomId } from './random-id.ts';
import type { Sending } from './sending.ts';
import type { Act, Me } from './surface.ts';
import type { OpenedEvent } from './timeline/events.ts';

export interface WritingComponents {
  readonly me: Me;
  readonly engine: Engine;
  readonly chats: Chats;
  readonly people: People;
  readonly clock: Pick<Clock, 'now'>;
  readonly sending: () => Pick<Sending, 'submit'>;
  /** The server has it. */
  readonly onSent: (event: OpenedEvent) => Promise<void>;
}

export class Writing {
  readonly #parts: WritingComponents;
  readonly #unsent = new Map<MessageId, OpenedEvent>();

  constructor(components: WritingComponents) {
    this.#parts = components;
  }

  /** Says or does something in a conversation that there is. Resolves with its id once it is queued. */
  async act(conversation: ConversationId, act: Act): Promise<MessageId> {
    const { engine, me, people, clock, chats, sending } = this.#parts;
    const group = (await engine.present(conversation)) ?? (await engine.group(conversation));
    if (!group) throw failure(RefusedError, 'conversation-unknown');
    const { kind, members } = group.roster;
    const others = members.map(({ user }) => user).filter((user) => user !== me.user.id);
    const recipients = kind === 'direct' ? (others.length > 0 ? others : [me.user.id]) : [];
    const seen = await chats.timeline(conversation);
    const after = seen.view().heads;
    seen.close();
    const sentAt = clock.now();
    const content: MadeContent = { ...act, sentAt, ...(after.length > 0 && { after }) };
    const id = parseMessageId(randomId());
    const to = await Promise.all(recipients.map((user) => people.byId(user).catch(() => undefined)));
    const known = to.filter((user) => user !== undefined);
    await sending().submit({ id, conversation, recipients, sentAt, content }, known);
    return id;
  }

  /** Says again what a conversation is called and how long its messages stay. Nobody who knows it is shown that. */
  async restate(conversation: ConversationId): Promise<void> {
    const seen = await this.#parts.chats.timeline(conversation);
    const { name, picture, timer } = seen.view();
    seen.close();
    if (name !== undefined || picture) {
      await this.act(conversation, {
        kind: 'profile',
        ...(name !== undefined && { name }),
        ...(picture && { picture }),
      });
    }
    if (timer > 0) await this.act(conversation, { kind: 'timer', expiresAfter: timer });
  }

  unsent(conversation: ConversationId): readonly OpenedEvent[] {
    return [...this.#unsent.values()].filter((event) => event.conversation === conversation);
  }

  seal({ id, conversation, recipients, content }: Outgoing): Promise<Uint8Array> {
    const { user, device } = this.#parts.me;
    return this.#parts.engine.seal(content, { conversation, message: id, sender: user.id, device }, recipients[0]);
  }

  queued({ id, conversation, recipients, content }: Outgoing): void {
    const { user, device } = this.#parts.me;
    const ids = { id, conversation, sender: user.id, device, recipients };
    const event: OpenedEvent = { ...ids, role: 'owner', state: 'queued', content };
    this.#unsent.set(id, event);
    this.#parts.chats.events([event]);
  }

  async stored({ id }: Outgoing, stamp: Stamp): Promise<void> {
    const event = this.#unsent.get(id);
    if (!event) return;
    this.#unsent.delete(id);
    const group = await this.#parts.engine.present(event.conversation);
    const role = (group && roleOf(group.roster, event.sender)) ?? 'member';
    await this.#parts.onSent({ ...event, role, state: 'stored', stamp });
  }
}
