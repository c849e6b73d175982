// A group of a thousand devices over the nodes of three branches: twenty engines of clients, and key packages of all the others. What its steps
// take and how large they are goes to docs/measured/group-of-1000.md. CANOPY_GROUP_DEVICES makes it smaller, and keeps the page as it is.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { inspectCommit, inspectInfo } from '../../../node/groups/commit-inspection.ts';
import type { GroupServer } from '../../../src/client/engine/group-server.ts';
import type { PackageServer } from '../../../src/client/engine/key-packages.ts';
import { decodeMail } from '../../../src/client/engine/mail.ts';
import { MessageKeys } from '../../../src/client/engine/message-keys.ts';
import { makeKeyPackage } from '../../../src/crypto/mls/key-package.ts';
import type { OwnDevice } from '../../../src/crypto/mls/parts.ts';
import type { Roster } from '../../../src/crypto/roster.ts';
import type { FrameMessage } from '../../../src/protocols/lan/wire.ts';
import { type ConversationId, type DeviceId, idText, parseMessageId, type UserId } from '../../../src/realm/ids.ts';
import type { RealmName } from '../../../src/realm/names.ts';
import { systemRandom } from '../../../src/realm/random.ts';
import { parseUserAddress } from '../../../src/realm/user-address.ts';
import { CONVERSATION, People, type Person } from '../../crypto/mls/people.ts';
import { never, world } from '../../node/groups/group-world.ts';
import { type Branch, KYIV, LVIV, ODESA } from '../../node/simulated-branch.ts';
import { accountOf, type ServerOfTests, type Station, stationWith, VaultOfTests } from './realm-of-tests.ts';

const DEVICES = Number(process.env['CANOPY_GROUP_DEVICES'] ?? 1000);
const CLIENTS = 20;
const REALMS = [KYIV, LVIV, ODESA] as const;
const PAGE = join(import.meta.dirname, '../../../docs/measured/group-of-1000.md');

interface Client extends Station {
  readonly person: Person;
  readonly own: Station['own'];
  readonly device: OwnDevice;
  readonly vault: VaultOfTests;
  readonly branch: Branch;
}

interface Laid {
  readonly device: DeviceId;
  readonly bytes: Uint8Array;
}

interface World {
  readonly people: People;
  readonly clients: readonly Client[];
  readonly packages: Map<UserId, Laid[]>;
  readonly homeOf: Map<UserId, RealmName>;
  readonly welcomes: Map<DeviceId, Uint8Array>;
  readonly sizes: { commit: number; info: number; welcome: number };
  readonly at: (realm: RealmName) => Branch;
}

async function open(t: TestContext): Promise<World> {
  const people = new People();
  const homeOf = new Map<UserId, RealmName>();
  const findById = (id: UserId) => {
    const home = homeOf.get(id);
    if (!home) return undefined;
    const address = parseUserAddress(`u${id.slice(0, 8)}@${home}`);
    return { id, address, name: 'somebody', kind: 'person', home, status: 'active' } as const;
  };
  const looks = { inspect: inspectCommit, inspectInfo };
  const { at } = await world(t, REALMS, { directory: { findById }, ...looks });
  const packages = new Map<UserId, Laid[]>();
  const welcomes = new Map<DeviceId, Uint8Array>();
  const sizes = { commit: 0, info: 0, welcome: 0 };
  const made: World = { people, clients: [], packages, homeOf, welcomes, sizes, at };
  const clients: Client[] = [];
  for (let n = 0; n < CLIENTS; n++) clients.push(await clientOf(made, REALMS[n % REALMS.length] ?? KYIV));
  // Two devices a person, as people have them.
  for (let n = CLIENTS; n < DEVICES; n += 2) {
    const person = somebody(made, REALMS[(n / 2) % REALMS.length] ?? KYIV);
    for (const device of [people.device(person), people.device(person)]) {
      const { publicPart } = await makeKeyPackage(device, people.clock.now());
      lay(made, person.user, device.certificate.device, publicPart);
    }
  }
  return { ...made, clients };
}

function somebody({ people, homeOf }: World, realm: RealmName): Person {
  const person = people.person();
  homeOf.set(person.user, realm);
  return person;
}

function lay({ packages }: World, user: UserId, device: DeviceId, bytes: Uint8Array): void {
  packages.set(user, [...(packages.get(user) ?? []), { device, bytes }]);
}

async function clientOf(made: World, realm: RealmName, known?: Person): Promise<Client> {
  const person = known ?? somebody(made, realm);
  const device = made.people.device(person);
  const [branch, vault] = [made.at(realm), new VaultOfTests()];
  const station = await stationWith(made.people, serverOf(made, branch, device), device, vault);
  await station.own.replenish();
  return { ...station, person, device, vault, branch };
}

