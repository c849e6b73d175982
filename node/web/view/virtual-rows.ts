// The rows of a timeline of which only those near the screen are in the page. It keeps its place when rows are put above, stays at the
// end while new ones come to somebody who is there, and opens where it is told to.

import {
  elementScroll,
  observeElementOffset,
  observeElementRect,
  type VirtualItem,
  Virtualizer,
} from '@tanstack/virtual-core';
import type { RefObject } from 'preact';
import { useCallback, useEffect, useLayoutEffect, useReducer, useRef, useState } from 'preact/hooks';

/** Pixels from the end that still count as the end. */
const NEAR = 32;
/** Pixels below the last row. */
const FOOT = 8;
/** Rows beyond the screen that are in the page already; at first, until the screen has been drawn once, and from then on. */
const OVERSCAN = { atFirst: 1, later: 10 } as const;

export interface VirtualRowsProps {
  /** The same list as long as the keys are: the places of all rows are worked out anew for another one. */
  readonly keys: readonly string[];
  /** Pixels, as good as can be told before it is drawn; asked once for each row. */
  readonly estimate: (index: number) => number;
  /** Until then there is nothing to show. */
  readonly isOpen: boolean;
  /** The row at which it opens; at the end, if there is none. Asked once, when it opens. */
  readonly opensAt: number | undefined;
}

export interface VirtualRows {
  readonly box: RefObject<HTMLDivElement | null>;
  readonly shown: readonly VirtualItem[];
  readonly height: number;
  readonly isAtEnd: boolean;
  /** The rows that are wholly or partly on the screen; undefined while there are none. */
  readonly onScreen: { readonly first: number; readonly last: number } | undefined;
  measure(row: Element | null): void;
  toEnd(): void;
  toRow(index: number, align: 'start' | 'center' | 'auto'): void;
}

type List = Virtualizer<HTMLDivElement, Element>;

/** Pixels that the last list was high: the next one is drawn for such a place, before it stands in the page. */
let heightBefore = 0;

export function useVirtualRows({ keys, estimate, isOpen, opensAt }: VirtualRowsProps): VirtualRows {
  const box = useRef<HTMLDivElement>(null);
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const [overscan, setOverscan] = useState<number>(OVERSCAN.atFirst);
  const getItemKey = useCallback((index: number) => keys[index] ?? index, [keys]);
  const options = {
    count: keys.length,
    enabled: isOpen,
    initialRect: { width: 0, height: heightBefore || innerHeight },
    initialOffset: (): number => offsetOf(list, opensAt),
    getScrollElement: () => box.current,
    getItemKey,
    estimateSize: estimate,
    overscan,
    paddingEnd: FOOT,
    anchorTo: 'end',
    followOnAppend: true,
    scrollEndThreshold: NEAR,
    scrollToFn: elementScroll,
    observeElementRect,
    observeElementOffset,
    onChange: () => redraw(0),
  } as const;
  const [list] = useState<List>(() => new Virtualizer<HTMLDivElement, Element>(options));
  list.setOptions(options);
  useLayoutEffect(() => list._didMount(), []);
  useLayoutEffect(() => {
    list._willUpdate();
    heightBefore = list.scrollRect?.height ?? heightBefore;
  });
  const isAtEnd = useEnd(list);
  const isEmpty = list.getVirtualItems().length === 0;
  useEffect(() => {
    if (!isEmpty) requestAnimationFrame(() => requestAnimationFrame(() => setOverscan(OVERSCAN.later)));
  }, [isEmpty]);
  return {
    box,
    shown: list.getVirtualItems(),
    height: list.getTotalSize(),
    isAtEnd: keys.length === 0 || isAtEnd,
    onScreen: onScreenOf(list),
    measure: list.measureElement,
    toEnd: () => list.scrollToEnd(),
    toRow: (index, align) => list.scrollToIndex(index, { align }),
  };
}

/** Where it opens, by what is known of rows that were not drawn: the first picture has the rows that stay. */
function offsetOf(list: List, opensAt: number | undefined): number {
  const end = Math.max(list.getTotalSize() - (list.scrollRect?.height ?? 0), 0);
  const row = opensAt === undefined ? undefined : list.measurementsCache[opensAt];
  return row ? Math.min(row.start, end) : end;
}

/** By what the list knows: asking the page would have it laid out once more in each frame. */
function isNearEnd(list: List): boolean {
  return list.getTotalSize() - (list.scrollOffset ?? 0) - (list.scrollRect?.height ?? 0) <= NEAR;
}

/**
 * Whether the end is on the screen. Who was there and has not scrolled is there: what comes below is followed a moment later. A box that
 * changed its size under them was not scrolled away by them.
 */
function useEnd(list: List): boolean {
  const before = useRef({ isAtEnd: true, isSeen: false, offset: list.scrollOffset, size: '' });
  const isSeen = list.scrollRect !== null;
  const { isAtEnd: wasAtEnd, isSeen: wasSeen, offset } = before.current;
  const isAtEnd = !isSeen || (wasAtEnd && wasSeen && list.scrollOffset === offset) || isNearEnd(list);
  useLayoutEffect(() => {
    const size = `${list.scrollRect?.width} ${list.scrollRect?.height}`;
    if (wasSeen && wasAtEnd && size !== before.current.size && !isNearEnd(list)) list.scrollToEnd();
    before.current = { isAtEnd, isSeen, offset: list.scrollOffset, size };
  });
  return isAtEnd;
}

function onScreenOf(list: List): VirtualRows['onScreen'] {
  const top = list.scrollOffset ?? 0;
  const bottom = top + (list.scrollRect?.height ?? 0);
  const seen = list.getVirtualItems().filter(({ end }) => end > top && end <= bottom + NEAR);
  const [first, last] = [seen[0], seen.at(-1)];
  return first && last ? { first: first.index, last: last.index } : undefined;
}
