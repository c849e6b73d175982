// Which content disappears some time after it was read, and how it comes by that time: from the timer of its conversation, when it is
// written. A timer that is set later changes nothing that was said before.
import type { Content, FileContent, ForwardContent, KnownContent, TextContent } from '../../crypto/content.ts';

type Fleeting = TextContent | FileContent | ForwardContent;

function mayBe<C extends Content | KnownContent>(content: C): content is C & Fleeting {
  return content.kind === 'text' || content.kind === 'file' || content.kind === 'forward';
}

/** Milliseconds from reading; undefined for what stays. */
export function lastsFor(content: Content | undefined): number | undefined {
  return content && mayBe(content) ? content.expiresAfter || undefined : undefined;
}

/** What says itself how long it lasts keeps to that. @param timer milliseconds, 0 for never */
export function timed<C extends KnownContent>(content: C, timer: number): C {
  return mayBe(content) && content.expiresAfter === undefined && timer > 0
    ? { ...content, expiresAfter: timer }
    : content;
}

/** Two that differ in nothing but how long they last are the same after this. */
export function untimed<C extends KnownContent>(content: C): C {
  return mayBe(content) ? { ...content, expiresAfter: 0 } : content;
}
