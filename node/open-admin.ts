// The control socket: what the operator may ask of this node, each service's part beside the others.
import { AdminServer } from './admin/server.ts';
import { lockRoutes } from './directory/lock-operator.ts';
import { userRoutes } from './directory/user-operator.ts';
import { fileRoutes } from './file-operator.ts';
import type { Ground } from './ground.ts';
import { retirementRoutes } from './groups/retirement-operator.ts';
import { ledgerRoutes } from './ledger/ledger-operator.ts';
import { messageWays } from './message-ways.ts';
import type { OpenedCertificates } from './open-certificates.ts';
import { moveRoutes } from './open-moving.ts';
import type { Services } from './open-services.ts';
import { Operator, type OperatorComponents } from './operator.ts';
import { policyRoutes } from './policy-operator.ts';
import { Reach } from './reach.ts';
import { trustRoutes } from './trust-operator.ts';

export type Watched = Pick<OperatorComponents, 'lan' | 'lanRenewal' | 'clockWatch'> & OpenedCertificates;

export function openAdmin(ground: Ground, services: Services, watched: Watched): AdminServer {
  const { realm, directory, charter, lineage, audit, log } = ground;
  const { ledger, guard, accounts, trusts, table, policies, people, users, blobs, opened, moving, messaging } =
    services;
  const name = realm.realm;
  const reach = new Reach({ realm: name, lineage, ledger, charter, table, policies });
  const parts = {
    ...watched.certificates.routes,
    ...messageWays({ delivery: messaging.delivery, directory: users, audit }),
    ...ledgerRoutes({ realm: name, ledger, guard, accounts }),
    ...trustRoutes({ realm: name, trusts, reach }),
    ...policyRoutes(policies),
    ...retirementRoutes(messaging.retirements),
    ...fileRoutes({ blobs, directory: people, audit }),
    ...userRoutes(opened),
    ...lockRoutes(opened.lock),
    ...moveRoutes(moving),
  };
  const actions = openOperator(ground, services, watched);
  return new AdminServer({ socket: directory.socket.node }, { actions, parts, log });
}

function openOperator(ground: Ground, services: Services, watched: Watched): Operator {
  const { realm, lineage, identity, clock, damage } = ground;
  const { ownRelay, network, ledger, authority, accounts, users, guard, lock, messaging } = services;
  const { delivery, presence } = messaging;
  const own = { realm, lineage, identity, ownRelay, clock, damage, startedAt: clock.now() };
  const shown = { overlay: network, ledger, authority, accounts, directory: users, delivery, presence };
  const { lan, lanRenewal, clockWatch, renewal, certificates } = watched;
  return new Operator({ ...own, ...shown, guard, lock, lan, renewal, lanRenewal, certificates, clockWatch });
}
