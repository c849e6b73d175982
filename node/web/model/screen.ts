// What stands open over the conversations. One dialog at a time.
import { type Signal, signal } from '@preact/signals';

export type OpenDialog = 'add' | 'switch' | 'settings' | 'keys' | 'log-out' | undefined;

export class Screen {
  readonly dialog: Signal<OpenDialog> = signal(undefined);
  readonly details: Signal<boolean> = signal(false);

  /** The conversation in which is searched; all when undefined. */
  readonly searchIn: Signal<string | undefined> = signal(undefined);

  openSearch(conversation: string | undefined): void {
    this.searchIn.value = conversation;
    this.dialog.value = 'switch';
  }

  open(dialog: OpenDialog): void {
    this.searchIn.value = undefined;
    this.dialog.value = dialog;
  }

  close(): void {
    this.dialog.value = undefined;
  }
}
