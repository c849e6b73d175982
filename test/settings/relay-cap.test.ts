// What other realms may have of a relay, as the setting says it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CAPS } from '../../src/overlay/shares/shares.ts';
import { CAP_NAMES } from '../../src/settings/relay-cap.ts';
import { decideSettings } from '../../src/settings/settings.ts';

test('counts of places stand in one list with the limits of the line', () => {
  const limits = ['wan bulk 20000', 'connections 500', 'punches 120'];
  const { relay } = decideSettings({ 'relay.limits': limits }, {}).settings;
  assert.deepEqual(relay.limits, [{ where: 'wan', class: 'bulk', kbit: 20_000 }]);
  assert.deepEqual(relay.caps, { connections: 500, punches: 120 });
});

test('a count that is none, too small or too large is refused by name', () => {
  for (const limit of [
    'connections',
    'connections 0',
    'connections 15',
    'connections 100001',
    'conections 500',
    'streams x',
    'pipes 20 20',
  ]) {
    assert.throws(() => decideSettings({ 'relay.limits': [limit] }, {}), { code: 'bad-settings' }, limit);
  }
});

test('everything that a relay shares can be set', () => {
  assert.deepEqual([...CAP_NAMES].toSorted(), Object.keys(CAPS).toSorted());
});
