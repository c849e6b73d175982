// The laboratory's Internet: one switch, public hosts on it, and branch sites behind routers.
//
//   internet (60.0.0.0/16) ── carrier (CGNAT only) ── router ─┬─ dmz   10.K.1.2   the relay's host, default route to the router
//                                                             ├─ node  10.K.2.2   the node's host, a route to the DMZ only
//                                                             └─ desk  10.K.2.3   a person's browser: no route but its LAN
//
// Public addresses are from an ordinary range: libp2p takes the ranges reserved for documentation as private. The router of
// a site can be exchanged for one of another kind; the hosts behind it stay, with the addresses that they have inside.
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
  /** Where the node's host reaches the relay's, whatever the router. */
  readonly dmzInside: string;
  readonly nodeAddress: string;
  readonly deskAddress: string;
}

interface Place {
  readonly name: string;
  readonly number: number;
  readonly hosts: Pick<Site, 'dmz' | 'node' | 'desk'>;
  /** The site's own router, and the carrier's where there is one. */
  routers: readonly Namespace[];
}

export interface PublicHost {
  readonly name: string;
  readonly host: Namespace;
  readonly address: string;
}

export class Internet {
  readonly #core: Namespace;
  readonly #prefix: string;
  readonly #places = new Map<string, Place>();
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
    const hosts = {
      dmz: this.#namespace(`${name}-dmz`),
      node: this.#namespace(`${name}-node`),
      desk: this.#namespace(`${name}-desk`),
    };
    const place = { name, number: this.#next++, hosts, routers: [] };
    this.#places.set(name, place);
    return this.#wire(place, nat);
  }

  /** Takes the site's router away and puts one of another kind, which knows nothing yet, in its place. */
  rewire({ name }: Site, nat: NatType): Site {
    const place = this.#places.get(name);
    if (!place) throw new Error(`there is no site ${name}`);
    for (const host of Object.values(place.hosts)) host.ip('link del eth0');
    this.#core.ip(`link del p${place.number}`);
    this.#core.tryIp(`route del 61.${place.number}.1.0/24`);
    for (const router of place.routers) router.remove();
    return this.#wire(place, nat);
  }

  /** A second host in the site's DMZ, in a network of its own; until the router is exchanged. */
  secondDmz({ name, router, node }: Site): { readonly host: Namespace; readonly address: string } {
    const place = this.#places.get(name);
    if (!place) throw new Error(`there is no site ${name}`);
    const inside = `10.${place.number}`;
    const host = this.#namespace(`${name}-dmz2`);
    cable(router, 'dmz2', `${inside}.3.1/24`, host, 'eth0', `${inside}.3.2/24`);
    host.ip(`route add default via ${inside}.3.1`);
    node.ip(`route add ${inside}.3.0/24 via ${inside}.2.1`);
    for (const each of [router, host]) each.settle();
    return { host, address: `${inside}.3.2` };
  }

  /** Leads the site's cable through another namespace: its two ports there are the site's and the Internet's ends. */
  interpose({ name }: Site, between: Namespace, sitePort: string, internetPort: string): void {
    const place = this.#places.get(name);
    if (!place) throw new Error(`there is no site ${name}`);
    const port = `p${place.number}`;
    this.#core.ip(`link set dev ${port} netns ${between.name} name ${sitePort}`);
    cable(this.#core, port, '', between, internetPort, '');
    plug(this.#core, port, 'wire');
    this.#core.settle();
  }

  #wire(place: Place, nat: NatType): Site {
    const { name, number, hosts } = place;
    const router = this.#namespace(`${name}-router`);
    place.routers = [router];
    router.sysctl('net.ipv4.ip_forward', '1');
    const outer = this.#uplink(place, nat, router);
    const inside = `10.${number}`;
    const dmzAddress = this.#dmz(place, nat, router, outer);
    bridge(router, 'lan', `${inside}.2.1/24`);
    lanHost(router, hosts.node, 'lan-node', `${inside}.2.2/24`);
    hosts.node.ip(`route add ${inside}.1.0/24 via ${inside}.2.1`);
    lanHost(router, hosts.desk, 'lan-desk', `${inside}.2.3/24`);
    router.firewall(routerRules(nat, { wan: 'wan', outer: outerOf(nat, outer, number), server: dmzAddress }));
    for (const each of [this.#core, router, ...Object.values(hosts)]) each.settle();
    const inner = { dmzInside: `${inside}.1.2`, nodeAddress: `${inside}.2.2`, deskAddress: `${inside}.2.3` };
    return { name, nat, outer, router, ...hosts, dmzAddress, ...inner };
  }

  /** An open site's DMZ has public addresses beside the inner ones, which the Internet routes to its router. */
  #dmz({ number, hosts }: Place, nat: NatType, router: Namespace, outer: string): string {
    const { dmz } = hosts;
    cable(router, 'dmz', `10.${number}.1.1/24`, dmz, 'eth0', `10.${number}.1.2/24`);
    if (nat !== 'open') {
      dmz.ip(`route add default via 10.${number}.1.1`);
      return `10.${number}.1.2`;
    }
    router.ip(`addr add 61.${number}.1.1/24 dev dmz`);
    dmz.ip(`addr add 61.${number}.1.2/24 dev eth0`);
    dmz.ip(`route add default via 61.${number}.1.1 src 61.${number}.1.2`);
    this.#core.ip(`route add 61.${number}.1.0/24 via ${outer}`);
    return `61.${number}.1.2`;
  }

  /** Connects a site's router, through a carrier's router where the type has one. @returns the outer address */
  #uplink(place: Place, nat: NatType, router: Namespace): string {
    const { name, number } = place;
    const outer = `60.0.${number}.1`;
    const rules = carrierRules(nat, 'wan');
    if (rules === undefined) {
      this.#attach(router, 'wan', `${outer}/16`, number);
      return outer;
    }
    const carrier = this.#namespace(`${name}-carrier`);
    place.routers = [router, carrier];
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

function lanHost(router: Namespace, host: Namespace, port: string, address: string): void {
  cable(router, port, '', host, 'eth0', address);
  plug(router, port, 'lan');
}

function outerOf(nat: NatType, outer: string, number: number): string {
  return nat === 'cgnat' || nat === 'cgnat-symmetric' ? `100.64.${number}.2` : outer;
}
