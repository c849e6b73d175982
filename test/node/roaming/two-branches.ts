// Two real LAN servers of one enterprise, and between them the fake of the overlay: a clerk and an engineer at home in kyiv may work in lviv.
import type { TestContext } from 'node:test';
import { Guests } from '../../../node/roaming/guests.ts';
import { RoamHost } from '../../../node/roaming/roam-host.ts';
import { systemClock } from '../../../src/realm/clock.ts';
import { silentLog } from '../../../src/realm/log.ts';
import { parseRealmName } from '../../../src/realm/names.ts';
import { addUser, PASSWORDS } from '../../client/account/people.ts';
import { PairedNetworks } from '../../protocols/paired-network.ts';
import { openBranch, REALM } from '../lan/branch-fixture.ts';

export const LVIV = parseRealmName('lviv.acme.ua');
export const CLERK = 'clerk@kyiv.acme.ua';

export async function twoBranches(t: TestContext) {
  const networks = new PairedNetworks();
  const home = await openBranch(t);
  const host = new RoamHost({
    network: networks.of(REALM, 'branch'),
    door: home.server.door,
    isColleague: () => true,
    clock: systemClock,
    log: silentLog,
  });
  host.start();
  t.after(() => host.stop());
  const audit = { record: async () => {} };
  const network = networks.of(LVIV, 'branch');
  const guests = new Guests({ network, clock: systemClock, audit, isColleague: (realm) => realm === REALM });
  t.after(() => guests.stop());
  const visited = await openBranch(t, {}, { guests }, LVIV);
  await addUser(home, 'clerk', PASSWORDS.first);
  await addUser(home, 'engineer', 'first-engineer');
  return { home, visited, networks, host, guests };
}
