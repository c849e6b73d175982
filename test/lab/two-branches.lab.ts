// Two split branches behind NAT of each kind, a public region and a public enterprise: a message each way, the path it
// takes, and the time from both branches' start to the first delivery (printed, not asserted).
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { type Branch, Deployment, type PublicRealm } from './deployment.ts';
import { Internet } from './internet.ts';
import type { NatType } from './nat.ts';
import { succeed } from './program.ts';

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
  test(`${pair.name}: the clerk's message reaches the engineer, path ${pair.path}`, { timeout: 240_000 }, async () => {
    const kyiv = await branch(`kyiv${index}.acme.ua`, pair.kyiv, pair);
    const lviv = await branch(`lviv${index}.acme.ua`, pair.lviv, pair);
    await deployment.user(kyiv, 'clerk', 'Clerk One');
    await deployment.user(lviv, 'engineer', 'Engineer One');
    const started = Date.now();
    const [clerk, engineer] = [await deployment.chat(kyiv, 'clerk'), await deployment.chat(lviv, 'engineer')];

    for (const [from, to, address] of [
      [clerk, engineer, `engineer@${lviv.realm}`],
      [engineer, clerk, `clerk@${kyiv.realm}`],
    ] as const) {
      const id = randomUUID();
      from.send({ send: { id, to: address, text: `to ${address}` } });
      const arrived = await to.line((line) => line['event'] === 'message' && line['id'] === id, DELIVERY_LIMIT);
      assert.equal(arrived['text'], `to ${address}`);
      await from.line(
        (line) => line['event'] === 'state' && line['id'] === id && line['state'] === 'delivered',
        DELIVERY_LIMIT,
      );
    }
    console.log(`${pair.name}: first messages delivered ${Date.now() - started} ms after both people began to log in`);

    assert.equal(await settledPath(kyiv, lviv.realm, pair.path), pair.path);
    await Promise.all([clerk, engineer, kyiv.node, kyiv.relay, lviv.node, lviv.relay].map((program) => program.stop()));
  });
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
