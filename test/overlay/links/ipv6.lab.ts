// Two relays whose routers have a stateful IPv6 firewall and no translation: the hole is punched over IPv6, also where IPv4 is
// translated in a way that can't be punched, or missing.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { bridge, cable, Namespace, plug } from '../../lab/namespace.ts';
import { spawnRelay } from './lab-pair.ts';

const REGION = '2a00:60::1';
const core = sixReady(new Namespace('six-core'));
bridge(core, 'wire', '');
core.ip('addr add 2a00:60::ffff/64 dev wire nodad');
const region = sixReady(new Namespace('six-region'));
attach(region, 'region', `${REGION}/64`);
for (const each of [core, region]) each.settle();

/** Addresses are used at once: nobody else has them. Forwarding on. */
function sixReady(host: Namespace): Namespace {
  host.sysctl('net.ipv6.conf.default.accept_dad', '0');
  host.sysctl('net.ipv6.conf.all.forwarding', '1');
  host.sysctl('net.ipv4.ip_forward', '1');
  return host;
}

function attach(host: Namespace, name: string, address: string): void {
  cable(host, 'wan', '', core, `to-${name}`, '');
  plug(core, `to-${name}`, 'wire');
  host.ip(`addr add ${address} dev wan nodad`);
  host.ip('route add default via 2a00:60::ffff');
}

const STATEFUL = `table ip6 filter {
  chain forward {
    type filter hook forward priority 0; policy accept;
    iifname "wan" ct state established,related accept
    iifname "wan" ip6 nexthdr icmpv6 accept
    iifname "wan" drop
  }
}`;

interface SixSite {
  readonly dmz: Namespace;
  readonly router: Namespace;
  readonly address: string;
}

function site(name: string, number: number): SixSite {
  const router = sixReady(new Namespace(`six-${name}-router`));
  attach(router, name, `2a00:60::${number}/64`);
  const dmz = sixReady(new Namespace(`six-${name}-dmz`));
  cable(router, 'dmz', '', dmz, 'eth0', '');
  router.ip(`addr add 2a00:61:${number}::1/64 dev dmz nodad`);
  dmz.ip(`addr add 2a00:61:${number}::2/64 dev eth0 nodad`);
  dmz.ip(`route add default via 2a00:61:${number}::1`);
  core.ip(`route add 2a00:61:${number}::/64 via 2a00:60::${number}`);
  router.firewall(STATEFUL);
  for (const each of [core, router, dmz]) each.settle();
  return { dmz, router, address: `2a00:61:${number}::2` };
}

/** The same sites over IPv4 too, behind routers that can't be punched. */
function addSymmetricFour({ dmz, router }: SixSite, number: number): void {
  router.ip(`addr add 60.0.0.${number}/16 dev wan`);
  router.ip(`addr add 10.${number}.1.1/24 dev dmz`);
  dmz.ip(`addr add 10.${number}.1.2/24 dev eth0`);
  dmz.ip(`route add default via 10.${number}.1.1`);
  router.firewall(`${STATEFUL}
table ip nat {
  chain postrouting { type nat hook postrouting priority 100; oifname "wan" masquerade fully-random; }
}`);
}

async function directPath(t: TestContext, four: boolean): Promise<{ kind: string; at: string | undefined }> {
  const [a, b] = four ? [site('c', 30), site('d', 40)] : [site('a', 10), site('b', 20)];
  const addresses = [`/ip6/${REGION}/tcp/443`];
  const stun = [{ host: REGION, port: 3478 }];
  if (four) {
    region.ip('addr add 60.0.0.1/16 dev wan');
    addSymmetricFour(a, 30);
    addSymmetricFour(b, 40);
    addresses.push('/ip4/60.0.0.1/tcp/443');
    stun.push({ host: '60.0.0.1', port: 3478 });
  }
  const names = four ? (['c.ua', 'd.ua'] as const) : (['a.ua', 'b.ua'] as const);
  const all = ['ua', ...names];
  const ways = ['tcp', 'tcp-punch'] as const;
  const relays = addresses.map((address) => ({ name: 'ua', address }));
  const listen = ['/ip6/::/tcp/4443', ...(four ? ['/ip4/0.0.0.0/tcp/4443'] : [])];
  const below = { all, ancestor: { realm: 'ua', relays }, ways, stun: [], listen };
  const lines: { name: string; to?: string; kind?: string; at?: string; ms: number }[] = [];
  const reached = Promise.withResolvers<void>();
  const start = (host: Namespace, init: Parameters<typeof spawnRelay>[1]) =>
    spawnRelay(host, init, (line) => {
      lines.push(line);
      if (line.name === names[0] && line.to === names[1] && line.kind === 'direct-tcp') reached.resolve();
    });
  const children = [
    await start(region, { name: 'ua', all, ways, stun, listen: addresses }),
    await start(b.dmz, { ...below, name: names[1] }),
    await start(a.dmz, { ...below, name: names[0], wants: names[1] }),
  ];
  t.after(() => Promise.all(children.map((child) => child.stop())));
  await Promise.race([reached.promise, new Promise((resolve) => setTimeout(resolve, 20_000))]);
  const told = lines.filter(({ name, to }) => name === names[0] && to === names[1]);
  t.diagnostic(told.map(({ kind, at, ms }) => `${kind} at ${at} after ${ms} ms`).join(', '));
  const last = told.at(-1);
  return { kind: last?.kind ?? 'none', at: last?.at };
}

test('two relays with IPv6 alone punch through their firewalls', { timeout: 60_000 }, async (t) => {
  const { kind, at } = await directPath(t, false);
  assert.deepEqual([kind, at], ['direct-tcp', '2a00:61:20::2']);
});

test('IPv6 makes a direct path where IPv4 has none', { timeout: 60_000 }, async (t) => {
  const { kind, at } = await directPath(t, true);
  assert.deepEqual([kind, at], ['direct-tcp', '2a00:61:40::2']);
});
