// A branch's node as its LAN side sees it: real accounts, directory, ledger, conversations, presence and audit log over a real
// store, and a real server on a free port. The overlay is away.
import type { TestContext } from 'node:test';
import { ed25519 } from '@noble/curves/ed25519.js';
import { AuditLog } from '../../../node/audit/audit-log.ts';
import { CountedAudit } from '../../../node/audit/counted-audit.ts';
import { Blocks } from '../../../node/conversations/blocks.ts';
import { openConversations } from '../../../node/conversations/conversation-service.ts';
import { Privacy } from '../../../node/conversations/privacy.ts';
import { openOutbox } from '../../../node/delivery/outbox.ts';
import type { AccountService } from '../../../node/directory/account-service.ts';
import type { BranchLock } from '../../../node/directory/branch-lock.ts';
import type { DeviceService } from '../../../node/directory/device-service.ts';
import type { UserProfile } from '../../../node/directory/directory.ts';
import { IdentityJudge } from '../../../node/directory/identity-judge.ts';
import type { IdentityService } from '../../../node/directory/identity-service.ts';
import { GroupRosters } from '../../../node/groups/group-rosters.ts';
import { GroupService } from '../../../node/groups/group-service.ts';
import { KeyPackageService } from '../../../node/key-packages/key-package-service.ts';
import type { LanComponents, LanSettings } from '../../../node/lan/components.ts';
import { createLanServer, type LanServer } from '../../../node/lan/server.ts';
import { openLedger } from '../../../node/ledger/ledger-service.ts';
import { MailService } from '../../../node/mails/mail-service.ts';
import { openAccount } from '../../../node/open-account.ts';
import { openUsers } from '../../../node/open-users.ts';
import { createPresence } from '../../../node/presence/presence-service.ts';
import { registerPassword } from '../../../src/crypto/login.ts';
import type { Network } from '../../../src/overlay/seam.ts';
import { type Chain, encodeChain } from '../../../src/pki/chain.ts';
import { type AuthorityKey, localSigner, verifyWithLeaf } from '../../../src/pki/keys.ts';
import { systemClock } from '../../../src/realm/clock.ts';
import { UnreachableError } from '../../../src/realm/errors.ts';
import type { UserId } from '../../../src/realm/ids.ts';
import { silentLog } from '../../../src/realm/log.ts';
import { parseRealmName, type RealmName } from '../../../src/realm/names.ts';
import { parseLogin } from '../../../src/realm/user-address.ts';
import { type Database, openDatabase } from '../../../src/store/database.ts';
import { Realms } from '../../overlay/realms.ts';
import { temporaryFolder } from '../../temporary-folder.ts';

export const REALM = parseRealmName('kyiv.acme.ua');
export const HOST = 'kyiv.localhost';
/** All branches of a test stand below one root. */
export const OVERLAY = new Realms('ua');

export interface Branch {
  readonly server: LanServer;
  readonly accounts: AccountService;
  readonly database: Database;
  readonly devices: DeviceService;
  readonly identities: IdentityService;
  readonly branchLock: BranchLock;
  /** Of the realm; it signs whose identity is whose. */
  readonly authority: AuthorityKey;
  /** Its certificate first, the root's last. */
  readonly authorityChain: Chain;
  readonly audit: AuditLog;
  readonly components: LanComponents;
  /** With a first password that must be changed. */
  addUser(login: string, name: string, password: string): Promise<UserProfile>;
  /** Stops the server and starts another on the same port, over the same parts. */
  restart(): Promise<void>;
}

const awayNetwork: Network = {
  open: async () => {
    throw new UnreachableError('no-path', 'the overlay is away in this test');
  },
  handle: () => {},
  paths: () => [],
  ping: async () => {
    throw new UnreachableError('no-path', 'the overlay is away in this test');
  },
  onPath: () => () => {},
};

