// The panic lock, over the control socket; routes beside those of api.ts. Whether the branch is locked is part of the status.
//
//   POST /v1/lock {wipe}   {since, wipe, sessions, devices}
//   POST /v1/unlock {}     {since}: without it the branch was not locked
import * as v from 'valibot';
import type { AdminClient } from './api.ts';

const locked = v.object({
  /** Milliseconds since 1970. */
  since: v.number(),
  /** Whether devices erase what they hold. */
  wipe: v.boolean(),
  /** Sessions that this lock ended. */
  sessions: v.number(),
  /** Devices that are to erase what they hold. */
  devices: v.number(),
});
const unlocked = v.object({ since: v.optional(v.number()) });

export const LOCK_REQUESTS = { lock: v.object({ wipe: v.boolean() }), unlock: v.object({}) } as const;

export class LockClient {
  readonly #admin: AdminClient;

  constructor(admin: AdminClient) {
    this.#admin = admin;
  }

  lock(wish: v.InferOutput<typeof LOCK_REQUESTS.lock>): Promise<v.InferOutput<typeof locked>> {
    return this.#admin.ask('/v1/lock', locked, { ...wish });
  }

  unlock(): Promise<v.InferOutput<typeof unlocked>> {
    return this.#admin.ask('/v1/unlock', unlocked, {});
  }
}
