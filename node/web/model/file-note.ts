// What is to become of an attached file, as it is kept over a reload.
import * as v from 'valibot';
import { type ConversationId, type MessageId, parseConversationId, parseMessageId } from '../../../src/realm/ids.ts';

export interface FileNote {
  readonly chat: ConversationId;
  /** When it was attached, milliseconds since 1970. */
  readonly at: number;
  /** The person has pressed Send. */
  readonly isSent: boolean;
  readonly text?: string;
  readonly replyTo?: MessageId;
}

const form = v.object({
  chat: v.pipe(v.string(), v.transform(parseConversationId)),
  at: v.number(),
  isSent: v.boolean(),
  text: v.optional(v.string()),
  replyTo: v.optional(v.pipe(v.string(), v.transform(parseMessageId))),
});

export function encodeNote(note: FileNote): string {
  return JSON.stringify(note);
}

/** Undefined for what is no note of ours. */
export function decodeNote(text: string): FileNote | undefined {
  try {
    const { chat, at, isSent, text: said, replyTo } = v.parse(form, JSON.parse(text));
    return { chat, at, isSent, ...(said !== undefined && { text: said }), ...(replyTo && { replyTo }) };
  } catch {
    return undefined;
  }
}
