// The own account as its dialogs show it: name, devices, recovery key, password.
import { type Signal, signal } from '@preact/signals';
import type { User } from '../../../src/client/client.ts';
import { RefusedError } from '../../../src/realm/errors.ts';
import type { AccountClient, Device, OwnAccountClient, Privacy } from './account-client.ts';
import type { PageClient } from './page-client.ts';
import { Task } from './task.ts';

/** Letters of a name, as the node counts them. */
export const MAX_NAME = 200;

type OwnAccountComponents = AccountClient & Pick<PageClient, 'accountState' | 'connect' | 'disconnect'>;

function isUnproven({ accountState }: Pick<PageClient, 'accountState'>): boolean {
  return accountState.kind === 'open' && accountState.password !== undefined;
}

export class OwnAccount {
  readonly me: Signal<User>;
  readonly devices: Signal<readonly Device[] | undefined> = signal(undefined);
  /** What others learn; undefined until the server has said it. */
  readonly privacy: Signal<Privacy | undefined> = signal(undefined);
  readonly hasRecoveryKey: Signal<boolean>;
  /** The password of this login does not unlock the keys yet. */
  readonly isUnproven: Signal<boolean>;
  /** Shown once: it is forgotten as soon as the person goes on. */
  readonly recoveryKey: Signal<string | undefined> = signal(undefined);
  readonly naming = new Task();
  readonly picturing = new Task();
  readonly listing = new Task();
  readonly changing = new Task();
  readonly making = new Task();
  readonly leaving = new Task();
  readonly hiding = new Task();
  readonly #client: OwnAccountComponents;

  constructor(client: OwnAccountComponents, me: User) {
    this.#client = client;
    this.me = signal(me);
    this.hasRecoveryKey = signal(client.account?.hasRecoveryKey ?? true);
    this.isUnproven = signal(isUnproven(client));
  }

  rename(name: string): Promise<boolean> {
    return this.naming.run(async () => {
      this.me.value = await this.#account().rename(name.trim());
    });
  }

  /** Without one the initials are shown again. */
  setPhoto(photo: Uint8Array | undefined): Promise<boolean> {
    return this.picturing.run(async () => {
      this.me.value = await this.#account().setPhoto(photo);
    });
  }

  loadDevices(): Promise<boolean> {
    return this.listing.run(async () => {
      this.devices.value = await this.#account().devices();
    });
  }

  renameDevice(id: Device['id'], name: string): Promise<boolean> {
    return this.#withDevices(() => this.#account().renameDevice(id, name.trim()));
  }

  /** Signs it out for good: it erases what it holds as soon as it hears of it. */
  removeDevice(id: Device['id']): Promise<boolean> {
    return this.#withDevices(() => this.#account().removeDevice(id));
  }

  changePassword(password: string, newPassword: string): Promise<boolean> {
    return this.changing.run(async () => {
      await this.#client.changePassword(password, newPassword);
      this.isUnproven.value = isUnproven(this.#client);
    });
  }

  makeRecoveryKey(): Promise<boolean> {
    return this.making.run(async () => {
      this.recoveryKey.value = await this.#account().makeRecoveryKey();
      this.hasRecoveryKey.value = true;
    });
  }

  forgetRecoveryKey(): void {
    this.recoveryKey.value = undefined;
  }

  loadPrivacy(): Promise<boolean> {
    return this.hiding.run(async () => {
      this.privacy.value = await this.#account().privacy();
    });
  }

  /** Shown at once, sent one after the other; what the server said last when it does not take it. */
  async setPrivacy(wish: Partial<Pick<Privacy, 'receipts' | 'presence'>>): Promise<void> {
    let kept = this.privacy.peek();
    if (!kept) return;
    this.privacy.value = { ...kept, ...wish };
    await this.hiding.run(async () => {
      try {
        for (let wanted = this.privacy.peek(); wanted && wanted !== kept; wanted = this.privacy.peek()) {
          kept = await this.#account().setPrivacy(wanted);
          // what was wished meanwhile goes next
          if (this.privacy.peek() === wanted) this.privacy.value = kept;
        }
      } catch (error) {
        this.privacy.value = kept;
        throw error;
      }
    });
  }

  /** The end of the own session is no news then: whoever it is that leaves has to be known until all is erased. */
  deleteProfile(): Promise<boolean> {
    return this.leaving.run(async () => {
      this.#client.disconnect();
      try {
        await this.#account().deleteProfile();
      } catch (error) {
        this.#client.connect();
        throw error;
      }
    });
  }

  #withDevices(work: () => Promise<void>): Promise<boolean> {
    return this.listing.run(async () => {
      await work();
      this.devices.value = await this.#account().devices();
    });
  }

  #account(): OwnAccountClient {
    const { account } = this.#client;
    if (!account) throw new RefusedError('account-locked', 'the account is not open here');
    return account;
  }
}
