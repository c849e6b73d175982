// What a conversation says in one line of the list, and which conversations fit what is typed in the switcher.
import type { User } from '../../../src/client/client.ts';
import type { UserId } from '../../../src/realm/ids.ts';
import { type Chat, chatAddress, chatName } from './chat.ts';
import type { Wording } from './wording.ts';

export type ChatLine =
  | { readonly kind: 'typing'; readonly who: readonly User[] }
  | { readonly kind: 'draft'; readonly text: string }
  | { readonly kind: 'message'; readonly text: string; readonly mine: boolean; readonly by: UserId | undefined }
  | { readonly kind: 'deleted' }
  | { readonly kind: 'unreadable'; readonly problem: string | undefined }
  | { readonly kind: 'address' };

const SHOWN = 160;

export function chatLine(chat: Chat, draft: string, who: readonly User[]): ChatLine {
  if (who.length > 0) return { kind: 'typing', who };
  if (draft.trim() !== '') return { kind: 'draft', text: oneLine(draft) };
  const { last, person } = chat;
  if (!last) return { kind: 'address' };
  if (last.isDeleted) return { kind: 'deleted' };
  if (last.text === undefined) return { kind: 'unreadable', problem: last.problem };
  return { kind: 'message', text: oneLine(last.text), mine: last.mine, by: person ? undefined : last.sender };
}

/** Conversations whose name has a word that begins so, or whose address or department contains it. */
export function matchChats(words: Wording, chats: readonly Chat[], typed: string): readonly Chat[] {
  const wanted = typed.trim().toLocaleLowerCase();
  if (wanted === '') return chats;
  return chats.filter((chat) => {
    const name = chatName(words, chat).toLocaleLowerCase();
    return (
      name.startsWith(wanted) ||
      name.includes(` ${wanted}`) ||
      chatAddress(words, chat).toLocaleLowerCase().includes(wanted)
    );
  });
}

export function oneLine(text: string): string {
  return text.slice(0, SHOWN).replace(/\s+/gu, ' ').trim();
}
