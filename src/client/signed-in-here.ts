// Who is signed in on this device, so that the client opens while the server is away. It gives no access: the device's keys do, and at
// the server the session.
import * as v from 'valibot';
import { deviceId, user } from '../protocols/lan/wire.ts';
import type { ClientStorage } from './platform.ts';
import type { Me } from './surface.ts';

const KEY = 'signed-in';
const form = v.object({ user, device: deviceId });

export class SignedInHere {
  readonly #storage: ClientStorage;

  constructor(storage: ClientStorage) {
    this.#storage = storage;
  }

  /** @param token of the session that goes on, when it is of the bearer form */
  async load(token: string | undefined): Promise<Me | undefined> {
    const text = await this.#storage.get(KEY);
    if (text === undefined) return undefined;
    try {
      const me = v.parse(form, JSON.parse(text));
      return token === undefined ? me : { ...me, token };
    } catch {
      return undefined;
    }
  }

  save({ user, device }: Me): Promise<void> {
    return this.#storage.set(KEY, JSON.stringify({ user, device }));
  }

  forget(): Promise<void> {
    return this.#storage.delete(KEY);
  }
}
