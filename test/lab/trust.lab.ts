// Two enterprises below one region, a branch in each. Without a trust, mail goes through enterprise and region, and no packet
// passes between the branches' own addresses; with a trust it goes direct; when it is removed, the open connection is cut and mail
// goes from tier to tier again, also when one side was away at the removal.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Capture, type Recording } from './capture.ts';
import { type Branch, Deployment } from './deployment.ts';
import { Internet } from './internet.ts';
import { canopy, type Program, succeed } from './program.ts';

const DELIVERY_LIMIT = 60_000;
const DIRECT_LIMIT = 60_000;
const REFUSED = /out-of-scope/;
/** What the requirement says. */
const CUT_LIMIT = 60_000;
/** Milliseconds of silence between the branches that a capture after the cut lasts. */
const SILENCE = 8_000;

const internet = new Internet('trust');
/** Milliseconds until each sender was told. */
const told: number[] = [];
let deployment: Deployment;
let kyiv: Branch;
let odesa: Branch;
let clerk: Program;
let engineer: Program;

before(
  async () => {
    deployment = await Deployment.create(internet);
    const region = await deployment.region('ua');
    const acme = await deployment.enterprise('acme.ua', region);
    const beta = await deployment.enterprise('beta.ua', region);
    kyiv = await deployment.branch('kyiv.acme.ua', internet.site('kyiv', 'port-restricted'), acme);
    odesa = await deployment.branch('odesa.beta.ua', internet.site('odesa', 'port-restricted'), beta);
    await deployment.user(kyiv, 'clerk', 'Clerk One');
    await deployment.user(odesa, 'engineer', 'Engineer One');
    clerk = await deployment.chat(kyiv, 'clerk');
    engineer = await deployment.chat(odesa, 'engineer');
  },
  { timeout: 180_000 },
);

after(async () => deployment.stop(), { timeout: 60_000 });
after(() => console.log(`# senders told after ${told.join(', ')} ms`));

test('without a trust mail goes through enterprise and region, and nothing passes between the branches', {
  timeout: 180_000,
}, async (t) => {
  const recording = await recorded('tiers', async () => {
    t.diagnostic(`by the tiers: ${await sendAcross(clerk, engineer, 'engineer@odesa.beta.ua')} ms`);
    t.diagnostic(`and back: ${await sendAcross(engineer, clerk, 'clerk@kyiv.acme.ua')} ms`);
  });
  assertByTiers(recording);
  const asked = Date.now();
  assert.match(await refusedPing(), REFUSED);
  t.diagnostic(`a ping is refused after ${Date.now() - asked} ms`);
});

test('with a trust it goes direct', { timeout: 180_000 }, async (t) => {
  await trust(kyiv, ['add', odesa.realm]);
  const received = await listed(odesa);
  assert.deepEqual([received['state'], received['realm']], ['received', kyiv.realm]);
  const begun = Date.now();
  await trust(odesa, ['accept', kyiv.realm, '--yes']);
  assert.equal((await listed(kyiv))['state'], 'in-force', 'both know at once');
  await untilDirect();
  t.diagnostic(`direct ${Date.now() - begun} ms after it was accepted`);
  const recording = await recorded('direct', async () => {
    await sendAcross(clerk, engineer, 'engineer@odesa.beta.ua');
    await sendAcross(engineer, clerk, 'clerk@kyiv.acme.ua');
  });
  assert.ok(between(recording) > 2_000, `${between(recording)} bytes between the branches`);
  const reach = JSON.parse(await succeed(kyiv.site.node, ['reach', odesa.realm, '--json', '--dir', kyiv.nodeDir]));
  assert.equal(reach.pairs[0].way, 'direct');
  assert.equal(reach.pairs[0].trust.id, received['id']);
});

test('removed, the open connection is cut at once, and mail goes by the tiers again', {
  timeout: 240_000,
}, async (t) => {
  const planned = await trust(odesa, ['remove', kyiv.realm, '--dry-run']);
  assert.match(planned, /"state":"removed"/);
  assert.equal((await listed(odesa))['state'], 'in-force', 'a dry run changes nothing');
  let begun = 0;
  const around = await recorded('cut', async () => {
    await ping();
    begun = Date.now();
    await trust(odesa, ['remove', kyiv.realm, '--yes']);
    t.diagnostic(`removed after ${Date.now() - begun} ms`);
    await new Promise((resolve) => setTimeout(resolve, SILENCE));
  });
  const last = around[0]?.lastBetween(kyiv.site.outer, odesa.site.outer);
  assert.ok(last !== undefined && last > begun, 'the connection was in use until it was cut');
  t.diagnostic(`last packet between the branches ${Math.round(last - begun)} ms after the removal was asked for`);
  assert.ok(Date.now() - last > SILENCE / 2, 'and silent since');
  assert.ok(last - begun < CUT_LIMIT);
  assert.match(await refusedPing(), REFUSED);
  const recording = await recorded('removed', async () => {
    await sendAcross(clerk, engineer, 'engineer@odesa.beta.ua');
    await sendAcross(engineer, clerk, 'clerk@kyiv.acme.ua');
    await new Promise((resolve) => setTimeout(resolve, SILENCE));
  });
  assertByTiers(recording);
  for (const branch of [kyiv, odesa]) {
    const entry = await listed(branch);
    assert.deepEqual([entry['state'], entry['removedBy']], ['removed', odesa.realm]);
  }
});

