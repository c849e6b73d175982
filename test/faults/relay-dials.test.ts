// What a hostile peer can make a relay connect to (fault case 33, as far as relays go): addresses of records and of holes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { multiaddr } from '@multiformats/multiaddr';
import { nearNetworks } from '../../relay/near-networks.ts';
import { isDialable, mayReach } from '../../src/overlay/links/dialable.ts';
import { isCredible } from '../../src/overlay/links/punch/hole.ts';

const NIC = { netmask: '', mac: '', family: 'IPv4' as const };
const near = nearNetworks(['172.20.0.0/16'], () => ({
  lo: [{ ...NIC, address: '127.0.0.1', internal: true, cidr: '127.0.0.1/8' }],
  eth0: [{ ...NIC, address: '10.0.0.5', internal: false, cidr: '10.0.0.5/24' }],
}));
const SITE = { own: [multiaddr('/ip4/127.0.0.1/tcp/7000'), multiaddr('/ip4/10.0.0.5/tcp/7000')], near };
const DEMONSTRATION = { own: [multiaddr('/ip4/127.0.0.1/tcp/7000')], near };

test("a record's address leads to a socket of another host or nowhere", () => {
  for (const refused of [
    '/unix/%2Fdata%2Fnode.sock',
    '/ip4/127.0.0.1/tcp/22',
    '/ip4/127.8.8.8/tcp/22',
    '/ip4/0.0.0.0/tcp/22',
    '/ip4/169.254.169.254/tcp/80',
    '/ip6/::1/tcp/22',
    '/ip6/::ffff:127.0.0.1/tcp/22',
    '/ip6/fe80::1/tcp/22',
    '/ip4/224.0.0.1/tcp/22',
    '/ip4/168.63.129.16/tcp/80',
    '/ip4/100.100.100.200/tcp/80',
    '/ip6/fd00:ec2::254/tcp/80',
    '/ip6/::7f00:1/tcp/22',
    '/ip6/64:ff9b::a00:6/tcp/22',
    '/ip6/2002:a00:6::1/tcp/22',
    '/ip4/10.0.1.6/tcp/22',
    '/ip4/192.168.1.1/tcp/80',
    '/ip4/172.21.0.1/tcp/22',
    '/ip6/fd00::1/tcp/22',
    '/dns4/intranet.example/tcp/443',
    '/ip4/60.0.0.1/udp/53',
    '/ip4/60.0.0.1/tcp/80/ws',
    '/ip4/60.0.0.1/tcp/80/p2p-circuit',
  ]) {
    assert.equal(isDialable(multiaddr(refused), SITE), false, refused);
  }
  assert.ok(isDialable(multiaddr('/ip4/60.0.0.1/tcp/443'), SITE));
  assert.ok(isDialable(multiaddr('/ip6/2001:db8::1/tcp/443'), SITE));
  assert.ok(isDialable(multiaddr('/ip4/10.0.0.6/tcp/443'), SITE), 'a network that this host is in');
  assert.ok(isDialable(multiaddr('/ip4/172.20.9.9/tcp/443'), SITE), 'a network that the operator named');
});

test('realms of one host find each other where they are nowhere else', () => {
  assert.ok(isDialable(multiaddr('/ip4/127.0.0.1/tcp/7001'), DEMONSTRATION));
  assert.equal(isDialable(multiaddr('/unix/%2Fdata%2Fnode.sock'), DEMONSTRATION), false);
});

test('a hole is not punched into a private network on the word of the peer alone', () => {
  for (const host of [
    '10.0.0.5',
    '172.16.0.1',
    '172.31.255.1',
    '192.168.1.1',
    '100.64.0.1',
    'fd00::1',
    '::ffff:10.0.0.5',
  ]) {
    assert.equal(isCredible({ host, port: 22 }, undefined), false, host);
    assert.ok(isCredible({ host, port: 22 }, [host]), 'where an ancestor sees the peer');
    const reach = (name: string): boolean => mayReach(name, SITE);
    assert.equal(isCredible({ host, port: 22 }, [host], reach), host.endsWith('10.0.0.5'), "nor on an ancestor's word");
  }
  for (const host of ['172.32.0.1', '100.128.0.1', '11.0.0.1'])
    assert.ok(isCredible({ host, port: 5 }, undefined), host);
});
