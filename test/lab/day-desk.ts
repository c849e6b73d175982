// The laboratory's hand on the devices at one desk (day-program.ts): each is called as if it were here.
import { fileURLToPath } from 'node:url';
import { RefusedError } from '../../src/realm/errors.ts';
import type { DeviceInit } from '../day/device.ts';
import type { Device } from '../day/playing.ts';
import type { DayAsk } from './day-program.ts';
import type { Namespace } from './namespace.ts';
import { Program } from './program.ts';

const PROGRAM = fileURLToPath(new URL('./day-program.ts', import.meta.url));
const LIMIT = 120_000;

export class DayDesk {
  readonly #program: Program;
  #asked = 0;

  constructor(desk: Namespace) {
    this.#program = new Program(desk, [], {}, PROGRAM);
  }

  async login(key: string, login: DeviceInit): Promise<{ readonly device: Device; readonly user: string }> {
    const user = String(await this.#ask({ key, login }));
    return { device: this.#device(key), user };
  }

  async stop(): Promise<void> {
    await this.#program.stop();
  }

  #device(key: string): Device {
    const call =
      (method: keyof Device) =>
      (...args: readonly unknown[]): Promise<never> =>
        this.#ask({ key, method, args });
    return {
      off: call('off'),
      on: call('on'),
      restart: call('restart'),
      say: call('say'),
      sendFile: call('sendFile'),
      edit: call('edit'),
      delete: call('delete'),
      react: call('react'),
      rename: call('rename'),
      draft: call('draft'),
      make: call('make'),
      invite: call('invite'),
      remove: call('remove'),
      leave: call('leave'),
      shown: call('shown'),
      fetched: call('fetched'),
      account: call('account'),
    };
  }

  /** What the program answers is what the device there gave: `Device` on both sides. */
  async #ask<T>(ask: Omit<DayAsk, 'id'>): Promise<T> {
    const id = ++this.#asked;
    this.#program.send({ id, ...ask });
    const told = await this.#program.line((line) => line['id'] === id, LIMIT);
    if (typeof told['error'] === 'string') throw new RefusedError(told['error'], String(told['message']));
    return told['result'] as T;
  }
}