/** The node of that branch, asked without HTTP between. */
function serverOf(made: World, { groups, realm }: Branch, { certificate: { user, device } }: OwnDevice): ServerOfTests {
  const author = { user, device, realm };
  const asked: GroupServer = {
    group: async (conversation, { group, epoch } = {}) => {
      const { state, ...shown } = await groups.reader.info(user, conversation, { group, epoch }, never);
      const info = shown.groupInfo && { groupInfo: shown.groupInfo, infoEpoch: shown.epoch };
      return { group: state.group, epoch: state.epoch, ...info };
    },
    commits: async (conversation, group, after) => {
      const { commits, next } = await groups.reader.commits(user, conversation, { group, after });
      return { commits, more: next !== undefined };
    },
    commit: async (conversation, { roster, ...offer }) => {
      made.sizes.commit = Math.max(made.sizes.commit, offer.commit.length);
      made.sizes.info = Math.max(made.sizes.info, offer.groupInfo.length);
      for (const { device: to, body } of offer.welcomes) {
        made.welcomes.set(to, body);
        made.sizes.welcome = Math.max(made.sizes.welcome, body.length);
      }
      await groups.propose(author, { ...offer, conversation, rosterBytes: roster }, never);
    },
  };
  const laid: PackageServer = {
    publish: async ({ oneTime }) => {
      const [first] = oneTime;
      if (first) lay(made, user, device, first);
      return { waiting: oneTime.length, lastResort: true };
    },
    claim: async (of) => made.packages.get(of) ?? [],
  };
  return { ...asked, ...laid };
}

async function timed<T>(
  rows: [string, number, string][],
  what: string,
  work: () => Promise<T>,
  note: (value: T) => string,
) {
  const before = performance.now();
  const value = await work();
  rows.push([what, performance.now() - before, note(value)]);
  return value;
}

test(`a group of ${DEVICES} devices, twenty of them clients of three branches`, { timeout: 1_500_000 }, async (t) => {
  const made = await open(t);
  const { clients, sizes, at } = made;
  const [owner, ...others] = clients;
  assert.ok(owner);
  const rows: [string, number, string][] = [];
  const users = [...made.homeOf.keys()];
  const isClient = new Set(clients.map(({ person }) => person.user));
  const roster: Roster = {
    kind: 'group',
    home: KYIV,
    term: 0,
    members: users.map((user) => ({ user, role: user === owner.person.user ? 'owner' : 'member' })),
  };
  const group = await timed(
    rows,
    `create, and add ${DEVICES - 1}`,
    () => owner.keeper.create(CONVERSATION, roster),
    () => `largest commit ${bytes(sizes.commit)}, group info ${bytes(sizes.info)}`,
  );
  assert.equal(group.members().length, DEVICES);
  for (const realm of REALMS) await until(async () => (await epochAt(at(realm))) === group.epoch);

  const joins: number[] = [];
  for (const client of others) {
    const body = made.welcomes.get(client.device.certificate.device) ?? assert.fail('no welcome');
    const before = performance.now();
    await client.keeper.welcomed(CONVERSATION, decodeMail(body).payload);
    joins.push(performance.now() - before);
    assert.equal((await client.keeper.present(CONVERSATION))?.epoch, group.epoch);
  }
  const each = joins.toSorted((a, b) => a - b);
  rows.push([
    'join by a welcome and follow, median of 19',
    each[Math.floor(each.length / 2)] ?? 0,
    `longest ${ms(each.at(-1) ?? 0)}, welcome ${bytes(sizes.welcome)}`,
  ]);

  const [writer = assert.fail()] = others;
  let envelopes = 0;
  const stop = writer.branch.outbox.onAdded(() => {
    envelopes++;
  });
  const id = parseMessageId(idText(systemRandom(16)));
  await timed(
    rows,
    'seal and hand in a text of 200 bytes',
    () => send(writer, id),
    (size) => `${bytes(size)} sealed`,
  );
  stop();
  assert.equal(envelopes, REALMS.length - 1, 'one envelope for each other realm');
  rows.push([
    'envelopes of the sender’s node for it',
    Number.NaN,
    `${envelopes} for ${REALMS.length - 1} other realms and ${users.length} people`,
  ]);
  for (const client of clients.slice(0, 3)) {
    await until(async () => (await read(made.people, client, id)) === 'a text to a thousand'.padEnd(200, '.'));
  }

  const gone = users.find((user) => !isClient.has(user)) ?? assert.fail();
  sizes.commit = 0;
  const smaller = await timed(
    rows,
    'remove a person of two devices',
    () => removing(owner, gone),
    () => `commit ${bytes(sizes.commit)}`,
  );
  assert.equal(smaller.members().length, DEVICES - 2);
  await until(async () => (await epochAt(writer.branch)) === smaller.epoch);
  await timed(
    rows,
    'follow that, at another branch',
    () => writer.keeper.follow(CONVERSATION),
    () => '',
  );
  const newcomer = somebody(made, ODESA);
  const fresh = await clientOf(made, ODESA, newcomer);
  sizes.commit = 0;
  const larger = await timed(
    rows,
    'add one person',
    () => adding(owner, newcomer.user),
    () => `commit ${bytes(sizes.commit)}`,
  );
  await until(async () => (await epochAt(fresh.branch)) === larger.epoch);
  const welcome = made.welcomes.get(fresh.device.certificate.device) ?? assert.fail('no welcome');
  await timed(
    rows,
    'that device joins by its welcome',
    () => fresh.keeper.welcomed(CONVERSATION, decodeMail(welcome).payload),
    () => '',
  );
  const second = await clientOf(made, LVIV, writer.person);
  sizes.commit = 0;
  await timed(
    rows,
    'a new device joins from outside',
    () => second.keeper.follow(CONVERSATION),
    () => `commit ${bytes(sizes.commit)}`,
  );
  for (const [what, took, note] of rows) t.diagnostic(`${what}: ${ms(took)} ${note}`);
  if (DEVICES === 1000) await writeFile(PAGE, page(rows));
});

