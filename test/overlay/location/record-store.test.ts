// Who finds a place among the records that a relay holds.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CheckedRecord } from '../../../src/overlay/location/record.ts';
import { MAX_BELOW_ONE, RecordStore } from '../../../src/overlay/location/record-store.ts';
import { systemClock } from '../../../src/realm/clock.ts';
import { parseRealmName } from '../../../src/realm/names.ts';

function record(realm: string): CheckedRecord {
  const bytes = new Uint8Array(1);
  return { realm: parseRealmName(realm), relays: [], incarnation: 1, sequence: 1, expires: 0, signer: 'one', bytes };
}

test('an enterprise that invents branches without end leaves room for those of others', () => {
  const store = new RecordStore({ ...systemClock, monotonic: () => 0 });
  for (let count = 0; count < MAX_BELOW_ONE; count += 1) store.put(record(`b${count}.liar.ua`));
  assert.throws(() => store.put(record('one-more.liar.ua')), { code: 'location-full' });
  store.put(record('kyiv.acme.ua'));
  assert.equal(store.get(parseRealmName('kyiv.acme.ua')).length, 1);
});
