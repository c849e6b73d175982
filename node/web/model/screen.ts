// What stands open over the conversations. One dialog at a time.
import { type Signal, signal } from '@preact/signals';

export type OpenDialog = 'add' | 'switch' | 'settings' | 'keys' | 'log-out' | undefined;

/** Parts of the settings. */
export type SettingsTab = 'profile' | 'general' | 'privacy' | 'devices' | 'security' | 'keys';

export class Screen {
  readonly dialog: Signal<OpenDialog> = signal(undefined);
  readonly details: Signal<boolean> = signal(false);

  /** The conversation in which is searched; all when undefined. */
  readonly searchIn: Signal<string | undefined> = signal(undefined);

  openSearch(conversation: string | undefined): void {
    this.searchIn.value = conversation;
    this.dialog.value = 'switch';
  }

  /** Where the settings open. */
  settingsTab: SettingsTab = 'profile';

  openSettings(tab: SettingsTab): void {
    this.open('settings');
    this.settingsTab = tab;
  }

  open(dialog: OpenDialog): void {
    this.settingsTab = 'profile';
    this.searchIn.value = undefined;
    this.dialog.value = dialog;
  }

  close(): void {
    this.dialog.value = undefined;
  }
}
