// What a command of the chat for people is: `/name`, what it takes, what it does. commands/all-commands.ts has the list.
import type { Client, Progress } from '../../../src/client/client.ts';
import { InputError } from '../../../src/realm/errors.ts';
import type { ConversationId } from '../../../src/realm/ids.ts';
import type { ChatFiles } from '../chat-files.ts';
import type { Partners } from '../conversation-partners.ts';
import type { MessageNumbers } from '../message-numbers.ts';

/** Where lines without a command go: to a colleague or into a group. */
export interface Chosen {
  readonly conversation: ConversationId;
  /** Name of a group. */
  readonly group?: string;
  /** Address of a colleague. */
  readonly colleague?: string;
}

/** What a command can use. */
export interface ChatDesk {
  readonly client: Client;
  readonly files: ChatFiles;
  readonly numbers: MessageNumbers;
  readonly partners: Partners;
  /** Of these nothing is shown as it comes. */
  readonly muted: Set<ConversationId>;
  /** Aborts when the chat ends. */
  readonly signal: AbortSignal;
  chosen: Chosen | undefined;
  readonly print: (text: string) => void;
  /** What was done, in contrast to what was asked for. */
  readonly quiet: (text: string) => void;
  /** A line for each quarter. */
  readonly progressOf: (what: string) => (now: Progress) => void;
  end(): void;
}

export interface ChatCommand {
  readonly name: string;
  readonly takes?: string;
  /** At most 48 characters, so that the list fits into 80 columns. */
  readonly does: string;
  /** `words`: what follows the name. @throws InputError which says how it is right; what the client throws */
  run(desk: ChatDesk, words: string): Promise<void> | void;
}

export interface ChatSection {
  readonly name: string;
  readonly about: string;
  readonly commands: readonly ChatCommand[];
  /** Lines below the list. */
  readonly notes?: readonly string[];
}

/** @throws InputError `bad-input` */
export function chosenIn({ chosen }: Pick<ChatDesk, 'chosen'>): Chosen {
  if (!chosen) throw new InputError('bad-input', 'Choose a colleague or a group first: /to USER@BRANCH, /group NAME');
  return chosen;
}

/** `words` must not be empty. @throws InputError `bad-input` that shows the example */
export function given(words: string, example: string): string {
  if (words === '') throw new InputError('bad-input', `Something is missing: ${example}`);
  return words;
}
