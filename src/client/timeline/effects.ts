// What events do to one another: edits, deletions, reactions, pins. The later one in the order of the conversation wins, so that
// every device that has the same events comes to the same result.
import { equals } from 'uint8arrays/equals';
import type { ProfileContent } from '../../crypto/content.ts';
import { roleMay } from '../../crypto/mls/rights.ts';
import type { RosterKind } from '../../crypto/roster.ts';
import type { MessageId, UserId } from '../../realm/ids.ts';
import type { OpenedEvent } from './events.ts';

/** Different reactions of one person to one message; more are a nuisance. */
const MAX_REACTIONS = 8;

export interface Edit {
  readonly text: string;
  readonly mentions: readonly UserId[];
  readonly at: number;
}

export interface Effects {
  /** The last edit by the author. */
  readonly edits: ReadonlyMap<MessageId, Edit>;
  /** Who deleted it for all. */
  readonly deleted: ReadonlyMap<MessageId, UserId>;
  /** Emoji to people, each in the order of their first use. */
  readonly reactions: ReadonlyMap<MessageId, ReadonlyMap<string, ReadonlySet<UserId>>>;
  readonly pinned: ReadonlySet<MessageId>;
  readonly name: string | undefined;
  readonly picture: Uint8Array | undefined;
  /** Milliseconds; 0 for never. */
  readonly timer: number;
  /** What says only what stands already, for the sake of who came later. */
  readonly restated: ReadonlySet<MessageId>;
}

type Events = ReadonlyMap<MessageId, OpenedEvent>;

export class Gathering {
  readonly edits = new Map<MessageId, Edit>();
  readonly deleted = new Map<MessageId, UserId>();
  readonly reactions = new Map<MessageId, Map<string, Set<UserId>>>();
  readonly pinned = new Set<MessageId>();
  name: string | undefined;
  picture: Uint8Array | undefined;
  timer = 0;
  readonly restated = new Set<MessageId>();
}

/** `ordered`: the events that count, in causal order. */
export function effectsOf(ordered: readonly OpenedEvent[], events: Events, kind: RosterKind): Effects {
  const made = new Gathering();
  for (const event of ordered) gather(made, event, events, kind);
  return made;
}

export function gather(made: Gathering, event: OpenedEvent, events: Events, kind: RosterKind): void {
  const { content, sender } = event;
  switch (content?.kind) {
    case 'edit': {
      // Nobody edits what another person wrote.
      if (events.get(content.target)?.sender !== sender) return;
      const { text, mentions = [], sentAt } = content;
      made.edits.set(content.target, { text, mentions, at: event.stamp?.ms ?? sentAt });
      return;
    }
    case 'delete':
      for (const target of content.targets) remove(made, event, events.get(target), kind);
      return;
    case 'reaction':
      return react(made, content.target, content.emoji, sender, content.on);
    case 'pin':
      if (content.on) made.pinned.add(content.target);
      else made.pinned.delete(content.target);
      return;
    case 'profile':
      if (saysNothingNew(made, content)) made.restated.add(event.id);
      made.name = content.name ?? made.name;
      made.picture = content.picture ?? made.picture;
      return;
    case 'timer':
      if (content.expiresAfter === made.timer) made.restated.add(event.id);
      made.timer = content.expiresAfter;
      return;
    default:
  }
}

/** Of what the event does, that which it does to one message. */
export function gatherFor(
  made: Gathering,
  target: MessageId,
  event: OpenedEvent,
  events: Events,
  kind: RosterKind,
): void {
  if (event.content?.kind === 'delete') remove(made, event, events.get(target), kind);
  else gather(made, event, events, kind);
}

function saysNothingNew(made: Gathering, { name, picture }: ProfileContent): boolean {
  const isOtherPicture = picture && !(made.picture && equals(picture, made.picture));
  return !isOtherPicture && (name === undefined || name === made.name);
}

/** By its author, or by who may delete what others wrote. The first one's name stays on the tombstone. */
function remove(made: Gathering, by: OpenedEvent, target: OpenedEvent | undefined, kind: RosterKind): void {
  if (!target || made.deleted.has(target.id)) return;
  if (target.sender === by.sender || roleMay(kind, by.role, 'delete-of-others')) made.deleted.set(target.id, by.sender);
}

function react(made: Gathering, target: MessageId, emoji: string, person: UserId, on: boolean): void {
  const all = made.reactions.get(target) ?? new Map<string, Set<UserId>>();
  const people = all.get(emoji) ?? new Set<UserId>();
  if (!on) people.delete(person);
  else if ([...all.values()].filter((set) => set.has(person)).length < MAX_REACTIONS) people.add(person);
  if (people.size > 0) all.set(emoji, people);
  else all.delete(emoji);
  made.reactions.set(target, all);
}
