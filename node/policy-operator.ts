// What the operator may do with policies over the control socket.
import { POLICY_REQUESTS } from './admin/policy-api.ts';
import { type PartRoutes, partRoute } from './admin/server.ts';
import type { Policies } from './policies/policies.ts';

export function policyRoutes(policies: Policies): PartRoutes {
  return {
    'GET /v1/policies': async () => ({ policies: policies.list() }),
    'POST /v1/policies/set': partRoute(POLICY_REQUESTS.set, ({ name, values }) => policies.set(name, values)),
  };
}
