// What a timeline is made of: opened events and what is known about them besides.
import type { Content } from '../../crypto/content.ts';
import type { MemberRole } from '../../crypto/roster.ts';
import type { Stamp } from '../../protocols/lan/wire.ts';
import type { ConversationId, DeviceId, MessageId, UserId } from '../../realm/ids.ts';

/** In the order in which an event moves through them, and never back: queued here, stored by the server, held by a device, read. */
const STATES = ['queued', 'stored', 'failed', 'delivered', 'read'] as const;
export type MessageState = (typeof STATES)[number];

/** One event of a conversation, opened or not. What decides about it was settled when it was opened, alike on every device. */
export interface OpenedEvent {
  readonly id: MessageId;
  readonly conversation: ConversationId;
  readonly sender: UserId;
  readonly device: DeviceId;
  readonly recipients: readonly UserId[];
  /** Of the sender's node; missing while the event waits here to be sent. */
  readonly stamp?: Stamp;
  /** When the own server had it, by that server's clock. */
  readonly arrivedAt?: number;
  /** Of the sender, in the roster of the epoch that the event was sealed in. In a direct conversation both are owners. */
  readonly role: MemberRole;
  /** As far as the server told with the event itself. */
  readonly state: MessageState;
  readonly content?: Content;
  /** Stamped so many milliseconds after its sender was removed: written behind a cut, or a lie that can't be told from that. */
  readonly lateBy?: number;
  /** Why there is no content: a stable code. */
  readonly problem?: string;
}

/** What one recipient did with an event. */
export interface Receipt {
  readonly id: MessageId;
  readonly by: UserId;
  readonly state: 'delivered' | 'read' | 'failed';
  readonly at: number;
  readonly code?: string;
}

/** The own user read everything that the own server had by `arrivedAt`, and did so at `at`. */
export interface ReadMark {
  readonly arrivedAt: number;
  readonly at: number;
}

/** A line that no person wrote: found by this client when it checked a commit or an identity. */
export interface SystemLine {
  /** The same on each device that finds the same. */
  readonly id: string;
  readonly what:
    | 'created'
    | 'joined'
    | 'left'
    | 'removed'
    | 'role-changed'
    | 'identity-changed'
    | 'device-added'
    // Asked for while home was out of reach.
    | 'remove-asked'
    | 'role-asked'
    | 'add-asked'
    // `by` made a change that this device refused.
    | 'commit-refused';
  readonly by?: UserId;
  readonly users: readonly UserId[];
  readonly stamp: Stamp;
}

/** Of an event whose content was taken back or has disappeared: its place stays, so that it does not come back. */
const ERASED = 'erased';

export function isErased({ problem }: Pick<OpenedEvent, 'problem'>): boolean {
  return problem === ERASED;
}

export function erased({ content: _gone, ...event }: OpenedEvent): OpenedEvent {
  return { ...event, problem: ERASED };
}

/**
 * With what stands in the place of messages that their sender deleted and that this device may never have had: the server erased them.
 * Only of the sender's own: of others anybody could say where they stood.
 */
export function withTombstones(events: readonly OpenedEvent[]): readonly OpenedEvent[] {
  return events.flatMap((event) => {
    if (event.content?.kind !== 'delete') return [event];
    const { conversation, sender, recipients, role, content } = event;
    const places = content.places?.filter(({ target }) => content.targets.includes(target)) ?? [];
    const gone = places.map(({ target: id, device, stamp }): OpenedEvent => {
      return { id, conversation, sender, device, recipients, role, stamp, state: 'stored', problem: ERASED };
    });
    return [event, ...gone];
  });
}

/** Of events of two senders under one id: nobody's deletion hides what another wrote. */
export function unhidden(a: OpenedEvent, b: OpenedEvent): OpenedEvent | undefined {
  if (a.sender === b.sender || isErased(a) === isErased(b)) return undefined;
  return isErased(a) ? b : a;
}

export function laterState(a: MessageState, b: MessageState): MessageState {
  return STATES.indexOf(a) >= STATES.indexOf(b) ? a : b;
}
