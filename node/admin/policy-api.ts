// Policies over the control socket; routes beside those of api.ts.
//
//   GET  /v1/policies                   {policies: Policy[]}    what holds here, and who says so
//   POST /v1/policies/set {name,values}  Policy                 of this realm; no values: none
import * as v from 'valibot';
import { isRealmName, type RealmName } from '../../src/realm/names.ts';
import type { AdminClient } from './api.ts';

const realm = v.custom<RealmName>((value) => typeof value === 'string' && isRealmName(value), 'not a realm name');
const MAX_TEXT = 260;
const MAX_VALUES = 200;
const values = v.pipe(v.array(v.pipe(v.string(), v.maxLength(MAX_TEXT))), v.maxLength(MAX_VALUES));

const policy = v.object({
  name: v.string(),
  rules: v.array(v.object({ realm, values, since: v.number() })),
});
export type PolicyRow = v.InferOutput<typeof policy>;

export const POLICY_REQUESTS = {
  set: v.object({ name: v.pipe(v.string(), v.maxLength(MAX_TEXT)), values }),
} as const;

export class PolicyClient {
  readonly #admin: AdminClient;

  constructor(admin: AdminClient) {
    this.#admin = admin;
  }

  async list(): Promise<PolicyRow[]> {
    return (await this.#admin.ask('/v1/policies', v.object({ policies: v.array(policy) }))).policies;
  }

  set(name: string, wanted: readonly string[]): Promise<PolicyRow> {
    return this.#admin.ask('/v1/policies/set', policy, { name, values: [...wanted] });
  }
}
