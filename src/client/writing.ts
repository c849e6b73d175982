// What the own user says and does in conversations, on its way out: made into content that names what was seen before it, shown as queued
// at once, held like what others wrote once the server has it.
import type { DeletedPlace, MadeContent } from '../crypto/content.ts';
import { type GroupAct, roleMay } from '../crypto/mls/rights.ts';
import { type Roster, roleOf } from '../crypto/roster.ts';
import type { Stamp } from '../protocols/lan/wire.ts';
import type { Clock } from '../realm/clock.ts';
import { RefusedError, UnreachableError } from '../realm/errors.ts';
import { type ConversationId, type MessageId, parseMessageId, type UserId } from '../realm/ids.ts';
import type { Chats } from './chats.ts';
import type { Engine } from './engine/engine.ts';
import { failure } from './failure.ts';
import type { Outgoing } from './outgoing.ts';
import type { People } from './people.ts';
import { randomId } from './random-id.ts';
import type { Sending } from './sending.ts';
import type { Act, Me } from './surface.ts';
import type { OpenedEvent } from './timeline/events.ts';
import { timed } from './timeline/fleeting.ts';

export interface WritingComponents {
  readonly me: Me;
  readonly engine: Engine;
  readonly chats: Chats;
  readonly people: People;
  readonly clock: Pick<Clock, 'now'>;
  readonly sending: () => Pick<Sending, 'submit'>;
  readonly isConnected: () => boolean;
  /** As the server lists a conversation of two. */
  readonly othersOf: (conversation: ConversationId) => Promise<readonly UserId[] | undefined>;
  /** The server has it. */
  readonly onSent: (event: OpenedEvent) => Promise<void>;
}

/** A UUID of version 8 is made of the two (docs/protocols/groups-order.md). */
function isOfTwo(conversation: ConversationId): boolean {
  return conversation.charAt(VERSION_AT) === '8';
}
const VERSION_AT = 14;
/** What needs a right in a group that not everybody who writes there has. */
const RIGHTS: ReadonlyMap<string, GroupAct> = new Map([
  ['timer', 'set-timer'],
  ['profile', 'describe'],
  ['pin', 'pin'],
]);

export class Writing {
  readonly #parts: WritingComponents;
  readonly #unsent = new Map<MessageId, OpenedEvent>();

  constructor(components: WritingComponents) {
    this.#parts = components;
  }

  /** Says or does something in a conversation that there is. Resolves with its id once it is queued. */
  async act(conversation: ConversationId, act: Act): Promise<MessageId> {
    const { people, clock, chats, sending } = this.#parts;
    await this.#assertMay(conversation, act);
    const recipients = await this.#recipients(conversation);
    const seen = await chats.timeline(conversation);
    const { heads: after, timer } = seen.view();
    seen.close();
    const sentAt = clock.now();
    const content: MadeContent = { ...timed(act, timer), sentAt, ...(after.length > 0 && { after }) };
    const id = parseMessageId(randomId());
    const to = await Promise.all(recipients.map((user) => people.byId(user).catch(() => undefined)));
    const known = to.filter((user) => user !== undefined);
    await sending().submit({ id, conversation, recipients, sentAt, content }, known);
    return id;
  }

  /** What all others would show as not allowed is not sent at all. @throws RefusedError `not-allowed` */
  async #assertMay(conversation: ConversationId, { kind }: Act): Promise<void> {
    const right = RIGHTS.get(kind);
    if (!right) return;
    const { engine, isConnected, me } = this.#parts;
    const may = (roster: Roster | undefined) => {
      return !roster || roleMay(roster.kind, roleOf(roster, me.user.id), right);
    };
    if (may((await engine.present(conversation))?.roster ?? engine.seen(conversation)?.roster)) return;
    // This device may not have heard yet of a role that was given.
    if (isConnected() && may(await this.#joined(conversation))) return;
    throw failure(RefusedError, 'not-allowed');
  }

  /**
   * Of a conversation of two. Where this device has not joined yet and home is out of reach, what is written waits for it.
   * @throws RefusedError `conversation-unknown`, `not-a-member`, …; UnreachableError when nothing is known of it
   */
  async #recipients(conversation: ConversationId): Promise<readonly UserId[]> {
    const { engine, me, isConnected, othersOf } = this.#parts;
    const present = (await engine.present(conversation))?.roster;
    const known = present ?? engine.seen(conversation)?.roster;
    if (known ? known.kind !== 'direct' : !isOfTwo(conversation)) {
      // That there is no such group, or no place in it, is told now if it can be known now.
      if (!present && isConnected()) await this.#joined(conversation);
      return [];
    }
    // Nobody else has to be asked who they are, who may be away: the id is made of the two.
    const [unsent] = this.unsent(conversation);
    const listed = known?.members.map(({ user }) => user) ?? unsent?.recipients ?? (await othersOf(conversation));
    if (!listed) throw failure(RefusedError, 'conversation-unknown');
    const others = listed.filter((user) => user !== me.user.id);
    return others.length > 0 ? others : [me.user.id];
  }

  async #joined(conversation: ConversationId): Promise<Roster | undefined> {
    try {
      const group = await this.#parts.engine.group(conversation);
      if (!group) throw failure(RefusedError, 'conversation-unknown');
      return group.roster;
    } catch (error) {
      if (!(error instanceof UnreachableError)) throw error;
      return undefined;
    }
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

  async seal({ id, conversation, recipients, content }: Outgoing): Promise<Uint8Array> {
    const { user, device } = this.#parts.me;
    const said = content.kind === 'delete' ? await this.#placed(conversation, content) : content;
    return this.#parts.engine.seal(said, { conversation, message: id, sender: user.id, device }, recipients[0]);
  }

  /** Only now: what was written just before is stored by now (outgoing.ts), and has its stamp. */
  async #placed(conversation: ConversationId, content: MadeContent & { readonly kind: 'delete' }) {
    const places: DeletedPlace[] = [];
    for (const target of content.targets) {
      const event = await this.#parts.chats.event(conversation, target);
      const isOwn = event?.sender === this.#parts.me.user.id;
      if (isOwn && event.stamp) places.push({ target, device: event.device, stamp: event.stamp });
    }
    return places.length > 0 ? { ...content, places } : content;
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
