// From where clients may come.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientNetworks, ownNetworks, plainAddress } from '../../../node/lan/networks.ts';

test('only the configured networks and loopback may speak', () => {
  const may = clientNetworks('192.168.7.1', ['192.168.7.0/24', 'fd00:7::/32']);
  for (const address of ['192.168.7.20', '::ffff:192.168.7.20', 'fd00:7::5', '127.0.0.1', '::ffff:127.3.2.1', '::1']) {
    assert.equal(may(address), true, address);
  }
  for (const address of ['192.168.8.20', '8.8.8.8', '::ffff:8.8.8.8', 'fd01::1', '2001:db8::1', '']) {
    assert.equal(may(address), false, address);
  }
});

test('without a setting it is what the listening interface is in: on loopback, loopback alone', () => {
  const may = clientNetworks('127.0.0.1');
  assert.equal(may('127.0.0.1'), true);
  assert.equal(may('192.168.7.20'), false);
});

const INTERFACES = [
  { address: '127.0.0.1', cidr: '127.0.0.1/8', internal: true },
  { address: '10.1.2.3', cidr: '10.1.2.3/24', internal: false },
  { address: 'fd00:7::1', cidr: 'fd00:7::1/64', internal: false },
  { address: '203.0.113.9', cidr: '203.0.113.9/29', internal: false },
  { address: '2001:db8::9', cidr: '2001:db8::9/64', internal: false },
  { address: '10.9.9.9', cidr: null, internal: false },
];

test('a server that listens everywhere serves the private networks of its host, and not the one outside', () => {
  for (const host of ['0.0.0.0', '::']) {
    assert.deepEqual(ownNetworks(host, INTERFACES), ['10.1.2.3/24', 'fd00:7::1/64']);
  }
});

test('a server that listens at one address serves the network of that one, whatever it is', () => {
  assert.deepEqual(ownNetworks('203.0.113.9', INTERFACES), ['203.0.113.9/29']);
  assert.deepEqual(ownNetworks('10.1.2.3', INTERFACES), ['10.1.2.3/24']);
});

test('a network that is none is an error with an example', () => {
  for (const network of ['192.168.7.0', '192.168.7.0/33', 'lan/24', '10.0.0.0/-1', '']) {
    assert.throws(() => clientNetworks('0.0.0.0', [network]), { code: 'bad-network' }, network);
  }
});

test('an IPv4 client on an IPv6 socket is an IPv4 client', () => {
  assert.equal(plainAddress('::ffff:10.1.2.3'), '10.1.2.3');
  assert.equal(plainAddress('fd00::1'), 'fd00::1');
});
