// Fault case 38: five branches lose and regain their connection to one relay forty times each. The relay has room for five
// reservations and no more, so that one too many would be refused.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { silentLog } from '../../src/realm/log.ts';
import { type RelayHost, startRelay, TestRegistry } from '../overlay/links/relay-host.ts';

const BRANCHES = ['kyiv.ua', 'lviv.ua', 'odesa.ua', 'dnipro.ua', 'lutsk.ua'];
const RECONNECTS = 40;
const PATIENCE = 20_000;
const refused: object[] = [];
const made: object[] = [];
const note = (fields: object, phrase: string) => void (phrase === 'circuit reservation made' && made.push(fields));
const log = { ...silentLog, info: note, warn: (fields: object) => void refused.push(fields) };

async function until(isTrue: () => boolean, what: string): Promise<void> {
  for (let waited = 0; !isTrue(); waited += 5) {
    assert.ok(waited < PATIENCE, `never: ${what}`);
    await delay(5);
  }
}

/** A branch's own view: it listens at the relay only while it holds a reservation there. */
const isReserved = (branch: RelayHost): boolean =>
  branch.libp2p.getMultiaddrs().some((address) => address.toString().includes('/p2p-circuit'));

async function reconnect(branch: RelayHost, region: RelayHost): Promise<void> {
  const [before] = branch.links.ways(region.realm);
  assert.ok(before);
  before.connection.abort(new Error('the line is cut'));
  await until(() => !branch.links.ways(region.realm).some((way) => way.connection === before.connection), 'seen');
  const { connection } = await branch.links.get(region.realm, AbortSignal.timeout(PATIENCE));
  assert.notEqual(connection.id, before.connection.id);
  await until(() => isReserved(branch), 'a reservation again');
}

test('200 reconnects of 5 branches leave no more than 5 reservations, and none is refused', {
  timeout: 120_000,
}, async (t) => {
  const registry = new TestRegistry();
  const region = await startRelay({ realm: 'ua', registry, maxReservations: BRANCHES.length });
  t.after(() => region.stop());
  const branches = await Promise.all(
    BRANCHES.map((realm) => startRelay({ realm, registry, ancestors: [region], log })),
  );
  t.after(() => Promise.all(branches.map((branch) => branch.stop())));
  for (const branch of branches) await until(() => isReserved(branch), 'the first reservation');
  const before = made.length;
  let most = 0;
  await Promise.all(
    branches.map(async (branch) => {
      for (let count = 0; count < RECONNECTS; count++) {
        await reconnect(branch, region);
        most = Math.max(most, region.libp2p.services.circuit.reservations.size);
      }
    }),
  );
  assert.deepEqual([most, refused], [BRANCHES.length, []]);
  assert.ok(made.length - before >= BRANCHES.length * RECONNECTS, `${made.length - before} were made anew`);
  const [kyiv, lviv] = branches;
  assert.ok(kyiv && lviv);
  assert.equal((await kyiv.links.get(lviv.realm, AbortSignal.timeout(PATIENCE))).path, 'relayed');
});
