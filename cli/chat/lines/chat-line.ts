// What a line of `canopy chat --json` is: a name, the form of what it brings, and what is done. lines/all-lines.ts has the list.
import * as v from 'valibot';
import type { Client } from '../../../src/client/client.ts';
import { InputError } from '../../../src/realm/errors.ts';
import { type ConversationId, parseConversationId, parseMessageId } from '../../../src/realm/ids.ts';
import type { ChatFiles } from '../chat-files.ts';
import type { Partners } from '../conversation-partners.ts';

export type Write = (event: object) => void;

/** What a line can use. */
export interface LineDesk {
  readonly client: Client;
  readonly partners: Partners;
  readonly files: ChatFiles;
  readonly write: Write;
  readonly signal: AbortSignal;
}

export interface ChatLine {
  /** @throws InputError `bad-input`; what the client throws */
  perform(desk: LineDesk, given: unknown): Promise<void>;
}

export type ChatLines = Readonly<Record<string, ChatLine>>;

export const conversation = v.pipe(v.string(), v.uuid(), v.transform(parseConversationId));
export const messageId = v.pipe(v.string(), v.uuid(), v.transform(parseMessageId));
/** An address: `clerk@kyiv.acme.ua`. */
export const user = v.string();

/** `fields`: of the object that the line brings; no others may be in it. */
export function chatLine<F extends v.ObjectEntries>(
  fields: F,
  run: (desk: LineDesk, given: v.InferOutput<v.StrictObjectSchema<F, undefined>>) => Promise<unknown>,
): ChatLine {
  const form = v.strictObject(fields);
  return {
    perform: async (desk, given) => {
      const read = v.safeParse(form, given);
      if (!read.success) throw badFields(read.issues);
      await run(desk, read.output);
    },
  };
}

function badFields(issues: readonly [v.BaseIssue<unknown>, ...v.BaseIssue<unknown>[]]): InputError {
  const [{ message, path }] = issues;
  const where = path ? ` in "${path.map(({ key }) => String(key)).join('.')}"` : '';
  return new InputError('bad-input', `The line has not the form that it needs${where}: ${message}`);
}

/** Where a change waits for the group's home. */
export function tellOutcome({ write }: LineDesk, where: ConversationId, outcome: 'done' | 'pending'): void {
  if (outcome === 'pending') write({ event: 'pending', conversation: where });
}