test('a removal while one side is away holds when it comes back', { timeout: 240_000 }, async (t) => {
  await trust(odesa, ['add', kyiv.realm]);
  await trust(kyiv, ['accept', odesa.realm, '--yes']);
  await untilDirect();
  await deployment.halt([kyiv]);
  await trust(odesa, ['remove', kyiv.realm, '--yes']);
  const resumed = Date.now();
  await deployment.resume([kyiv]);
  while ((await listed(kyiv))['state'] !== 'removed') {
    assert.ok(Date.now() - resumed < CUT_LIMIT, 'the side that was away learns of it');
  }
  t.diagnostic(`the side that was away knew ${Date.now() - resumed} ms after it was started`);
  assert.match(await refusedPing(), REFUSED);
  const recording = await recorded('away', async () => {
    await sendAcross(engineer, clerk, 'clerk@kyiv.acme.ua');
  });
  assertByTiers(recording);
});

/** What passes the edges of both branches meanwhile. */
async function recorded(name: string, act: () => Promise<void>): Promise<readonly Recording[]> {
  const captures = await Promise.all(
    [kyiv, odesa].map(({ realm, site }) =>
      Capture.start(site.router, join(deployment.folder, `${name}-${realm}.pcap`)),
    ),
  );
  const stop = async () => {
    await new Promise((resolve) => setTimeout(resolve, 500));
    return Promise.all(captures.map((capture) => capture.stop()));
  };
  try {
    await act();
  } catch (error) {
    await stop();
    throw error;
  }
  return stop();
}

function between(recordings: readonly Recording[]): number {
  const counted = recordings.map((recording) => recording.trafficBetween(kyiv.site.outer, odesa.site.outer));
  return Math.max(...counted);
}

function assertByTiers(recordings: readonly Recording[]): void {
  assert.equal(between(recordings), 0, 'no packet between the branches');
  for (const [at, { site }] of [kyiv, odesa].entries()) {
    // The capture sees what it should: packets of this very site.
    const seen = [...(recordings[at]?.packets() ?? [])].filter(
      ({ source, destination }) => source === site.outer || destination === site.outer,
    );
    assert.ok(seen.length > 10, `${seen.length} packets of ${site.name}`);
  }
}

/** Sends a message and waits until it was shown and its sender was told so. @returns milliseconds until it was shown */
async function sendAcross(from: Program, to: Program, address: string): Promise<number> {
  const id = randomUUID();
  const begun = Date.now();
  from.send({ send: { id, to: address, text: `to ${address}` } });
  const arrived = await to.line((line) => line['event'] === 'message' && line['id'] === id, DELIVERY_LIMIT);
  const took = Date.now() - begun;
  assert.equal(arrived['text'], `to ${address}`);
  const isDelivered = (line: Record<string, unknown>) =>
    line['event'] === 'state' && line['id'] === id && (line['state'] === 'delivered' || line['state'] === 'read');
  await from.line(isDelivered, DELIVERY_LIMIT);
  told.push(Date.now() - begun);
  assert.equal(to.lines.filter((line) => line['event'] === 'message' && line['id'] === id).length, 1, 'shown once');
  return took;
}

function trust({ site, nodeDir }: Branch, words: readonly string[]): Promise<string> {
  return succeed(site.node, ['trust', ...words, '--json', '--dir', nodeDir]);
}

/** The newest trust or proposal. */
async function listed(branch: Branch): Promise<Record<string, unknown>> {
  const { trusts } = JSON.parse(await trust(branch, ['list']));
  assert.ok(trusts.length > 0);
  return trusts[0];
}

async function ping(): Promise<{ code: number | null; text: string }> {
  const { code, stdout, stderr } = await canopy(kyiv.site.node, ['ping', odesa.realm, '--json', '--dir', kyiv.nodeDir]);
  return { code, text: stdout + stderr };
}

async function refusedPing(): Promise<string> {
  const { code, text } = await ping();
  assert.notEqual(code, 0, text);
  return text;
}

async function untilDirect(): Promise<void> {
  for (const end = Date.now() + DIRECT_LIMIT; ; ) {
    const { code, text } = await ping();
    if (code === 0 && text.includes('direct-tcp')) return;
    if (Date.now() > end) assert.fail(`the path did not become direct: ${text}`);
  }
}
