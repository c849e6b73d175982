// Which realms are told to be away: known in memory, not flickering, said again only when it changes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Backlog } from '../../node/delivery/delivery.ts';
import { type Islands, IslandWatch } from '../../node/islands.ts';
import type { PathReport } from '../../src/overlay/seam.ts';
import { parseRealmName } from '../../src/realm/names.ts';
import { HandClock } from './hand-clock.ts';

const LVIV = parseRealmName('lviv.acme.ua');
const ODESA = parseRealmName('odesa.beta.ua');
const START = Date.UTC(2026, 0, 1);

function watch() {
  const clock = new HandClock(START);
  const world = { paths: [] as PathReport[], backlog: [] as Backlog[], connected: true };
  const islands = new IslandWatch({
    clock,
    network: {
      paths: () => world.paths,
      get relay() {
        return { connected: world.connected };
      },
    },
    delivery: { backlog: () => world.backlog },
  });
  const told: Islands[] = [];
  islands.onChange((now) => told.push(now));
  islands.start();
  return { clock, world, islands, told };
}

test('a realm that stays away is told once with what waits, again when that changes, and when it is back', () => {
  const { clock, world, islands, told } = watch();
  world.paths = [{ realm: LVIV, kind: 'unreachable', since: START }];
  clock.advance(2_000);
  assert.deepEqual(told, [], 'a restart should alarm nobody');
  clock.advance(10_000);
  assert.deepEqual(told, [{ realms: [{ realm: LVIV, since: START, queued: 0 }] }]);
  world.backlog = [{ realm: LVIV, depth: 12, state: 'waiting', code: 'no-path', since: START + 5_000 }];
  clock.advance(2_000);
  assert.deepEqual(told.at(-1), { realms: [{ realm: LVIV, since: START, queued: 12 }] });
  world.paths = [{ realm: LVIV, kind: 'direct-tcp', since: START + 20_000 }];
  clock.advance(2_000);
  assert.deepEqual(told.at(-1), { realms: [] });
  islands.stop();
  assert.equal(told.length, 3);
});

test('a realm whose relay is reached and whose node is not is away, too', () => {
  const { clock, world, islands } = watch();
  world.paths = [{ realm: LVIV, kind: 'direct-tcp', since: START - 60_000 }];
  world.backlog = [{ realm: LVIV, depth: 4, state: 'waiting', code: 'node-away', since: START }];
  clock.advance(2_000);
  assert.deepEqual(islands.current.realms, [], 'a restart should alarm nobody');
  clock.advance(4_000);
  assert.deepEqual(islands.current.realms, [{ realm: LVIV, since: START, queued: 4 }]);
  world.backlog = [{ realm: LVIV, depth: 4, state: 'sending' }];
  clock.advance(2_000);
  assert.deepEqual(islands.current.realms, []);
  islands.stop();
});

test('a realm behind a tier that is away, and one that is revoked, are told', () => {
  const { clock, world, islands } = watch();
  world.backlog = [
    { realm: ODESA, depth: 3, state: 'custody', code: 'no-path', since: START },
    { realm: LVIV, depth: 1, state: 'frozen', code: 'frozen' },
  ];
  clock.advance(6_000);
  assert.deepEqual(islands.current.realms, [
    { realm: ODESA, since: START, queued: 3 },
    { realm: LVIV, queued: 1, code: 'frozen' },
  ]);
  world.backlog = [{ realm: ODESA, depth: 3, state: 'custody' }];
  clock.advance(2_000);
  assert.deepEqual(islands.current.realms, [], 'what custodians take is on its way');
  islands.stop();
});

test('while the own relay is away the whole branch is told to be alone', () => {
  const { clock, world, islands } = watch();
  world.connected = false;
  clock.advance(8_000);
  assert.deepEqual(islands.current, { realms: [], alone: START + 2_000 });
  world.connected = true;
  clock.advance(2_000);
  assert.deepEqual(islands.current, { realms: [] });
  islands.stop();
});
