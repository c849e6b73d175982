// What was said in a conversation, with a way to the end. What is loaded above or arrives below does not move what a person is
// reading.
import type { VNode } from 'preact';
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import type { Chat } from '../model/chat.ts';
import { chatName } from '../model/chat.ts';
import { shownLines } from '../model/long-text.ts';
import { type Row, RowLayout, remembered } from '../model/rows.ts';
import type { Timeline } from '../model/timeline.ts';
import { useWords, useWorkspace } from './context.ts';
import { FloatingDay } from './floating-day.tsx';
import { Icon } from './icon.tsx';
import { DayLine, NewLine, SystemLineView } from './line-views.tsx';
import { MessageRow } from './message-row.tsx';
import { focusRow, onRowKey } from './row-keys.ts';
import { useStage } from './stage.ts';
import { TimelineHead } from './timeline-head.tsx';
import { useVirtualRows, type VirtualRows } from './virtual-rows.ts';

/** Rows from the top at which the page before is asked for. */
const TOP = 15;
/** Pixels of rows that were not drawn yet, as they are on a wide screen: what is right is not laid out a second time. */
const HEIGHTS = { head: 54, day: 44, new: 36, line: 30, message: 39.75, textLine: 21.75, gap: 10 } as const;
/** What else a message may have, in pixels. */
const PARTS = { reactions: 28, file: 64 } as const;

type Shown = Row | { readonly kind: 'head'; readonly key: 'head' };
const HEAD = { kind: 'head', key: 'head' } as const;

export function TimelineView({ chat }: { readonly chat: Chat }) {
  const { chats } = useWorkspace();
  const words = useWords();
  const timeline = chats.timelineOf(chat);
  const { rows, keys } = useRows(timeline);
  const estimate = useCallback((index: number) => estimateOf(rows[index]), [rows]);
  const isOpen = timeline.isOpen.value;
  const divider = chats.firstNew.value === undefined ? -1 : rows.findIndex(({ kind }) => kind === 'new');
  const list = useVirtualRows({ keys, estimate, isOpen, opensAt: divider === -1 ? undefined : divider });
  useOpening(timeline, rows, list);
  useReading(timeline, rows, list);
  useSought(rows, list);
  const dayAt = dayOf(rows, list.onScreen?.first);
  const frames = useFrames(chat, timeline, rows, list);
  return (
    <div class="timeline-frame">
      {dayAt !== undefined && <FloatingDay at={dayAt} box={list.box} />}
      <div
        ref={list.box}
        class="timeline"
        role="log"
        aria-live={list.isAtEnd ? 'polite' : 'off'}
        aria-label={words.t('chat.label', { name: chatName(words, chat) })}
        aria-busy={timeline.loading.value === 'older'}
        tabIndex={0}
        onKeyDown={(event) => onRowKey(event, rows, list)}
      >
        {isOpen ? (
          <div class="timeline-inner" style={{ height: `${list.height}px` }}>
            <div class="timeline-rows" style={{ transform: `translateY(${list.shown[0]?.start ?? 0}px)` }}>
              {frames}
            </div>
          </div>
        ) : (
          <TimelineHead timeline={timeline} chat={chat} />
        )}
      </div>
      {!list.isAtEnd && <JumpButton onClick={() => void timeline.renew().then(list.toEnd)} />}
    </div>
  );
}

/** The head and all that is loaded. */
function useRows(timeline: Timeline): { readonly rows: readonly Shown[]; readonly keys: readonly string[] } {
  const { chats } = useWorkspace();
  const words = useWords();
  const layout = useMemo(() => new RowLayout(), [timeline]);
  const isSameDay = useMemo(() => remembered((a, b) => words.daysBetween(a, b) === 0), [words]);
  const laid = layout.of(timeline.view.value.items, chats.firstNew.value, isSameDay);
  const rows = useMemo(() => [HEAD, ...laid.rows], [laid.rows]);
  const keys = useMemo(() => [HEAD.key, ...laid.keys], [laid.keys]);
  return { rows, keys };
}

interface Frame {
  readonly row: Shown;
  readonly index: number;
  readonly chat: Chat;
  readonly node: VNode;
}

/** A row that is what it was is not even compared: many messages arrive while somebody types or scrolls. */
function useFrames(chat: Chat, timeline: Timeline, rows: readonly Shown[], list: VirtualRows): readonly VNode[] {
  const kept = useRef<ReadonlyMap<string, Frame>>(new Map());
  const frames = list.shown.flatMap(({ index }): Frame[] => {
    const row = rows[index];
    if (!row) return [];
    const known = kept.current.get(row.key);
    if (known?.row === row && known.index === index && known.chat === chat) return [known];
    const node = (
      <div key={row.key} class="timeline-row" data-index={index} ref={list.measure}>
        <RowView row={row} chat={chat} timeline={timeline} />
      </div>
    );
    return [{ row, index, chat, node }];
  });
  kept.current = new Map(frames.map((frame) => [frame.row.key, frame]));
  return frames.map(({ node }) => node);
}

