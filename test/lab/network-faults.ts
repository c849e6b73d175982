// What goes wrong with a branch's way to the Internet, done to its router.
import type { Site } from './internet.ts';

/** Drops everything between the site and another public address, silently, until `heal`. */
export function blackHole(site: Site, address: string): void {
  dig(site, `ip daddr ${address} drop`, `ip saddr ${address} drop`);
}

/** Drops everything between the site and the Internet. */
export function blackOut(site: Site): void {
  dig(site, 'iifname "wan" drop', 'oifname "wan" drop');
}

function dig({ router }: Site, ...rules: string[]): void {
  const chain = ['type filter hook forward priority -10', ...rules].join('\n');
  router.exec('nft', ['-f', '-'], `table ip hole {\nchain forward {\n${chain}\n}\n}`);
}

export function heal({ router }: Site): void {
  router.exec('nft', ['delete', 'table', 'ip', 'hole']);
}

/**
 * The router forgets all that it translated, as after a restart, and takes nothing up again that it does not know: both
 * ends of an old connection then send into the void. A masquerade forgets when its port goes down.
 */
export function forgetTranslations({ router }: Site): void {
  router.sysctl('net.netfilter.nf_conntrack_tcp_loose', '0');
  router.exec(
    'nft',
    ['-f', '-'],
    `table ip strict {
    chain forward {
      type filter hook forward priority -20
      ct state invalid drop
    }
  }`,
  );
  const route = router.ip('route show default').trim().split('\n')[0] ?? '';
  router.ip('link set wan down');
  router.ip('link set wan up');
  router.ip(`route replace ${route}`);
}

/** The provider gives the router another address. */
export function changeAddress({ router }: Site, from: string, to: string): void {
  router.ip(`addr del ${from}/16 dev wan`);
  router.ip(`addr add ${to}/16 dev wan`);
  router.ip('route replace default via 60.0.0.1');
}
