// Clients are told which realms are away: those that ask for it, at once and at each change.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodePlatform } from '../../../cli/chat/node-platform.ts';
import type { Islands } from '../../../node/islands.ts';
import { createClient, type Islands as Told } from '../../../src/client/client.ts';
import { parseRealmName } from '../../../src/realm/names.ts';
import { openBranch } from './branch-fixture.ts';

const ODESA = parseRealmName('odesa.acme.ua');
const AWAY: Islands = { realms: [{ realm: ODESA, since: 1_700_000_000_000, queued: 12 }] };

test('the client library tells what its server tells, and forgets it with the connection', {
  timeout: 30_000,
}, async (t) => {
  const listeners = new Set<(islands: Islands) => void>();
  let current = AWAY;
  const onChange = (listener: (islands: Islands) => void) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };
  const islands = {
    get current() {
      return current;
    },
    onChange,
  };
  const branch = await openBranch(t, {}, { islands });
  await branch.addUser('clerk', 'Clerk', 'first-password');
  const platform = nodePlatform();
  t.after(() => platform.close());
  const client = createClient({ server: branch.server.url, ...platform });
  const told: Told[] = [];
  let heard = Promise.withResolvers<void>();
  client.on('islands', (event) => {
    told.push(event);
    heard.resolve();
  });
  const next = async (act: () => void) => {
    heard = Promise.withResolvers();
    act();
    await heard.promise;
    return told.at(-1);
  };
  await client.login('clerk', 'first-password', { newPassword: 'second-password' });
  const first = await next(() => client.connect());
  assert.deepEqual(first?.realms, AWAY.realms);
  assert.deepEqual(client.islands.realms, AWAY.realms);
  const back = await next(() => {
    current = { realms: [] };
    for (const listener of listeners) listener(current);
  });
  assert.deepEqual(back?.realms, []);
  const alone = await next(() => {
    for (const listener of listeners) listener({ alone: 5, realms: [] });
  });
  assert.equal(alone?.alone, 5);
  await next(() => client.disconnect());
  assert.deepEqual(client.islands, { realms: [] });
});
