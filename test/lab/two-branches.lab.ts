// Two split branches behind NAT of each kind, a public region and a public enterprise: a message each way and the path it
// takes. Printed, not asserted: the time from both branches' readiness after a start from cold to the first delivery, with
// people's clients that come back by themselves, and to the path that is expected.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { type Branch, Deployment, type PublicRealm } from './deployment.ts';
import { Internet } from './internet.ts';
import type { NatType } from './nat.ts';
import { type Program, succeed } from './program.ts';

const DELIVERY_LIMIT = 60_000;
/** How long a better path may take to be found before the test says that there is none. */
const UPGRADE_LIMIT = 60_000;

interface Pair {
  readonly name: string;
  readonly kyiv: NatType;
  readonly lviv: NatType;
  readonly path: 'direct-tcp' | 'direct-webrtc' | 'relayed';
  readonly relayEnv?: Record<string, string>;
}

const PAIRS: readonly Pair[] = [
  { name: 'both port-restricted', kyiv: 'port-restricted', lviv: 'port-restricted', path: 'direct-tcp' },
  { name: 'both symmetric', kyiv: 'symmetric', lviv: 'symmetric', path: 'relayed' },
  { name: 'UDP blocked on both', kyiv: 'udp-blocked', lviv: 'udp-blocked', path: 'direct-tcp' },
  { name: 'only TCP 443 on one', kyiv: 'tcp-443', lviv: 'port-restricted', path: 'relayed' },
  {
    name: 'WebRTC as the only way to punch',
    kyiv: 'port-restricted',
    lviv: 'port-restricted',
    path: 'direct-webrtc',
    relayEnv: { CANOPY_PUNCH: 'webrtc' },
  },
];

const internet = new Internet('pair');
let deployment: Deployment;
let enterprise: PublicRealm;

before(
  async () => {
    deployment = await Deployment.create(internet);
    const region = await deployment.region('ua');
    enterprise = await deployment.enterprise('acme.ua', region);
  },
  { timeout: 120_000 },
);

after(async () => deployment.stop(), { timeout: 60_000 });

for (const [index, pair] of PAIRS.entries()) {
  test(`${pair.name}: the clerk's message reaches the engineer, path ${pair.path}`, { timeout: 240_000 }, async (t) => {
    const branches = [
      await branch(`kyiv${index}.acme.ua`, pair.kyiv, pair),
      await branch(`lviv${index}.acme.ua`, pair.lviv, pair),
    ] as const;
    await deployment.user(branches[0], 'clerk', 'Clerk One');
    await deployment.user(branches[1], 'engineer', 'Engineer One');
    await deployment.acquaint(branches, [`clerk@${branches[0].realm}`, `engineer@${branches[1].realm}`]);
    const clerk = await deployment.chat(branches[0], 'clerk');
    const engineer = await deployment.chat(branches[1], 'engineer');
    const people = [
      { from: clerk, to: engineer, address: `engineer@${branches[1].realm}` },
      { from: engineer, to: clerk, address: `clerk@${branches[0].realm}` },
    ] as const;
    for (const { from, to, address } of people) await sendAcross(from, to, address);

    const restarted = await deployment.restart(branches, pair.relayEnv);
    const [kyiv, lviv] = [restarted[0] ?? branches[0], restarted[1] ?? branches[1]];
    const ready = Date.now();
    await Promise.all(people.map(({ from, to, address }) => sendAcross(from, to, address)));
    const delivered = Date.now() - ready;
    const path = await settledPath(kyiv, lviv.realm, pair.path);
    const settled = pair.path === 'relayed' ? '' : `, path ${pair.path} after at most ${Date.now() - ready} ms`;
    t.diagnostic(
      `${pair.name}: first messages both ways delivered ${delivered} ms after both branches were ready${settled}`,
    );
    assert.equal(path, pair.path);
    await Promise.all([clerk, engineer, kyiv.node, kyiv.relay, lviv.node, lviv.relay].map((program) => program.stop()));
  });
}

/** Sends a message and waits until it was shown, whole, and its sender was told so. */
async function sendAcross(from: Program, to: Program, address: string): Promise<void> {
  const id = randomUUID();
  from.send({ send: { id, to: address, text: `to ${address}` } });
  const arrived = await to.line((line) => line['event'] === 'message' && line['id'] === id, DELIVERY_LIMIT);
  assert.equal(arrived['text'], `to ${address}`);
  const isDelivered = (line: Record<string, unknown>) =>
    line['event'] === 'state' && line['id'] === id && (line['state'] === 'delivered' || line['state'] === 'read');
  await from.line(isDelivered, DELIVERY_LIMIT);
  assert.equal(to.lines.filter((line) => line['event'] === 'message' && line['id'] === id).length, 1, 'shown once');
}

function branch(realm: string, nat: NatType, { relayEnv }: Pair): Promise<Branch> {
  const site = internet.site(realm.replace('.acme.ua', ''), nat);
  return deployment.branch(realm, site, enterprise, relayEnv);
}

/** The path that `ping` tells, once it is the expected one; else the last one told within the limit. */
async function settledPath(from: Branch, to: string, expected: string): Promise<unknown> {
  // A relayed path must stay relayed for as long as a direct one would have taken to be found.
  const patience = expected === 'relayed' ? 20_000 : UPGRADE_LIMIT;
  let path: unknown;
  for (const end = Date.now() + patience; Date.now() < end; ) {
    const answer: unknown = JSON.parse(await succeed(from.site.node, ['ping', to, '--json', '--dir', from.nodeDir]));
    path = kindOf(answer);
    if (path === expected && expected !== 'relayed') break;
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
  return path;
}

function kindOf(answer: unknown): unknown {
  assert.ok(typeof answer === 'object' && answer !== null && 'path' in answer);
  const { path } = answer;
  return typeof path === 'object' && path !== null && 'kind' in path ? path.kind : path;
}
