// The devices of one branch's people at a desk of the laboratory, in one process.
//
//   in   {"id":1,"key":"0/0","login":{..DeviceInit..}}   {"id":2,"key":"0/0","method":"say","args":[..]}
//   out  {"id":1,"result":..}   {"id":2,"error":"code","message":".."}
import { createInterface } from 'node:readline';
import { codeOf, messageOf } from '../../src/realm/errors.ts';
import { DayDevice, type DeviceInit } from '../day/device.ts';
import type { Device } from '../day/playing.ts';

export interface DayAsk {
  readonly id: number;
  /** Of the device. */
  readonly key: string;
  readonly login?: DeviceInit;
  readonly method?: keyof Device;
  readonly args?: readonly unknown[];
}

const devices = new Map<string, DayDevice>();

async function answer({ key, login, method, args = [] }: DayAsk): Promise<unknown> {
  if (login) {
    const device = await DayDevice.login(login);
    devices.set(key, device);
    return device.userId();
  }
  const device = devices.get(key);
  if (!device || !method) throw new Error(`no device ${key}`);
  return Reflect.apply(device[method], device, args);
}

for await (const line of createInterface({ input: process.stdin })) {
  const ask: DayAsk = JSON.parse(line);
  const tell = (told: object) => void process.stdout.write(`${JSON.stringify({ id: ask.id, ...told })}\n`);
  void answer(ask).then(
    (result) => tell({ result: result ?? null }),
    (error: unknown) => tell({ error: codeOf(error), message: messageOf(error) }),
  );
}
process.exit();
