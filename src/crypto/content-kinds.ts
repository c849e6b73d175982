// The kinds of content v1 and their fields; content.ts has what all of them share. Ids are 16 bytes. "By" says whose events
// count: what somebody else claims is kept and has no effect (src/client/timeline).
//
//   text      text (at most MAX_TEXT bytes of UTF-8), replyTo?, thread?, mentions? (users), expiresAfter? (ms from reading)
//   edit      target, text, mentions?                     by the author of the target
//   delete    targets (at most MAX_TARGETS), places?      by their author, or by who may delete what others wrote; a place is
//                                                         [target, device, ms, counter]: where one of the sender's own stood
//   reaction  target, emoji, on                           each person's own
//   pin       target, on                                  by who may pin
//   forward   author, writtenAt, text, file?              the author is the forwarder's word, shown as such
//   profile   name?, picture? (bytes, empty for none)     by who may change the group
//   timer     expiresAfter (ms from reading, 0 for off)   by who may change the group
//   file      file, text?, replyTo?, expiresAfter?        the map of files/file-card.ts
//   note      what (joined, left, removed), users         by who may add or remove; `left` by the person
import type { DeviceId, MessageId, UserId } from '../realm/ids.ts';
import type { FileCard } from './files/file-card.ts';

/** Bytes of UTF-8: leaves room in a body for the other fields and for sealing. */
export const MAX_TEXT = 60 * 1024;
/** The same beside a file, whose preview needs the room. */
export const MAX_CAPTION = 32 * 1024;
export const MAX_MENTIONS = 100;
export const MAX_TARGETS = 100;
/** Bytes; the longest emoji sequences in use have 35. */
export const MAX_EMOJI = 64;
/** Bytes of UTF-8 of a group's name. */
export const MAX_NAME = 256;
/** Bytes: 128 by 128 points in any format. */
export const MAX_PICTURE = 48 * 1024;
export const MAX_NOTED = 1000;
export const NOTES = ['joined', 'left', 'removed'] as const;

export interface TextContent {
  readonly kind: 'text';
  /** Untrusted: show it as text, never as markup. */
  readonly text: string;
  readonly replyTo?: MessageId;
  readonly thread?: MessageId;
  readonly mentions?: readonly UserId[];
  /** Milliseconds. */
  readonly expiresAfter?: number;
}

export interface EditContent {
  readonly kind: 'edit';
  readonly target: MessageId;
  readonly text: string;
  readonly mentions?: readonly UserId[];
}

export interface DeleteContent {
  readonly kind: 'delete';
  readonly targets: readonly MessageId[];
  /** Where those of the sender's own stood: whoever never had them shows that there was something. */
  readonly places?: readonly DeletedPlace[];
}

export interface DeletedPlace {
  readonly target: MessageId;
  readonly device: DeviceId;
  readonly stamp: { readonly ms: number; readonly counter: number };
}

export interface ReactionContent {
  readonly kind: 'reaction';
  readonly target: MessageId;
  readonly emoji: string;
  readonly on: boolean;
}

export interface PinContent {
  readonly kind: 'pin';
  readonly target: MessageId;
  readonly on: boolean;
}

export interface ForwardContent {
  readonly kind: 'forward';
  readonly author: UserId;
  readonly writtenAt: number;
  readonly text: string;
  readonly file?: FileCard;
  readonly expiresAfter?: number;
}

export interface ProfileContent {
  readonly kind: 'profile';
  readonly name?: string;
  readonly picture?: Uint8Array;
}

export interface TimerContent {
  readonly kind: 'timer';
  readonly expiresAfter: number;
}

export interface FileContent {
  readonly kind: 'file';
  readonly file: FileCard;
  readonly text?: string;
  readonly replyTo?: MessageId;
  readonly expiresAfter?: number;
}

export interface NoteContent {
  readonly kind: 'note';
  readonly what: (typeof NOTES)[number];
  readonly users: readonly UserId[];
}

export type KnownContent =
  | TextContent
  | EditContent
  | DeleteContent
  | ReactionContent
  | PinContent
  | ForwardContent
  | ProfileContent
  | TimerContent
  | FileContent
  | NoteContent;