interface RowViewProps {
  readonly row: Shown;
  readonly chat: Chat;
  readonly timeline: Timeline;
}

function RowView({ row, chat, timeline }: RowViewProps) {
  switch (row.kind) {
    case 'head':
      return <TimelineHead timeline={timeline} chat={chat} />;
    case 'day':
      return <DayLine at={row.at} />;
    case 'new':
      return <NewLine />;
    case 'line':
      return <SystemLineView line={row.line} />;
    case 'message':
      return <MessageRow row={row} chat={chat} timeline={timeline} />;
  }
}

/** At what is new, else at the end; once what is held here is known. */
function useOpening(timeline: Timeline, rows: readonly Shown[], list: VirtualRows): void {
  const { chats } = useWorkspace();
  const placed = useRef<string | undefined>(undefined);
  const ownLast = useRef<string | undefined>(undefined);
  const isOpen = timeline.isOpen.value;
  const firstNew = chats.firstNew.value;
  const last = timeline.view.value.items.at(-1);
  useLayoutEffect(() => {
    const divider = rows.findIndex(({ kind }) => kind === 'new');
    if (!isOpen) return;
    if (firstNew !== undefined && placed.current !== firstNew && (placed.current === undefined || list.isAtEnd)) {
      list.toRow(Math.max(divider, 0), 'start');
    } else if (placed.current === undefined) list.toEnd();
    placed.current = firstNew ?? placed.current ?? '';
  }, [isOpen, firstNew]);
  useLayoutEffect(() => {
    // what the person says themselves brings them to the end
    const isOwn = last?.kind === 'message' && last.mine && last.state === 'queued';
    if (isOwn && last.id !== ownLast.current) list.toEnd();
    ownLast.current = last?.id;
  }, [last?.id]);
}

/** Shows the message that is looked for, with the focus on it. */
function useSought(rows: readonly Shown[], list: VirtualRows): void {
  const stage = useStage();
  const { chats } = useWorkspace();
  const wanted = chats.sought.value;
  const sought = stage.sought.value;
  useEffect(() => {
    if (wanted === undefined || !stage.timeline.isOpen.value) return;
    chats.sought.value = undefined;
    void stage.goTo(wanted);
  }, [wanted, stage.timeline.isOpen.value]);
  useEffect(() => {
    const at = rows.findIndex(({ key }) => key === sought);
    if (sought === undefined || at === -1) return;
    stage.sought.value = undefined;
    list.toRow(at, 'center');
    if (list.box.current) focusRow(list.box.current, sought);
  }, [sought, rows]);
}

/** Loads what is above in time, and tells what has been on the screen. */
function useReading(timeline: Timeline, rows: readonly Shown[], list: VirtualRows): void {
  const { chats } = useWorkspace();
  const { first = 0, last = -1 } = list.onScreen ?? {};
  const [from, to] = [messageFrom(rows, first, 1), messageFrom(rows, last, -1)];
  const isNearTop = timeline.isOpen.value && (list.shown[0]?.index ?? TOP) < TOP;
  useEffect(() => {
    if (isNearTop) void timeline.loadOlder();
  }, [isNearTop, rows.length]);
  useEffect(() => {
    chats.seen(from !== undefined && to !== undefined ? { first: from, last: to } : undefined);
  }, [from, to]);
}

function messageFrom(rows: readonly Shown[], index: number, step: 1 | -1): string | undefined {
  for (let at = index; at >= 0 && at < rows.length; at += step) {
    const row = rows[at];
    if (row?.kind === 'message') return row.key;
  }
  return undefined;
}

/** The day that what stands at the top of the screen was said on; undefined while its own line is there. */
function dayOf(rows: readonly Shown[], first: number | undefined): number | undefined {
  if (first === undefined) return undefined;
  const top = rows[first]?.kind;
  if (top === 'day' || top === 'head') return undefined;
  for (let at = first; at >= 0; at -= 1) {
    const row = rows[at];
    if (row?.kind === 'day') return row.at;
  }
  return undefined;
}

function estimateOf(row: Shown | undefined): number {
  if (row?.kind !== 'message') return HEIGHTS[row?.kind ?? 'line'];
  const { text = '', reactions, file } = row.message;
  const bubble = HEIGHTS.message + (shownLines(text) - 1) * HEIGHTS.textLine + (row.leads ? HEIGHTS.gap : 0);
  return Math.round(bubble) + (reactions.length > 0 ? PARTS.reactions : 0) + (file ? PARTS.file : 0);
}

function JumpButton({ onClick }: { onClick(): void }) {
  const { chats } = useWorkspace();
  const { t } = useWords();
  const count = chats.current.value?.unread ?? 0;
  const unread = count > 0 ? `, ${t('rail.unread', { count })}` : '';
  return (
    <button
      type="button"
      class="jump"
      aria-label={`${t('chat.toEnd')}${unread}`}
      title={t('chat.toEnd')}
      onClick={onClick}
    >
      <Icon name="down" />
      {count > 0 && <span class="badge">{count}</span>}
    </button>
  );
}
