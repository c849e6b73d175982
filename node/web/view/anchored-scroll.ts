// Scrolling of a timeline: it opens at what is new or at the end, stays at the end while new things come, and keeps the
// place of what is on the screen when older things are put above it.
import { type RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Message } from '../../../src/client/client.ts';

/** Pixels from the end that still count as the end. */
const NEAR = 32;
/** Pixels from the top at which the page before is asked for. */
const TOP = 600;

interface AnchoredScrollProps {
  readonly first: string | undefined;
  readonly last: Message | undefined;
  readonly firstNew: string | undefined;
  onTop(): void;
  onSeen(id: string | undefined): void;
}

interface AnchoredScroll {
  readonly ref: RefObject<HTMLDivElement | null>;
  readonly atEnd: boolean;
  onScroll(): void;
  toEnd(): void;
}

export function useAnchoredScroll(props: AnchoredScrollProps): AnchoredScroll {
  const ref = useRef<HTMLDivElement>(null);
  const [atEnd, setAtEnd] = useState(true);
  const kept = useRef({ atEnd: true, fromEnd: 0, first: props.first, last: props.last?.id, firstNew: '', size: '' });

  const look = (): void => {
    const box = ref.current;
    if (!box) return;
    stayAtEnd(box, kept.current);
    kept.current.fromEnd = box.scrollHeight - box.scrollTop;
    kept.current.atEnd = kept.current.fromEnd - box.clientHeight < NEAR;
    setAtEnd(kept.current.atEnd);
    if (box.scrollTop < TOP) props.onTop();
    props.onSeen(kept.current.atEnd ? props.last?.id : newestOnScreen(box));
  };
  useLayoutEffect(() => {
    if (ref.current) place(ref.current, kept.current, props);
    look();
  }, [props.first, props.last?.id, props.firstNew]);
  useEffect(() => keepEndOnResize(ref.current, kept.current), []);

  return {
    ref,
    atEnd,
    onScroll: look,
    toEnd: () => ref.current?.scrollTo({ top: ref.current.scrollHeight }),
  };
}

interface Kept {
  atEnd: boolean;
  fromEnd: number;
  first: string | undefined;
  last: string | undefined;
  firstNew: string;
  /** Of the box and of what is in it, when it was looked at last. */
  size: string;
}

/** A box that changed its size under somebody who was at the end was not scrolled away by them. */
function stayAtEnd(box: HTMLElement, kept: Kept): void {
  const size = sizeOf(box);
  if (kept.atEnd && size !== kept.size) box.scrollTop = box.scrollHeight;
  kept.size = size;
}

function sizeOf(box: HTMLElement): string {
  return `${box.clientHeight} ${box.scrollHeight}`;
}

function place(box: HTMLElement, kept: Kept, { first, last, firstNew }: AnchoredScrollProps): void {
  const divider = firstNew !== undefined && firstNew !== kept.firstNew && kept.atEnd && box.querySelector('.new-line');
  if (divider) {
    box.scrollTop = Math.max(0, offsetIn(box, divider) - box.clientHeight / 4);
  } else if (kept.atEnd || (last?.mine && last.id !== kept.last)) {
    box.scrollTop = box.scrollHeight;
  } else if (first !== kept.first) {
    box.scrollTop = box.scrollHeight - kept.fromEnd;
  }
  Object.assign(kept, { first, last: last?.id, firstNew: firstNew ?? '', size: sizeOf(box) });
}

/** The keyboard of a phone or a growing composer takes room: who is at the end stays there. */
function keepEndOnResize(box: HTMLElement | null, kept: Kept): (() => void) | undefined {
  if (!box) return undefined;
  const observer = new ResizeObserver(() => {
    stayAtEnd(box, kept);
    if (!kept.atEnd) kept.fromEnd = box.scrollHeight - box.scrollTop;
  });
  observer.observe(box);
  if (box.firstElementChild) observer.observe(box.firstElementChild);
  return () => observer.disconnect();
}

function newestOnScreen(box: HTMLElement): string | undefined {
  const bottom = box.getBoundingClientRect().bottom;
  const rows = [...box.querySelectorAll<HTMLElement>('[data-message]')];
  return rows.findLast((row) => row.getBoundingClientRect().bottom <= bottom + NEAR)?.dataset['message'];
}

function offsetIn(box: HTMLElement, element: Element): number {
  return element.getBoundingClientRect().top - box.getBoundingClientRect().top + box.scrollTop;
}