async function openParts(t: TestContext, realm: RealmName) {
  const database = await openDatabase(await temporaryFolder(t));
  t.after(() => database.close());
  const clock = systemClock;
  const log = silentLog;
  const audit = new AuditLog({ database, clock });
  const seed = ed25519.utils.randomSecretKey();
  const publicKey = ed25519.getPublicKey(seed);
  const verify = (data: Uint8Array, signature: Uint8Array) => verifyWithLeaf(publicKey, data, signature);
  const key = { realm, role: 'node' as const, publicKey, verify, notBefore: 0, notAfter: Number.MAX_SAFE_INTEGER };
  const ledger = await openLedger(
    {
      database,
      network: awayNetwork,
      clock,
      log,
      audit,
      random: Math.random,
      checkChain: async () => key,
      signer: () => ({ publicKey, chain: new Uint8Array(8), sign: async (bytes) => ed25519.sign(bytes, seed) }),
    },
    { realm, parent: undefined, house: realm, incarnation: 1 },
  );
  const ground = { realm: { realm }, database, clock, log, audit: new CountedAudit(audit), house: realm };
  const { key: authority, chain: authorityChain } = await OVERLAY.authorityOf(realm);
  const signStatement = (statement: Uint8Array) => localSigner(authority).sign(statement);
  const judge = new IdentityJudge();
  judge.learn(realm, encodeChain((await OVERLAY.identity(realm, 'node')).chain));
  const opened = await openUsers(ground, { network: awayNetwork, ledger, signStatement, judge });
  const { users: directory, accounts, devices, identities, lock: branchLock, lockStore: lock } = opened;
  const errands = {
    ask: async () => {
      throw new UnreachableError('no-way', 'the overlay is away in this test');
    },
    answer: () => {},
  };
  const policies = { forbids: () => undefined };
  const { account } = openAccount(ground, { ...opened, errands, people: directory, policies });
  const outbox = await openOutbox({ database, incarnation: 1 });
  const rosters = new GroupRosters(database, clock);
  const base = { realm, incarnation: 1, database, directory, outbox, rosters, clock, log };
  const blocks = new Blocks(database, clock);
  await blocks.load();
  const privacy = new Privacy(database);
  await privacy.load();
  const conversations = await openConversations({ ...base, blocks, hides: privacy });
  const shared = { ...base, network: awayNetwork, ledger, conversations, family: () => [], mayAsk: () => true };
  const mails = new MailService({ ...shared, ...conversations.parts });
  conversations.judge('mail', (item) => mails.judge(item));
  const groups = new GroupService({ ...shared, mails });
  const keyPackages = new KeyPackageService(shared);
  for (const service of [mails, keyPackages, groups]) {
    await service.start();
    t.after(() => service.stop());
  }
  const hides = (user: UserId) => privacy.presence(user);
  const presence = createPresence({ realm, network: awayNetwork, directory, clock, random: Math.random, log, hides });
  await presence.start();
  t.after(() => presence.stop());
  return {
    database,
    audit,
    accounts,
    directory,
    conversations,
    blocks,
    privacy,
    presence,
    account,
    devices,
    identities,
    lock,
    branchLock,
    authority,
    authorityChain,
    groups,
    mails,
    keyPackages,
  };
}

export async function openBranch(
  t: TestContext,
  given: Partial<LanSettings> = {},
  more: Partial<Pick<LanComponents, 'islands' | 'guests' | 'clock'>> = {},
  realm: RealmName = REALM,
): Promise<Branch> {
  const { branchLock, devices, identities, authority, authorityChain, database, ...parts } = await openParts(t, realm);
  const { audit, accounts } = parts;
  const components: LanComponents = {
    realm,
    ...parts,
    clock: systemClock,
    log: silentLog,
    checks: async () => [{ name: 'store', ok: true }],
    ...more,
  };
  const settings = { host: '127.0.0.1', port: 0, names: [`${realm.split('.')[0]}.localhost`], ...given };
  let server = createLanServer(components, settings);
  await server.start();
  t.after(() => server.stop());
  return {
    get server() {
      return server;
    },
    accounts,
    database,
    devices,
    identities,
    branchLock,
    authority,
    authorityChain,
    audit,
    components,
    addUser: (login, name, password) => addUser(accounts, login, name, password),
    restart: async () => {
      const { port } = server;
      await server.stop();
      server = createLanServer(components, { ...settings, port });
      await server.start();
    },
  };
}

async function addUser(accounts: AccountService, login: string, name: string, password: string): Promise<UserProfile> {
  let registrationId = '';
  const { record } = await registerPassword(password, REALM, async (request) => {
    const started = await accounts.startRegistration({ login: parseLogin(login), name, request });
    registrationId = started.registrationId;
    return started;
  });
  return accounts.finishRegistration({ registrationId, record });
}
