// `HOST:PORT` as operators write it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dialledFromHere, formatHostPort, isLoopbackHost, parseHostPort } from '../../src/settings/host-port.ts';

test('names, IPv4, IPv6 and a port alone are understood', () => {
  assert.deepEqual(parseHostPort('relay.example:4443'), { host: 'relay.example', port: 4443 });
  assert.deepEqual(parseHostPort('10.0.0.1:1'), { host: '10.0.0.1', port: 1 });
  assert.deepEqual(parseHostPort('[fd00::1]:443'), { host: 'fd00::1', port: 443 });
  assert.deepEqual(parseHostPort('8443'), { host: '0.0.0.0', port: 8443 });
});

test('what is formatted reads back', () => {
  for (const text of ['relay.example:4443', '[::]:443', '127.0.0.1:0']) {
    assert.equal(formatHostPort(parseHostPort(text)), text);
  }
});

test('anything else is refused', () => {
  for (const text of ['', 'host', 'host:', 'host:65536', 'fd00::1:443', 'a b:1', 'http://x:1', '[::1:1', 'x:-1']) {
    assert.throws(() => parseHostPort(text), { code: 'bad-host-port' }, text);
  }
});

test('what listens everywhere is dialled on loopback', () => {
  assert.deepEqual(dialledFromHere({ host: '0.0.0.0', port: 1 }), { host: '127.0.0.1', port: 1 });
  assert.deepEqual(dialledFromHere({ host: '::', port: 1 }), { host: '::1', port: 1 });
  assert.deepEqual(dialledFromHere({ host: '10.0.0.1', port: 1 }), { host: '10.0.0.1', port: 1 });
});

test('loopback is 127/8, ::1 and names under localhost', () => {
  assert.ok(['127.0.0.1', '127.9.9.9', '::1', 'localhost', 'kyiv.localhost'].every(isLoopbackHost));
  assert.ok(!['0.0.0.0', '10.0.0.1', '127.example', 'localhost.example'].some(isLoopbackHost));
});
