// What a conversation says in one line of the list, and which conversations fit what is typed in the switcher.
import type { Chat } from './chats.ts';

export type ChatLine =
  | { readonly kind: 'typing' }
  | { readonly kind: 'draft'; readonly text: string }
  | { readonly kind: 'message'; readonly text: string; readonly mine: boolean }
  | { readonly kind: 'unreadable'; readonly problem: string | undefined }
  | { readonly kind: 'address'; readonly text: string };

const SHOWN = 160;

export function chatLine(chat: Chat, draft: string, typing: boolean): ChatLine {
  if (typing) return { kind: 'typing' };
  if (draft.trim() !== '') return { kind: 'draft', text: oneLine(draft) };
  if (!chat.last) return { kind: 'address', text: chat.person.address };
  if (chat.last.text === undefined) return { kind: 'unreadable', problem: chat.last.problem };
  return { kind: 'message', text: oneLine(chat.last.text), mine: chat.last.mine };
}

/** Conversations whose name has a word that begins so, or whose address contains it. */
export function matchChats(chats: readonly Chat[], typed: string): readonly Chat[] {
  const wanted = typed.trim().toLocaleLowerCase();
  if (wanted === '') return chats;
  return chats.filter(({ person }) => {
    const name = person.name.toLocaleLowerCase();
    return name.startsWith(wanted) || name.includes(` ${wanted}`) || person.address.includes(wanted);
  });
}

function oneLine(text: string): string {
  return text.slice(0, SHOWN).replace(/\s+/gu, ' ').trim();
}
