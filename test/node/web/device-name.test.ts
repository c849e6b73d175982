// What a browser is called in the list of devices.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deviceNameOf } from '../../../node/web/model/device-name.ts';

test('browser and system are named, and nothing is made up', () => {
  const webkit = 'AppleWebKit/537.36 (KHTML, like Gecko)';
  assert.equal(deviceNameOf(`Mozilla/5.0 (X11; Linux x86_64) ${webkit} Chrome/149.0 Safari/537.36`), 'Chrome, Linux');
  assert.equal(
    deviceNameOf('Mozilla/5.0 (Windows NT 10.0; rv:150.0) Gecko/20100101 Firefox/150.0'),
    'Firefox, Windows',
  );
  const edge = `Mozilla/5.0 (Linux; Android 16) ${webkit} Chrome/149.0 Safari/537.36 Edg/149.0`;
  assert.equal(deviceNameOf(edge), 'Edge, Android');
  assert.equal(deviceNameOf('something else'), '');
});
