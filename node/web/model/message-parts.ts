// A text as a person wrote it, taken apart into what is plain, what leads somewhere and what names somebody. Nothing of it is markup.
import { LinkifyIt } from 'linkify-it';
import type { User } from '../../../src/client/client.ts';
import { mentionsIn } from '../../../src/client/mentions.ts';

export type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'link'; readonly text: string; readonly href: string; readonly warning: LinkWarning | undefined }
  | { readonly kind: 'mention'; readonly text: string; readonly user: User };

/** The address may read like another one than it leads to: by what stands before an @, by letters of another alphabet, turned around. */
export interface LinkWarning {
  /** Where it leads. */
  readonly host: string;
}

/** Schemes that a person can follow; what runs something is none of them. */
const SCHEMES = new Set(['http:', 'https:', 'mailto:']);
/** Turn the order of letters around, so that an address reads otherwise than it goes. */
const TURNING = /[\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;
/** Links of one text; more are a nuisance and stay plain. */
const MOST_LINKS = 100;
/** Characters of one text that are looked through. */
const MOST = 60_000;

const finder = new LinkifyIt({ fuzzyLink: false, fuzzyEmail: false, fuzzyIP: false, urlAuth: true });

/** `mentioned`: whom the message says that it names. */
export function messageParts(text: string, mentioned: readonly User[]): readonly Part[] {
  const parts: Part[] = [];
  let done = 0;
  for (const { index, lastIndex, text: shown, url } of (finder.match(text.slice(0, MOST)) ?? []).slice(0, MOST_LINKS)) {
    const link = linkOf(shown, url);
    if (!link) continue;
    parts.push(...withMentions(text.slice(done, index), mentioned), link);
    done = lastIndex;
  }
  return [...parts, ...withMentions(text.slice(done), mentioned)];
}

function linkOf(text: string, href: string): Part | undefined {
  const url = URL.canParse(href) ? new URL(href) : undefined;
  if (!url || !SCHEMES.has(url.protocol)) return undefined;
  const isDisguised = url.username !== '' || url.password !== '' || url.hostname.includes('xn--') || TURNING.test(text);
  return { kind: 'link', text, href: url.href, warning: isDisguised ? { host: url.hostname } : undefined };
}

function withMentions(text: string, mentioned: readonly User[]): readonly Part[] {
  const parts: Part[] = [];
  let done = 0;
  for (const { index, text: written, user } of mentionsIn(text, mentioned)) {
    if (index > done) parts.push({ kind: 'text', text: text.slice(done, index) });
    parts.push({ kind: 'mention', text: written, user });
    done = index + written.length;
  }
  if (done < text.length) parts.push({ kind: 'text', text: text.slice(done) });
  return parts;
}
