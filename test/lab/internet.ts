// The laboratory's Internet: one switch, public hosts on it, and branch sites behind routers.
//
//   internet (60.0.0.0/16) ── carrier (CGNAT only) ── router ─┬─ dmz   10.K.1.2   the relay's host, default route to the router
//                                                             ├─ node  10.K.2.2   the node's host, a route to the DMZ only
//                                                             └─ desk  10.K.2.3   a person's browser: no route but its LAN
//
// Public addresses are from an ordinary range: libp2p takes the ranges reserved for documentation as private.
import { bridge, cable, Namespace, plug } from './namespace.ts';
import { carrierRules, type NatType, routerRules } from './nat.ts';

export interface Site {
  readonly name: string;
  readonly nat: NatType;
  /** The outer address that the Internet sees. */
  readonly outer: string;
  readonly router: Namespace;
  readonly dmz: Namespace;
  readonly node: Namespace;
  readonly desk: Namespace;
  readonly dmzAddress: string;
  readonly nodeAddress: string;
  readonly deskAddress: string;
}

export interface PublicHost {
  readonly name: string;
  readonly host: Namespace;
  readonly address: string;
}

export class Internet {
  readonly #core: Namespace;
  readonly #prefix: string;
  #next = 1;

  /** @param prefix of the names of all namespaces, so that two laboratories can stand side by side */
  constructor(prefix: string) {
    this.#prefix = prefix;
    this.#core = this.#namespace('core');
    bridge(this.#core, 'wire', '60.0.0.1/16');
    this.#core.sysctl('net.ipv4.ip_forward', '1');
  }

  /** A host with a public address of its own and no router before it. */
  publicHost(name: string): PublicHost {
    const number = this.#next++;
    const host = this.#namespace(name);
    const address = `60.0.${number}.1`;
    this.#attach(host, 'wan', `${address}/16`, number);
    for (const each of [host, this.#core]) each.settle();
    return { name, host, address };
  }

  site(name: string, nat: NatType): Site {
    const number = this.#next++;
    const router = this.#namespace(`${name}-router`);
    router.sysctl('net.ipv4.ip_forward', '1');
    const outer = this.#uplink(name, nat, router, number);
    // An open site's DMZ has public addresses, which the Internet routes to its router.
    const dmzNet = nat === 'open' ? `61.${number}.1` : `10.${number}.1`;
    if (nat === 'open') this.#core.ip(`route add ${dmzNet}.0/24 via ${outer}`);

    const dmz = this.#namespace(`${name}-dmz`);
    cable(router, 'dmz', `${dmzNet}.1/24`, dmz, 'eth0', `${dmzNet}.2/24`);
    dmz.ip(`route add default via ${dmzNet}.1`);

    bridge(router, 'lan', `10.${number}.2.1/24`);
    const node = this.#lanHost(router, `${name}-node`, 'lan-node', `10.${number}.2.2/24`);
    node.ip(`route add ${dmzNet}.0/24 via 10.${number}.2.1`);
    const desk = this.#lanHost(router, `${name}-desk`, 'lan-desk', `10.${number}.2.3/24`);

    router.firewall(routerRules(nat, { wan: 'wan', outer: outerOf(nat, outer, number), server: `${dmzNet}.2` }));
    for (const each of [this.#core, router, dmz, node, desk]) each.settle();
    return {
      name,
      nat,
      outer,
      router,
      dmz,
      node,
      desk,
      dmzAddress: `${dmzNet}.2`,
      nodeAddress: `10.${number}.2.2`,
      deskAddress: `10.${number}.2.3`,
    };
  }

  #lanHost(router: Namespace, name: string, port: string, address: string): Namespace {
    const host = this.#namespace(name);
    cable(router, port, '', host, 'eth0', address);
    plug(router, port, 'lan');
    return host;
  }

  /** Connects a site's router, through a carrier's router where the type has one. @returns the outer address */
  #uplink(name: string, nat: NatType, router: Namespace, number: number): string {
    const outer = `60.0.${number}.1`;
    const rules = carrierRules(nat, 'wan');
    if (rules === undefined) {
      this.#attach(router, 'wan', `${outer}/16`, number);
      return outer;
    }
    const carrier = this.#namespace(`${name}-carrier`);
    carrier.sysctl('net.ipv4.ip_forward', '1');
    this.#attach(carrier, 'wan', `${outer}/16`, number);
    carrier.firewall(rules);
    cable(carrier, 'customer', `100.64.${number}.1/24`, router, 'wan', `100.64.${number}.2/24`);
    router.ip(`route add default via 100.64.${number}.1`);
    return outer;
  }

  #attach(host: Namespace, port: string, address: string, number: number): void {
    cable(host, port, address, this.#core, `p${number}`, '');
    plug(this.#core, `p${number}`, 'wire');
    host.ip('route add default via 60.0.0.1');
  }

  #namespace(name: string): Namespace {
    return new Namespace(`${this.#prefix}-${name}`);
  }
}

function outerOf(nat: NatType, outer: string, number: number): string {
  return nat === 'cgnat' || nat === 'cgnat-symmetric' ? `100.64.${number}.2` : outer;
}
