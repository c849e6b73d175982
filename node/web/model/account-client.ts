// What the pages use of the own account; a client of tests and scenes has to answer no more than this.
import type { Client } from '../../../src/client/client.ts';

type Account = NonNullable<Client['account']>;

export type OwnAccountClient = Pick<
  Account,
  | 'hasRecoveryKey'
  | 'makeRecoveryKey'
  | 'devices'
  | 'renameDevice'
  | 'removeDevice'
  | 'rename'
  | 'setPhoto'
  | 'photoOf'
  | 'deleteProfile'
  | 'privacy'
  | 'setPrivacy'
>;
export type Privacy = Awaited<ReturnType<OwnAccountClient['privacy']>>;
export type Device = Awaited<ReturnType<OwnAccountClient['devices']>>[number];

export interface AccountClient extends Pick<Client, 'changePassword' | 'acceptPassword'> {
  readonly account: OwnAccountClient | undefined;
}
