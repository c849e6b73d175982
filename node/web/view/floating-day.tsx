// The day that what is on the screen was said on. It stands above the rows while a person scrolls, and goes once they stop: what they
// read is not covered.
import type { RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { useWords, useWorkspace } from './context.ts';

/** Milliseconds after the last step of scrolling. */
const STAYS = 1500;
/** The part of them after which it begins to go. */
const GOES = 0.88;
const REDUCED = '(prefers-reduced-motion: reduce)';

interface FloatingDayProps {
  readonly at: number;
  /** What scrolls beneath it. */
  readonly box: RefObject<HTMLElement | null>;
}

export function FloatingDay({ at, box }: FloatingDayProps) {
  const { people } = useWorkspace();
  const words = useWords();
  const line = useRef<HTMLParagraphElement>(null);
  useEffect(() => {
    const scrolled = box.current;
    const shown = line.current?.animate(frames(), STAYS);
    if (!scrolled || !shown) return;
    const again = (): void => {
      shown.currentTime = 0;
      shown.play();
    };
    scrolled.addEventListener('scroll', again, { passive: true });
    return () => {
      scrolled.removeEventListener('scroll', again);
      shown.cancel();
    };
  }, []);
  return (
    <p ref={line} class="day-line day-floating" aria-hidden="true">
      <time>{words.day(at, people.now.value)}</time>
    </p>
  );
}

function frames(): Keyframe[] {
  const easing = matchMedia(REDUCED).matches ? 'step-start' : 'linear';
  return [{ opacity: 1 }, { opacity: 1, offset: GOES, easing }, { opacity: 0 }];
}
