// Realms that are gone for good, over the control socket; routes beside those of api.ts.
//
//   POST /v1/realms/retire {realm, successor, dryRun}   {realm, successor}
import * as v from 'valibot';
import { isRealmName, type RealmName } from '../../src/realm/names.ts';
import type { AdminClient } from './api.ts';

const realm = v.custom<RealmName>((value) => typeof value === 'string' && isRealmName(value), 'not a realm name');
const retired = v.object({ realm, successor: realm });

export const RETIREMENT_REQUESTS = {
  retire: v.object({ realm, successor: realm, dryRun: v.boolean() }),
} as const;

export class RetirementClient {
  readonly #admin: AdminClient;

  constructor(admin: AdminClient) {
    this.#admin = admin;
  }

  retire(wish: v.InferOutput<typeof RETIREMENT_REQUESTS.retire>): Promise<v.InferOutput<typeof retired>> {
    return this.#admin.ask('/v1/realms/retire', retired, { ...wish });
  }
}