function removing({ keeper }: Client, user: UserId) {
  return keeper.change(CONVERSATION, async (group) => ({
    remove: group.members().filter((one) => one.user === user),
    roster: { ...group.roster, members: group.roster.members.filter((one) => one.user !== user) },
  }));
}

function adding({ keeper }: Client, user: UserId) {
  return keeper.change(CONVERSATION, async ({ roster }) => ({
    add: await keeper.packagesOf([user]),
    roster: { ...roster, members: [...roster.members, { user, role: 'member' }] },
  }));
}

function keysOf(people: People, { vault, person, device, ...station }: Client): MessageKeys {
  const account = accountOf(people, vault, person.user);
  return new MessageKeys({ ...station, account, signature: device.signature, nextSeq: async () => 1 });
}

async function send(client: Client, message: ReturnType<typeof parseMessageId>): Promise<number> {
  const { keeper, branch, person, device } = client;
  const context = { conversation: CONVERSATION, message, sender: person.user, device: device.certificate.device };
  const text = 'a text to a thousand'.padEnd(200, '.');
  const wanted = { roster: () => assert.fail('there is a group') };
  const keys = keysOf(new People(), client);
  const body = await keeper.ready(CONVERSATION, wanted, (group) =>
    keys.seal(group, { kind: 'text', text, sentAt: 1 }, context),
  );
  const from = { user: person.user, device: device.certificate.device };
  await branch.conversations.submit(from, {
    id: message,
    conversation: CONVERSATION,
    recipients: [],
    expires: 0,
    body,
  });
  return body.length;
}

async function read(
  people: People,
  client: Client,
  id: ReturnType<typeof parseMessageId>,
): Promise<string | undefined> {
  const { messages } = await client.branch.conversations.history(client.person.user, CONVERSATION, { limit: 10 });
  const found = messages.find(({ envelope }) => envelope.id === id);
  if (!found) return undefined;
  const { conversation, sender, device, stamp, body } = found.envelope;
  const message: FrameMessage = {
    id,
    conversation,
    sender,
    device,
    stamp,
    body,
    recipients: [],
    state: 'stored',
    expires: 0,
    path: 'local',
  };
  const { event } = await keysOf(people, client).look(message);
  return event.content?.kind === 'text' ? event.content.text : event.problem;
}

async function epochAt(branch: Branch, conversation: ConversationId = CONVERSATION): Promise<number> {
  return (await branch.rosters.find(conversation))?.epoch ?? 0;
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 60_000; !(await holds()); ) {
    assert.ok(Date.now() < end, 'not within a minute');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function bytes(count: number): string {
  return `${count.toLocaleString('en')} bytes`;
}

function ms(took: number): string {
  return Number.isNaN(took) ? '' : `${Math.round(took).toLocaleString('en')} ms`;
}

function page(rows: readonly [string, number, string][]): string {
  const date = new Date().toISOString().slice(0, 10);
  const table = rows.map(([what, took, note]) => `| ${what} | ${ms(took)} | ${note} |`).join('\n');
  return `# A group of a thousand devices over three branches

\`npm run test:long -- test/client/engine/group-of-1000.long.ts\`, ${date}, Node ${process.versions.node}, at the lowest priority on two shared cores: the times are an upper bound. Twenty engines of clients, spread over the nodes of three branches, and key packages of the other 980 devices, two a person. Nodes and engines run in one process, without HTTP between; stores, commits, envelopes and checks are the real ones.

| step | time | size |
|---|---|---|
${table}
`;
}
