// A router that gives ports away (miniupnpd: UPnP IGD and NAT-PMP), and what a relay behind it makes of that.
import assert from 'node:assert/strict';
import { type ChildProcess, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Internet, type Site } from '../lab/internet.ts';

const PROGRAM = fileURLToPath(new URL('./port-mapping-program.ts', import.meta.url));
const DAEMON = 'miniupnpd';
const PATH = `${process.env['PATH']}:/usr/sbin:/sbin`;
const hasDaemon = spawnSync('sh', ['-c', `command -v ${DAEMON}`], { env: { PATH } }).status === 0;
const OPTIONS = { timeout: 90_000, ...(hasDaemon ? {} : { skip: `${DAEMON} is not installed` }) };

const internet = new Internet('map');
const outside = internet.publicHost('outside');

/** An ordinary translating router, with the chains that miniupnpd fills. */
const RULES = `table inet filter {
  chain miniupnpd { }
  chain input { type filter hook input priority 0; policy accept; iifname "wan" ct state established,related accept; iifname "wan" drop; }
  chain forward {
    type filter hook forward priority 0; policy accept;
    ct state established,related accept
    jump miniupnpd
    iifname "wan" drop
  }
}
table inet nat {
  chain prerouting_miniupnpd { }
  chain postrouting_miniupnpd { }
  chain prerouting { type nat hook prerouting priority -100; jump prerouting_miniupnpd; }
  chain postrouting { type nat hook postrouting priority 100; jump postrouting_miniupnpd; oifname "wan" masquerade; }
}`;

const settings = (): string => `ext_ifname=wan
listening_ip=dmz
http_port=5000
enable_natpmp=yes
enable_upnp=yes
secure_mode=yes
upnp_table_name=filter
upnp_nat_table_name=nat
upnp_forward_chain=miniupnpd
upnp_nat_chain=prerouting_miniupnpd
upnp_nat_postrouting_chain=postrouting_miniupnpd
uuid=00000000-0000-4000-8000-000000000001
allow 1-65535 0.0.0.0/0 1-65535
`;

async function router(t: TestContext, name: string): Promise<Site> {
  const site = internet.site(name, 'port-restricted');
  site.router.firewall(RULES);
  const folder = await mkdtemp(join(tmpdir(), 'canopy-map-'));
  const file = join(folder, 'miniupnpd.conf');
  await writeFile(file, settings());
  const pid = join(folder, 'pid');
  const env = { ...process.env, PATH };
  const daemon = site.router.spawn(DAEMON, ['-d', '-f', file, '-P', pid], { stdio: ['ignore', 'ignore', 'pipe'], env });
  t.after(async () => {
    daemon.kill();
    if (daemon.exitCode === null) await once(daemon, 'exit');
    await rm(folder, { recursive: true });
  });
  assert.ok(daemon.stderr);
  for await (const line of createInterface({ input: daemon.stderr })) if (/listening on/i.test(line)) break;
  return site;
}

interface Report {
  readonly asked?: boolean;
  readonly allowed: boolean;
  readonly outer?: string;
  readonly error?: string;
}

async function ask(
  t: TestContext,
  site: Site,
  ways: readonly string[],
): Promise<{ report: Report; child: ChildProcess }> {
  const child = site.dmz.spawn(process.execPath, [PROGRAM, ...ways], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  assert.ok(child.stdout);
  for await (const line of createInterface({ input: child.stdout })) {
    const report: Report = JSON.parse(line);
    if (report.asked) return { report, child };
  }
  throw new Error('the program ended without a word');
}

/** Whether the Internet reaches it. */
function isReached(address: string, port: number): boolean {
  const script = `const s=require('node:net').connect(${port},'${address}');s.setTimeout(1500,()=>process.exit(1));
s.on('error',()=>process.exit(1));s.on('data',()=>process.exit(0))`;
  try {
    outside.host.exec(process.execPath, ['-e', script]);
    return true;
  } catch {
    return false;
  }
}

for (const way of ['upnp', 'nat-pmp']) {
  test(`a router that speaks ${way} hands the port on, until it is given back`, OPTIONS, async (t) => {
    const site = await router(t, way);
    assert.equal(isReached(site.outer, 4443), false, 'open before anybody asked');
    const { report, child } = await ask(t, site, [way]);
    assert.deepEqual(report, { asked: true, allowed: true, outer: `${site.outer}:4443` });
    assert.ok(isReached(site.outer, 4443));
    child.kill('SIGTERM');
    await once(child, 'exit');
    assert.equal(isReached(site.outer, 4443), false, 'still open afterwards');
  });
}

test('where the setting allows no way, the router is not asked', OPTIONS, async (t) => {
  const site = await router(t, 'unasked');
  const { report } = await ask(t, site, []);
  assert.deepEqual(report, { asked: true, allowed: false });
  assert.equal(isReached(site.outer, 4443), false);
});
