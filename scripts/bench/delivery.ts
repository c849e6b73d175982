// What a message costs the nodes: accepted and stored inside one branch, delivered to another one, and carried through three
// custodians. All nodes run in this process, on real stores, over a network in memory: the overlay's own cost is that of
// scripts/bench/forward.ts. Prints one JSON document; compare the ratios of one run, hardly its figures with another run's.
//
//   node scripts/bench/delivery.ts [--messages 5000] [--bytes 200] [--window 200]
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Submission } from '../../node/conversations/conversations.ts';
import { directConversationId, type UserId } from '../../src/realm/ids.ts';
import type { RealmName } from '../../src/realm/names.ts';
import { openDatabase } from '../../src/store/database.ts';
import {
  ACME,
  BETA,
  ENGINEER,
  everybody,
  FROM_CLERK,
  KYIV,
  LVIV,
  ODESA,
  SMITH,
  UA,
} from '../../test/node/custody/tree-of-branches.ts';
import { type Branch, CLERK, COOK, directory, messageId, startBranch } from '../../test/node/simulated-branch.ts';
import { SimulatedNetwork } from '../../test/node/simulated-network.ts';

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '5000' },
    bytes: { type: 'string', default: '200' },
    window: { type: 'string', default: '200' },
  },
});
const count = Number(values.messages);
const body = new Uint8Array(Number(values.bytes)).fill(7);
const window = Number(values.window);

interface Cost {
  readonly perSecond: number;
  readonly perCpuSecond: number;
}

const run = {
  local: await measure([KYIV], COOK),
  direct: await measure([KYIV, LVIV], ENGINEER),
  custody: await measure([KYIV, ACME, UA, BETA, ODESA], SMITH),
};
const ratio = (a: Cost, b: Cost): number => Math.round((100 * a.perCpuSecond) / b.perCpuSecond) / 100;
const ratios = { directToLocal: ratio(run.direct, run.local), custodyToDirect: ratio(run.custody, run.direct) };
console.log(JSON.stringify({ messages: count, bytes: body.length, window, ...run, ratios }));

/** From the first realm to a person of the last one. */
async function measure(realms: readonly RealmName[], to: UserId): Promise<Cost> {
  const folder = await mkdtemp(join(tmpdir(), 'canopy-bench-'));
  const network = new SimulatedNetwork();
  const stores = await Promise.all(realms.map((realm) => openDatabase(join(folder, realm))));
  const start = async (realm: RealmName, at: number) => {
    const database = stores[at];
    if (!database) throw new Error('a realm without a store');
    const known = to === COOK ? directory() : everybody();
    return startBranch({ realm, database, network, directory: known });
  };
  const branches = await Promise.all(realms.map(start));
  const [first, last] = [branches[0], branches.at(-1)];
  if (!first || !last) throw new Error('no realms');
  await send(first, last, to, 200, 0);
  const [cpu, time] = [process.cpuUsage(), performance.now()];
  await send(first, last, to, count, 200);
  const { user, system } = process.cpuUsage(cpu);
  const seconds = (performance.now() - time) / 1000;
  await Promise.all(branches.map((branch) => branch.stop()));
  await Promise.all(stores.map((store) => store.close()));
  await rm(folder, { recursive: true, force: true });
  return { perSecond: Math.round(count / seconds), perCpuSecond: Math.round((count * 1e6) / (user + system)) };
}

/** Resolves when all have arrived and the origin's outbox is empty. */
async function send(from: Branch, at: Branch, to: UserId, amount: number, begin: number): Promise<void> {
  const { promise: arrived, resolve } = Promise.withResolvers<void>();
  let left = amount;
  const stop = at.conversations.onEvent((user, event) => {
    if (user === to && event.kind === 'message' && --left === 0) resolve();
  });
  const waiting = new Set<Promise<unknown>>();
  for (let n = 1; n <= amount; n++) {
    const stored = from.conversations.submit(FROM_CLERK, submission(begin + n, to));
    waiting.add(stored);
    void stored.finally(() => waiting.delete(stored));
    if (waiting.size >= window) await Promise.race(waiting);
  }
  await arrived;
  while (from.outbox.depth(at.realm) > 0) await new Promise((next) => setTimeout(next, 1));
  stop();
}

function submission(n: number, to: UserId): Submission {
  const conversation = directConversationId(CLERK, to);
  return { id: messageId(n), conversation, recipients: [to], expires: 0, body };
}
