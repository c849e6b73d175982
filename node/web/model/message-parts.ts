// A text as a person wrote it, taken apart into what is plain, what leads somewhere and what names somebody. Nothing of it is markup.
import { LinkifyIt } from 'linkify-it';
import type { User } from '../../../src/client/client.ts';

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
const MENTION = /@([a-z0-9._-]*[a-z0-9_-](?:@[a-z0-9-]+(?:\.[a-z0-9-]+)*)?)/giu;

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

/** Who is named by `@login` or `@login@branch`: the members whom it fits, when it fits one alone. */
export function mentionedIn(text: string, members: readonly User[]): readonly User[] {
  const found = [...text.matchAll(MENTION)].flatMap(([, name = '']) => whoIs(name, members) ?? []);
  return [...new Set(found)];
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
  for (const match of mentioned.length > 0 ? text.matchAll(MENTION) : []) {
    const user = whoIs(match[1] ?? '', mentioned);
    if (!user) continue;
    if (match.index > done) parts.push({ kind: 'text', text: text.slice(done, match.index) });
    parts.push({ kind: 'mention', text: match[0], user });
    done = match.index + match[0].length;
  }
  if (done < text.length) parts.push({ kind: 'text', text: text.slice(done) });
  return parts;
}

function whoIs(name: string, members: readonly User[]): User | undefined {
  const wanted = name.toLowerCase();
  const fitting = members.filter(({ address }) => address === wanted || address.startsWith(`${wanted}@`));
  return fitting.length === 1 ? fitting[0] : undefined;
}
