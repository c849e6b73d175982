// The questions that conversations ask in dialogs, one at a time.
import { type Signal, signal } from '@preact/signals';
import type { Chat } from './chat.ts';
import type { ShownMessage } from './timeline.ts';

export type TalkDialog =
  | { readonly kind: 'forward'; readonly message: ShownMessage }
  | { readonly kind: 'delete'; readonly message: ShownMessage; readonly chat: Chat }
  | { readonly kind: 'report'; readonly message: ShownMessage; readonly chat: Chat }
  | { readonly kind: 'timer'; readonly chat: Chat }
  | { readonly kind: 'new-group'; readonly of: 'group' | 'news' }
  | { readonly kind: 'invite' | 'rename' | 'leave' | 'clear' | 'remove' | 'block'; readonly chat: Chat };

export class Talk {
  readonly dialog: Signal<TalkDialog | undefined> = signal(undefined);

  show(dialog: TalkDialog): void {
    this.dialog.value = dialog;
  }

  close(): void {
    this.dialog.value = undefined;
  }
}
