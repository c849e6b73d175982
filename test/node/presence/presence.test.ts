// Presence between two nodes over a fake network and a hand-driven clock.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { PresenceEvent } from '../../../node/presence/presence.ts';
import { createPresence } from '../../../node/presence/presence-service.ts';
import { directConversationId } from '../../../src/realm/ids.ts';
import { silentLog } from '../../../src/realm/log.ts';
import type { RealmName } from '../../../src/realm/names.ts';
import { HandClock } from '../hand-clock.ts';
import { CLERK, COOK, DEVICE, directory, ENGINEER, KYIV, LVIV, until } from '../simulated-branch.ts';
import { SimulatedNetwork } from '../simulated-network.ts';

const LIMIT = { timeout: 20_000 };
const CHAT = directConversationId(CLERK, ENGINEER);

async function pair(t: TestContext) {
  const network = new SimulatedNetwork();
  const clock = new HandClock(1_000_000);
  const start = async (realm: RealmName) => {
    const parts = { realm, clock, random: () => 0, log: silentLog, directory: directory() };
    const presence = createPresence({ ...parts, network: network.node(realm) });
    await presence.start();
    t.after(() => presence.stop());
    return presence;
  };
  const [kyiv, lviv] = [await start(KYIV), await start(LVIV)];
  const seen: PresenceEvent[] = [];
  const watch = kyiv.watch(CLERK, (event) => seen.push(event));
  return { network, clock, kyiv, lviv, seen, watch };
}

const states = (seen: readonly PresenceEvent[]) => seen.flatMap((event) => (event.kind === 'state' ? event.state : []));

test('who looks at a user of another branch is told at once how it stands, and then each change', LIMIT, async (t) => {
  const { clock, lviv, seen, watch } = await pair(t);
  watch.set([ENGINEER]);
  await until(() => seen.length === 1);
  clock.advance(2000);
  lviv.setOnline(ENGINEER, DEVICE);
  await until(() => seen.length === 2);
  clock.advance(2000);
  lviv.setOffline(ENGINEER, DEVICE);
  await until(() => seen.length === 3);
  assert.deepEqual(states(seen), ['offline', 'online', 'offline']);
  assert.deepEqual(seen[2], { kind: 'state', user: ENGINEER, state: 'offline', lastSeenAt: clock.now() });
});

test('changes within a second are told once, with how it stands at its end', LIMIT, async (t) => {
  const { network, clock, lviv, seen, watch } = await pair(t);
  watch.set([ENGINEER]);
  await until(() => seen.length === 1);
  let frames = 0;
  network.tap = async (frame) => {
    frames++;
    return frame;
  };
  for (let i = 0; i < 50; i++) {
    lviv.setOnline(ENGINEER, DEVICE);
    lviv.setOffline(ENGINEER, DEVICE);
  }
  lviv.setOnline(ENGINEER, DEVICE);
  await until(() => seen.length === 2);
  clock.advance(1000);
  await until(() => states(seen).at(-1) === 'online');
  assert.ok(frames <= 2, `${frames} frames`);
});

test('nobody is told of users whom nobody looks at any more', LIMIT, async (t) => {
  const { clock, kyiv, lviv, seen, watch } = await pair(t);
  watch.set([ENGINEER]);
  await until(() => seen.length === 1);
  watch.end();
  clock.advance(2000);
  lviv.setOnline(ENGINEER, DEVICE);
  // Who looks again is told: by then the first would have been told too.
  const again: PresenceEvent[] = [];
  kyiv.watch(CLERK, (event) => again.push(event)).set([ENGINEER]);
  await until(() => states(again).at(-1) === 'online');
  assert.equal(seen.length, 1);
});

test('while the other branch is away its users are offline, and after it is back as they are', LIMIT, async (t) => {
  const { network, clock, lviv, seen, watch } = await pair(t);
  lviv.setOnline(ENGINEER, DEVICE);
  watch.set([ENGINEER]);
  await until(() => states(seen).at(-1) === 'online');
  network.down(LVIV);
  await until(() => states(seen).at(-1) === 'offline');
  network.up(LVIV);
  clock.advance(1000);
  await until(() => states(seen).at(-1) === 'online');
});

test('typing reaches those meant and ends by itself after six seconds', LIMIT, async (t) => {
  const { clock, lviv, seen } = await pair(t);
  lviv.typing(ENGINEER, CHAT, [CLERK]);
  lviv.typing(ENGINEER, CHAT, [CLERK]);
  await until(() => seen.length === 1);
  clock.advance(5999);
  assert.equal(seen.length, 1);
  clock.advance(1);
  const typing = { kind: 'typing', user: ENGINEER, conversation: CHAT, to: [CLERK] };
  assert.deepEqual(seen, [
    { ...typing, active: true },
    { ...typing, active: false },
  ]);
});

test('local presence and typing need no network', LIMIT, async (t) => {
  const { network, kyiv, seen, watch } = await pair(t);
  watch.set([COOK]);
  kyiv.setOnline(COOK, DEVICE);
  kyiv.typing(COOK, directConversationId(COOK, CLERK), [CLERK]);
  assert.deepEqual(states(seen), ['offline', 'online']);
  assert.equal(seen[2]?.kind, 'typing');
  assert.equal(network.opened, 0);
});

test('a realm that speaks for users of another is not believed', LIMIT, async (t) => {
  const { lviv, seen, watch } = await pair(t);
  watch.set([COOK, ENGINEER]);
  lviv.setOnline(COOK, DEVICE);
  lviv.typing(COOK, directConversationId(COOK, CLERK), [CLERK]);
  // What comes after it on the same stream is believed: by then all before it was taken in.
  lviv.typing(ENGINEER, CHAT, [CLERK]);
  await until(() => seen.some((event) => event.kind === 'typing'));
  lviv.setOnline(ENGINEER, DEVICE);
  await until(() => states(seen).includes('online'));
  assert.deepEqual(
    seen.filter(({ user }) => user === COOK),
    [{ kind: 'state', user: COOK, state: 'offline' }],
  );
});
