// The own account of the acted server.
import type { User } from '../../../src/client/client.ts';
import { InputError, RefusedError } from '../../../src/realm/errors.ts';
import { parseDeviceId } from '../../../src/realm/ids.ts';
import type { Device, OwnAccountClient, Privacy } from '../model/account-client.ts';
import { CLERK } from './acted-people.ts';
import { actedPhoto } from './acted-photo.ts';

export const DEVICE = parseDeviceId('00000000-0000-4000-8000-0000000000d1');
const HOUR = 3_600_000;

export class ActedAccount implements OwnAccountClient {
  hasRecoveryKey: boolean;
  #devices: readonly Device[] = [
    { id: DEVICE, name: 'Firefox, office', current: true, signedIn: true, lastSeen: Date.now() },
    {
      id: parseDeviceId('00000000-0000-4000-8000-0000000000d2'),
      name: 'Ноутбук відділу постачання, другий поверх',
      current: false,
      signedIn: true,
      lastSeen: Date.now() - 26 * HOUR,
    },
    {
      id: parseDeviceId('00000000-0000-4000-8000-0000000000d3'),
      name: '',
      current: false,
      signedIn: false,
      lastSeen: Date.now() - 900 * HOUR,
    },
  ];

  #privacy: Privacy = { receipts: true, presence: false, hidden: { receipts: false, presence: true } };

  constructor(hasRecoveryKey: boolean) {
    this.hasRecoveryKey = hasRecoveryKey;
  }

  async makeRecoveryKey(): Promise<string> {
    await pause(300);
    this.hasRecoveryKey = true;
    return '8Q2WX-0MZ4K-7HTPD-2GSVR-ZK1N9-XB3QY-40FJA-WE6TC';
  }

  async devices(): Promise<readonly Device[]> {
    return this.#devices;
  }

  async renameDevice(id: Device['id'], name: string): Promise<void> {
    this.#devices = this.#devices.map((device) => (device.id === id ? { ...device, name } : device));
  }

  async removeDevice(id: Device['id']): Promise<void> {
    if (id === DEVICE) throw new InputError('device-is-this', 'acted');
    this.#devices = this.#devices.filter((device) => device.id !== id);
  }

  async setPhoto(): Promise<User> {
    return CLERK;
  }

  photoOf(): Promise<Uint8Array | undefined> {
    return actedPhoto();
  }

  async rename(name: string): Promise<User> {
    await pause(300);
    return { ...CLERK, name };
  }

  async privacy(): Promise<Privacy> {
    return this.#privacy;
  }

  async setPrivacy(wish: Pick<Privacy, 'receipts' | 'presence'>): Promise<Privacy> {
    await pause(300);
    this.#privacy = { ...this.#privacy, ...wish };
    return this.#privacy;
  }

  async deleteProfile(): Promise<void> {
    throw new RefusedError('login-again', 'acted');
  }
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((done) => setTimeout(done, milliseconds));
}
