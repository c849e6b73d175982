// What everybody must be shown after some steps of a day, found from the steps alone.
import { isWriting, type Step, type Writing } from './steps.ts';

export interface ExpectedMessage {
  readonly event: number;
  readonly sender: number;
  /** Undefined once it is deleted, and of a file. */
  text?: string;
  file?: { readonly name: string; readonly size: number };
  replyTo?: number;
  isEdited: boolean;
  isDeleted: boolean;
  /** People by emoji. */
  readonly reactions: Map<string, Set<number>>;
}

export interface ExpectedChat {
  readonly chat: number;
  readonly isGroup: boolean;
  name?: string;
  readonly messages: Map<number, ExpectedMessage>;
  /** Which messages each person gets: those of the times when he was a member. */
  readonly seenBy: Map<number, Set<number>>;
  /** Who is in it now. */
  readonly members: Set<number>;
}

export type Outcome = ReadonlyMap<number, ExpectedChat>;

/** @param pairs the two people of each conversation of two */
export function outcomeOf(steps: readonly Step[], pairs: ReadonlyMap<number, readonly number[]>): Outcome {
  const chats = new Map<number, ExpectedChat>();
  for (const [chat, people] of pairs) chats.set(chat, newChat(chat, false, people));
  for (const step of steps) {
    if (isWriting(step)) write(chatOf(chats, step.chat), step);
    else if (step.act === 'make') chats.set(step.chat, newChat(step.chat, true, [step.by.person, ...step.members]));
    else if (step.act === 'invite') join(chatOf(chats, step.chat), step.person);
    else if (step.act === 'remove') chatOf(chats, step.chat).members.delete(step.person);
    else if (step.act === 'leave') chatOf(chats, step.chat).members.delete(step.by.person);
  }
  return chats;
}

function newChat(chat: number, isGroup: boolean, people: readonly number[]): ExpectedChat {
  const made: ExpectedChat = { chat, isGroup, messages: new Map(), seenBy: new Map(), members: new Set() };
  for (const person of people) join(made, person);
  return made;
}

function join({ members, seenBy }: ExpectedChat, person: number): void {
  members.add(person);
  if (!seenBy.has(person)) seenBy.set(person, new Set());
}

function write(chat: ExpectedChat, step: Writing): void {
  const { event, by } = step;
  switch (step.act) {
    case 'say':
    case 'file': {
      const made: ExpectedMessage = {
        event,
        sender: by.person,
        isEdited: false,
        isDeleted: false,
        reactions: new Map(),
        ...(step.act === 'say' ? { text: step.text } : { file: { name: step.name, size: step.size } }),
        ...(step.act === 'say' && step.replyTo !== undefined && { replyTo: step.replyTo }),
      };
      chat.messages.set(event, made);
      for (const person of chat.members) chat.seenBy.get(person)?.add(event);
      return;
    }
    case 'rename':
      chat.name = step.name;
      return;
    default:
      change(chat, step);
  }
}

function change(chat: ExpectedChat, step: Extract<Writing, { target: number }>): void {
  const target = chat.messages.get(step.target);
  if (!target) throw new Error(`event ${step.event} is about ${step.target}, which is not in chat ${chat.chat}`);
  if (step.act === 'edit') {
    target.text = step.text;
    target.isEdited = true;
  } else if (step.act === 'delete') {
    delete target.text;
    delete target.file;
    delete target.replyTo;
    target.isDeleted = true;
    target.reactions.clear();
  } else {
    const people = target.reactions.get(step.emoji) ?? new Set();
    if (step.on) people.add(step.by.person);
    else people.delete(step.by.person);
    if (people.size > 0) target.reactions.set(step.emoji, people);
    else target.reactions.delete(step.emoji);
  }
}

function chatOf(chats: ReadonlyMap<number, ExpectedChat>, chat: number): ExpectedChat {
  const found = chats.get(chat);
  if (!found) throw new Error(`there is no chat ${chat} yet`);
  return found;
}
