// What stands open over the conversations. One dialog at a time.
import { type Signal, signal } from '@preact/signals';

export type OpenDialog = 'add' | 'switch' | undefined;

export class Screen {
  readonly dialog: Signal<OpenDialog> = signal(undefined);
  readonly details: Signal<boolean> = signal(false);

  open(dialog: OpenDialog): void {
    this.dialog.value = dialog;
  }

  close(): void {
    this.dialog.value = undefined;
  }
}
