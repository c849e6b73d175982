// What people cost their node while they write nothing: registered, logged in for the first time and on a second device, connected and
// idle. A real node and relay as processes of their own on loopback; the clients are in this process, which pays for its own side of each
// login, and what the node does anyhow is taken off. Prints one JSON document; figures of one run may be compared with each other, with those of another run or machine hardly.
//
//   node scripts/bench/clients.ts [--users 100] [--idle 30]
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { nodePlatform } from '../../cli/chat/node-platform.ts';
import { registerUser } from '../../cli/register-user.ts';
import { AdminClient } from '../../node/admin/api.ts';
import { memoryCache } from '../../src/client/cache/memory-cache.ts';
import { type Client, createClient } from '../../src/client/client.ts';
import { dataDirectory } from '../../src/settings/data-directory.ts';
import { makeLoneRealm } from '../../test/faults/lone-realm.ts';
import { Program } from '../../test/faults/program.ts';
import { costOf, idleShares } from './spent.ts';

/** Milliseconds until what a connection brought about is over. */
const SETTLES = 5_000;
const { values } = parseArgs({
  options: { users: { type: 'string', default: '100' }, idle: { type: 'string', default: '30' } },
});
const count = Number(values.users);
const idleSeconds = Number(values.idle);
const logins = Array.from({ length: count }, (_, n) => `user${n}`);

const realm = await makeLoneRealm();
const server = `http://ua.localhost:${realm.lanPort}`;
const admin = new AdminClient(dataDirectory(realm.dir).socket.node);
const [node, relay] = await Promise.all([
  Program.start({ role: 'node', dir: realm.dir }),
  Program.start({ role: 'relay', dir: realm.dir }),
]);
try {
  const empty = node.memory;
  const [quiet = 0] = await idleShares([node.pid], SETTLES / 1000);
  const registered = await cost(quiet, () =>
    each((login) => registerUser(admin, { login, name: login, password: first(login) })),
  );
  const firstLogins = await cost(quiet, () =>
    each((login) => program().login(login, first(login), { newPassword: second(login) })),
  );
  const devices: Client[] = [];
  const laterLogins = await cost(quiet, () =>
    each(async (login) => {
      const device = program();
      await device.login(login, second(login));
      devices.push(device);
    }),
  );
  const before = node.memory;
  const connected = await cost(quiet, async () => {
    for (const device of devices) device.connect();
    await pause(SETTLES);
  });
  const after = node.memory;
  const [idle = 0] = await idleShares([node.pid], idleSeconds);
  console.log(
    JSON.stringify({
      users: count,
      nodeMiB: { empty: rounded(empty), loggedIn: rounded(before), connected: rounded(after) },
      relayMiB: rounded(relay.memory),
      kibibytesOfAConnection: rounded(((after - before) * 1024) / count),
      ofACpuSecond: {
        registrations: rounded(count / registered),
        firstLogins: rounded(count / firstLogins),
        laterLogins: rounded(count / laterLogins),
        connections: rounded(count / connected),
      },
      idleShareOfACore: { empty: quiet, connected: idle },
      load: loadavg()[0],
    }),
  );
  for (const device of devices) device.disconnect();
} finally {
  await Promise.all([node.stop(), relay.stop()]);
  await realm.remove();
}
process.exit();

function first(login: string): string {
  return `the first of ${login}`;
}

function second(login: string): string {
  return `the second of ${login}`;
}

function program(): Client {
  return createClient({ server, ...nodePlatform(), openCache: memoryCache });
}

/** One after the other: this process is the slower side. */
async function each(work: (login: string) => Promise<unknown>): Promise<void> {
  for (const login of logins) await work(login);
}

/** Seconds of the processor that the node spent on this, beyond what it spends anyhow. */
async function cost(quiet: number, work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  const [spent = 0] = await costOf([node.pid], work);
  return Math.max(0, spent - (quiet * (performance.now() - began)) / 1000);
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
