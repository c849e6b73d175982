// What is erased in a conversation stays so, and takes along what was changed in it: whichever comes first, the change or the end of what it
// changes. Works on the two trees of a conversation (cache.ts); the writes that it finds are its caller's to make.
//
// A message is known by its id and its sender: others may have used its id, and nobody's deletion hides what another wrote. So on the word
// of somebody that theirs is gone their own changes of it go; what others did to it goes with what was erased on this device.
import { erased, isErased, type OpenedEvent } from '../timeline/events.ts';
import type { BlockTree, Entry, Merge } from './block-tree.ts';
import { type Additions, bare, placeOf } from './cache.ts';
import {
  aboutEntries,
  better,
  changedBy,
  isMarked,
  lineEntry,
  MARKS,
  markEntries,
  orderedEntry,
  outlives,
  read,
  receiptEntry,
} from './cached-entries.ts';
import { decodeCached } from './cached-forms.ts';
import type { CacheWrite } from './engine.ts';

export interface Trees {
  readonly inOrder: BlockTree;
  readonly about: BlockTree;
}

export interface Changed {
  readonly writes: readonly CacheWrite[];
  /** What says nothing any more, given or held before, as it was known last. */
  readonly gone: readonly OpenedEvent[];
}

export async function putting(trees: Trees, { events = [], receipts = [], lines = [] }: Additions): Promise<Changed> {
  const late = await lateOnes(events, trees);
  const ends = [...events.filter(isErased), ...[...late].map(erased)];
  const along = (await changesOf(ends, trees)).filter((change) => {
    return change.content?.kind === 'edit' && ends.some((end) => isBy(change, end));
  });
  const over = [...late, ...along];
  const held = [...events.filter((event) => !late.has(event)), ...over.map(erased)];
  const gone = [...over];
  const ordered = [...held.flatMap(orderedEntry), ...lines.map(lineEntry)];
  const about = [
    ...held.flatMap(aboutEntries),
    ...ends.flatMap((end) => markEntries(end, 'told')),
    ...receipts.map(receiptEntry),
  ];
  const inOrder = await trees.inOrder.writesFor(ordered, noting(gone));
  return { writes: [...inOrder, ...(await trees.about.writesFor(about, better, positions(over)))], gone: once(gone) };
}

/** Erased on this device, with whatever was added to it. */
export async function erasing(trees: Trees, events: readonly OpenedEvent[]): Promise<Changed> {
  const along = await changesOf(events, trees);
  const gone = once([...along, ...events]);
  const added = (await addedTo(events, trees)).filter((entry) => !outlives(read(entry)));
  const without = [...added.map(({ position }) => position), ...positions(gone)];
  const stubs = gone.flatMap((event) => orderedEntry(erased(event)));
  const marks = events.flatMap((event) => markEntries(event, 'done'));
  const inOrder = await trees.inOrder.writesFor(stubs, better);
  return { writes: [...inOrder, ...(await trees.about.writesFor(marks, better, without))], gone };
}

/** Without a trace, and what was added to it as well. */
export async function removing(trees: Trees, events: readonly OpenedEvent[]): Promise<Changed> {
  const along = await changesOf(events, trees);
  const gone = [...events, ...along];
  const added = await addedTo(events, trees);
  const inOrder = await trees.inOrder.writesWithout(gone.flatMap((event) => placeOf(event) ?? []));
  const without = [...added.map(({ position }) => position), ...positions(gone)];
  return { writes: [...inOrder, ...(await trees.about.writesWithout(without))], gone };
}

/** Of these, what can't be held as it is: it is erased already, or what it changes, or it comes together with its own end. */
async function lateOnes(events: readonly OpenedEvent[], { about }: Trees): Promise<ReadonlySet<OpenedEvent>> {
  const changes = events.filter(changedBy);
  const ids = changes.flatMap((event) => [event.id, changedBy(event) ?? event.id]);
  const marks = await about.beginningWith(ids.flatMap((id) => MARKS.map((mark) => bare(id) + mark)));
  const known = new Set(
    [...marks, ...events.filter(isErased).flatMap((end) => markEntries(end, 'told'))].map(({ position }) => position),
  );
  const late = events.filter((event) => {
    if (isErased(event)) return false;
    const target = changedBy(event);
    if (isMarked(known, event.id, event.sender)) return true;
    if (target === undefined) return false;
    return isMarked(known, target) || (event.content?.kind === 'edit' && isMarked(known, target, event.sender));
  });
  return new Set(late);
}

/** Edits of these and reactions to them that are held, by whomsoever. */
async function changesOf(events: readonly OpenedEvent[], trees: Trees): Promise<readonly OpenedEvent[]> {
  const added = (await addedTo(events, trees)).map(read);
  return added.flatMap((one) => (one.kind === 'event' && changedBy(one.event) ? [one.event] : []));
}

function addedTo(events: readonly OpenedEvent[], { about }: Trees): Promise<readonly Entry[]> {
  return about.beginningWith(events.map((event) => bare(event.id)));
}

function isBy(change: OpenedEvent, { id, sender }: OpenedEvent): boolean {
  return changedBy(change) === id && change.sender === sender;
}

function once(events: readonly OpenedEvent[]): readonly OpenedEvent[] {
  return [...new Map(events.map((event) => [event.id + event.sender, event])).values()];
}

function positions(events: readonly OpenedEvent[]): readonly string[] {
  return events.flatMap(aboutEntries).map(({ position }) => position);
}

/** What is told once more though it is erased, and what is erased by what comes, goes to the others: of one sender. */
function noting(gone: OpenedEvent[]): Merge {
  return (known, fresh) => {
    const [before, now] = [decodeCached(known), decodeCached(fresh)];
    if (before.kind === 'event' && now.kind === 'event' && before.event.sender === now.event.sender) {
      if (isErased(before.event) && now.event.content) gone.push(now.event);
      if (isErased(now.event) && before.event.content) gone.push(before.event);
    }
    return better(known, fresh);
  };
}
