// What a node does for its realm: the overlay and the ledger, people and their accounts, conversations, files. Everything that a
// service needs is handed to it here; who may ask it for something, from the LAN or as the operator, is opened on top (open-doors.ts).
import { parseCertificate } from '../src/pki/certificate.ts';
import { encodeChain } from '../src/pki/chain.ts';
import { IdentityJudge } from './directory/identity-judge.ts';
import type { Discretion } from './discretion/discretion.ts';
import type { Ground } from './ground.ts';
import { GroupRosters } from './groups/group-rosters.ts';
import { openAccount } from './open-account.ts';
import { openBlobs } from './open-blobs.ts';
import { openErrands } from './open-errands.ts';
import { openIncarnationGuard } from './open-incarnation.ts';
import { openMessaging } from './open-messaging.ts';
import { openMoving } from './open-moving.ts';
import { openPeople } from './open-people.ts';
import { openRealm } from './open-realm.ts';
import { openRoaming } from './open-roaming.ts';
import { openTrusts } from './open-trusts.ts';
import { openUsers } from './open-users.ts';
import { findOwnRelay } from './own-relay.ts';

export type Services = Awaited<ReturnType<typeof openServices>>;

export async function openServices(ground: Ground) {
  const realm = await openRealmServices(ground);
  const people = await openPeopleServices(ground, realm);
  const talk = await openTalk(ground, realm, people);
  const { network, ledger, signStatement } = realm;
  const guard = await openIncarnationGuard(ground, { network, ledger, reopen: ground.reopen ?? (() => {}) });
  const roaming = openRoaming(ground, { network, ledger });
  const { isColleague } = roaming;
  const moving = openMoving(ground, { ...people.opened, network, ledger, signStatement, isColleague });
  return { ...realm, ...people, ...talk, guard, roaming, moving };
}

async function openRealmServices(ground: Ground) {
  const ownRelay = await findOwnRelay(ground.directory, ground.realm, ground.settings);
  const { network, ledger, authority, issued } = await openRealm(ground, ownRelay.dialled);
  const errands = openErrands(ground, network);
  const { trusts, table } = await openTrusts(ground, { network, ledger, errands });
  const signStatement = (statement: Uint8Array) => authority.signStatement(statement);
  return { ownRelay, network, ledger, authority, issued, errands, trusts, table, signStatement };
}

type RealmServices = Awaited<ReturnType<typeof openRealmServices>>;

async function openPeopleServices(ground: Ground, realm: RealmServices) {
  const { network, ledger, authority, errands, table, signStatement } = realm;
  const judge = new IdentityJudge();
  const opened = await openUsers(ground, { network, ledger, signStatement, judge });
  const { users } = opened;
  const rosters = new GroupRosters(ground.database, ground.clock);
  const found = await openPeople(ground, { users, ledger, errands, table, rosters });
  const { discretion, people, policies } = found;
  const mayTell: Discretion['mayTell'] = (...given) => discretion.mayTell(...given);
  const { account, foreignKeys } = openAccount(ground, { ...opened, errands, people, mayTell, policies });
  /** What a replaced authority has said of identities, its successor says again. */
  const restate = async (): Promise<void> => {
    const [own] = authority.chain;
    if (!own) return;
    // Clients ask for its certificates from now on; the own chain tells of them only with the node's next certificate.
    judge.learn(ground.realm.realm, encodeChain([own, ...authority.chain]));
    await opened.identities.restate(parseCertificate(own).spki);
  };
  return { opened, ...opened, ...found, rosters, account, foreignKeys, restate };
}

type PeopleServices = Awaited<ReturnType<typeof openPeopleServices>>;

async function openTalk(ground: Ground, realm: RealmServices, people: PeopleServices) {
  const { network, ledger, errands } = realm;
  const { keys, people: directory, rosters, discretion, rules, shares, policies } = people;
  const messaging = await openMessaging(ground, {
    keys,
    network,
    directory,
    rosters,
    discretion,
    rules,
    shares,
    ledger,
    errands,
    policies,
  });
  const { ways } = messaging;
  const blobs = openBlobs(ground, { network, ways, access: messaging.blobAccess, policies });
  return { messaging, blobs };
}
