// How events, receipts and lines lie in the cache's two orders (cache.ts): where each stands, and which of two forms stays.
import { sha256 } from '@noble/hashes/sha2.js';
import { toString } from 'uint8arrays/to-string';
import { idBytes, type MessageId, type UserId } from '../../realm/ids.ts';
import {
  erased,
  isErased,
  laterState,
  type OpenedEvent,
  type Receipt,
  type SystemLine,
  unhidden,
} from '../timeline/events.ts';
import type { Entry } from './block-tree.ts';
import { bare, placeAt, placeOf } from './cache.ts';
import { damaged } from './cache-secret.ts';
import { type Cached, decodeCached, encodeCached, RECEIPTS } from './cached-forms.ts';

/** What is about the conversation and not about one event. */
export const WHOLE = '0'.repeat(32);
const utf8 = new TextEncoder();

/** @throws LocalError `cache-damaged` */
export function read({ bytes }: Entry): Cached {
  try {
    return decodeCached(bytes);
  } catch (cause) {
    throw damaged(cause);
  }
}

/** That it is erased, whose deletion it was, and who had read it: nothing of that says what it said. */
export function outlives(cached: Cached): boolean {
  if (cached.kind !== 'event') return cached.kind === 'receipt';
  return isErased(cached.event) || cached.event.content?.kind === 'delete';
}

/** What an edit or a reaction is of: it says something of that message, or nothing without it. */
export function changedBy({ content }: OpenedEvent): MessageId | undefined {
  return content?.kind === 'edit' || content?.kind === 'reaction' ? content.target : undefined;
}

/** Behind the id: its sender said so, or it was erased on this device. */
const LETTERS = { told: 'c', done: 'd' } as const;
export const MARKS: readonly string[] = Object.values(LETTERS);

/** That an event is erased: by that what changes it is known when it comes later, wherever the event itself stands. */
export function markEntries(event: OpenedEvent, how: keyof typeof LETTERS): Entry[] {
  if (!event.stamp) return [];
  const bytes = encodeCached({ kind: 'event', event: erased(event) });
  return [{ position: bare(event.id) + LETTERS[how] + toString(idBytes(event.sender), 'hex'), bytes }];
}

/** Without a sender: whether one was erased on this device. */
export function isMarked(positions: ReadonlySet<string>, id: MessageId, sender?: UserId): boolean {
  const by = sender && toString(idBytes(sender), 'hex');
  if (by === undefined) return [...positions].some((position) => position.startsWith(bare(id) + LETTERS.done));
  return MARKS.some((mark) => positions.has(bare(id) + mark + by));
}

export function orderedEntry(event: OpenedEvent): Entry[] {
  const position = placeOf(event);
  return position === undefined ? [] : [{ position, bytes: encodeCached({ kind: 'event', event }) }];
}

/** Beside its place in the order: what it is about, so that it comes with its target however far away that stands. */
export function aboutEntries(event: OpenedEvent): Entry[] {
  if (!event.stamp) return [];
  const bytes = encodeCached({ kind: 'event', event });
  return targetsOf(event).map((target) => ({ position: `${target}e${bare(event.id)}`, bytes }));
}

function targetsOf({ content }: OpenedEvent): readonly string[] {
  switch (content?.kind) {
    case 'edit':
    case 'reaction':
      return [bare(content.target)];
    case 'delete':
      return content.targets.map(bare);
    case 'pin':
      return [bare(content.target), WHOLE];
    case 'profile':
    case 'timer':
      return [WHOLE];
    default:
      return [];
  }
}

export function receiptEntry(receipt: Receipt): Entry {
  const who = toString(idBytes(receipt.by), 'hex');
  const position = `${bare(receipt.id)}f${who}${RECEIPTS.indexOf(receipt.state)}`;
  return { position, bytes: encodeCached({ kind: 'receipt', receipt }) };
}

export function lineEntry(line: SystemLine): Entry {
  const id = toString(sha256(utf8.encode(line.id)), 'hex').slice(0, 32);
  return { position: placeAt(line.stamp, id), bytes: encodeCached({ kind: 'line', line }) };
}

/** Of two forms of one entry the one that says more. */
export function better(known: Uint8Array, fresh: Uint8Array): Uint8Array {
  const [a, b] = [decodeCached(known), decodeCached(fresh)];
  if (a.kind === 'receipt' && b.kind === 'receipt') return a.receipt.at <= b.receipt.at ? known : fresh;
  if (a.kind !== 'event' || b.kind !== 'event') return known;
  const open = unhidden(a.event, b.event);
  if (open) return open === a.event ? known : fresh;
  const isFirst = isErased(a.event) || (!isErased(b.event) && (a.event.content || !b.event.content));
  const [event, other] = isFirst ? [a.event, b.event] : [b.event, a.event];
  const state = laterState(event.state, other.state);
  const arrivedAt = event.arrivedAt ?? other.arrivedAt;
  return encodeCached({ kind: 'event', event: { ...event, state, ...(arrivedAt !== undefined && { arrivedAt }) } });
}
