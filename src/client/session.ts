// (see client.ts)
import type { Client, ClientInit } from './surface.ts';
export declare class Session2 {}
export const Session = class {
  constructor(init: ClientInit) {
    throw new Error(`not yet: ${init.server}`);
  }
} as unknown as new (
  init: ClientInit,
) => Client;
