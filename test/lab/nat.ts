// The eight kinds of router that a branch may sit behind, as nftables rules. `wan` is the router's outer port, `inner` the
// networks behind it. All of them drop what arrives unasked, silently, as real routers do: a reset would tell a punching
// peer to give up.

export const NAT_TYPES = [
  'open',
  'full-cone',
  'port-restricted',
  'symmetric',
  'cgnat',
  'cgnat-symmetric',
  'udp-blocked',
  'tcp-443',
] as const;
export type NatType = (typeof NAT_TYPES)[number];

export interface Router {
  /** The outer port's name. */
  readonly wan: string;
  /** The outer address. */
  readonly outer: string;
  /** The server in the DMZ, to which a full cone hands everything. */
  readonly server: string;
}

/**
 * The LAN behind a branch's router: it may open connections to the DMZ and to nothing else. What stays inside the LAN passes
 * here too where the kernel shows bridged packets to the filter (br_netfilter).
 */
const LAN_RULES = `
    iifname "lan" oifname "lan" accept
    iifname "lan" oifname "dmz*" ip protocol { tcp, icmp } accept
    iifname "lan" drop
    oifname "lan" ct state established,related accept
    oifname "lan" drop`;

/** Drops what the outside begins, whether for the router itself or through it. */
function filter(wan: string, outgoing: string, inbound = ''): string {
  return `
table ip filter {
  chain input {
    type filter hook input priority 0; policy accept;
    iifname "${wan}" ct state established,related accept
    iifname "${wan}" ip protocol icmp accept
    iifname "${wan}" drop
  }
  chain forward {
    type filter hook forward priority 0; policy accept;${LAN_RULES}
    iifname "${wan}" ct state established,related accept
    ${inbound}
    iifname "${wan}" drop
    ${outgoing}
  }
}`;
}

function translate(wan: string, how: string): string {
  return `
table ip nat {
  chain postrouting {
    type nat hook postrouting priority 100;
    oifname "${wan}" ${how}
  }
}`;
}

/** Endpoint-independent mapping and filtering: everything to the outer address reaches the server (RFC 4787). */
function fullCone({ wan, outer, server }: Router): string {
  return `
table ip nat {
  chain prerouting {
    type nat hook prerouting priority -100;
    iifname "${wan}" ip daddr ${outer} dnat to ${server}
  }
  chain postrouting {
    type nat hook postrouting priority 100;
    oifname "${wan}" ip saddr ${server} snat to ${outer}
  }
}${filter(wan, '', `ip daddr ${server} accept`)}`;
}

/** The rules of a branch's own router. In a CGNAT it is an ordinary one; the carrier's stands behind it. */
export function routerRules(type: NatType, router: Router): string {
  const { wan } = router;
  switch (type) {
    case 'open':
      return filter(wan, '', `ip daddr ${router.server} accept`);
    case 'full-cone':
      return fullCone(router);
    case 'port-restricted':
    case 'cgnat':
    case 'cgnat-symmetric':
      return translate(wan, 'masquerade') + filter(wan, '');
    case 'symmetric':
      return translate(wan, 'masquerade fully-random') + filter(wan, '');
    case 'udp-blocked':
      return translate(wan, 'masquerade') + filter(wan, `oifname "${wan}" meta l4proto udp drop`);
    case 'tcp-443':
      return (
        translate(wan, 'masquerade') +
        filter(
          wan,
          `oifname "${wan}" tcp dport 443 accept\n    oifname "${wan}" ct state established,related accept\n    oifname "${wan}" drop`,
        )
      );
  }
}

/** The carrier's router of a CGNAT; undefined where there is none. */
export function carrierRules(type: NatType, wan: string): string | undefined {
  if (type === 'cgnat') return translate(wan, 'masquerade') + carrierFilter(wan);
  if (type === 'cgnat-symmetric') return translate(wan, 'masquerade fully-random') + carrierFilter(wan);
  return undefined;
}

function carrierFilter(wan: string): string {
  return `
table ip filter {
  chain input {
    type filter hook input priority 0; policy accept;
    iifname "${wan}" ct state established,related accept
    iifname "${wan}" drop
  }
  chain forward {
    type filter hook forward priority 0; policy accept;
    iifname "${wan}" ct state established,related accept
    iifname "${wan}" drop
  }
}`;
}
