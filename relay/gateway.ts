// A router that is asked for a port: UPnP IGD, found by SSDP in the relay's own network, or NAT-PMP (which routers that speak PCP
// answer, too) at the default gateway. Runs in a thread of its own (mapping-worker.ts): the library falls over what anybody in that
// network sends it.
import { readFile } from 'node:fs/promises';
import { BlockList, isIP, isIPv4 } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Gateway } from '@achingbrain/nat-port-mapper';
import type { Endpoint } from '../src/overlay/stun/message.ts';
import { LocalError, UnreachableError } from '../src/realm/errors.ts';
import type { MapWay } from '../src/settings/setting-table.ts';
import { nearNetworks } from './near-networks.ts';

const ROUTES = '/proc/net/route';
const DESCRIPTION = 'canopy relay';

export function gatewayWay(name: MapWay): GatewayWay {
  return new GatewayWay(name === 'upnp' ? findByUpnp : findByPmp);
}

/** One found gateway is kept until it fails. */
export class GatewayWay {
  readonly #find: (signal: AbortSignal) => Promise<Gateway>;
  #gateway: Gateway | undefined;

  constructor(find: (signal: AbortSignal) => Promise<Gateway>) {
    this.#find = find;
  }

  async map(port: number, lifetime: number, signal: AbortSignal): Promise<Endpoint> {
    this.#gateway ??= await this.#find(signal);
    try {
      const own = ownAddressBeside(this.#gateway.host);
      const options = { protocol: 'tcp', externalPort: port, ttl: lifetime, autoRefresh: false } as const;
      const mapped = await this.#gateway.map(port, own, { ...options, description: DESCRIPTION, signal });
      const host = isIPv4(mapped.externalHost) ? mapped.externalHost : await this.#gateway.externalIp({ signal });
      return { host, port: mapped.externalPort };
    } catch (error) {
      await this.#forget(signal);
      throw error;
    }
  }

  async unmap(port: number, signal: AbortSignal): Promise<void> {
    try {
      await this.#gateway?.unmap(port, { signal });
    } finally {
      await this.#forget(signal);
    }
  }

  async #forget(signal: AbortSignal): Promise<void> {
    const gateway = this.#gateway;
    this.#gateway = undefined;
    await gateway?.stop({ signal }).catch(() => {});
  }
}

async function findByUpnp(signal: AbortSignal): Promise<Gateway> {
  const { upnpNat } = await import('@achingbrain/nat-port-mapper');
  for await (const gateway of upnpNat({ autoRefresh: false }).findGateways({ signal })) {
    if (gateway.family === 'IPv4') return gateway;
  }
  throw new UnreachableError('no-router', 'no router with UPnP answered');
}

async function findByPmp(): Promise<Gateway> {
  const { pmpNat } = await import('@achingbrain/nat-port-mapper');
  return pmpNat(await defaultGateway(), { autoRefresh: false });
}

/** The kernel writes addresses as hexadecimal numbers in the order of this machine, little-endian on all that Node knows. */
async function defaultGateway(): Promise<string> {
  const lines = (await readFile(ROUTES, 'utf8')).split('\n').map((line) => line.split('\t'));
  const [, , gateway] = lines.find(([, destination]) => destination === '00000000') ?? [];
  if (gateway === undefined) throw new LocalError('no-gateway', 'this host has no default route');
  return [...Buffer.from(gateway, 'hex')].toReversed().join('.');
}

/** Who may be taken for the router: the default gateway; where the system doesn't tell it in a file, whoever is in our network. */
export async function routerRule(): Promise<(host: string) => boolean> {
  const gateway = await defaultGateway().catch(() => undefined);
  if (gateway !== undefined) return (host) => host === gateway;
  const near = nearNetworks([]);
  return (host) => isIP(host) !== 0 && near(host);
}

/** The address of this host in the router's network. */
function ownAddressBeside(router: string): string {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const beside = all.find(({ family, address, cidr }) => {
    if (family !== 'IPv4' || cidr === null) return false;
    const network = new BlockList();
    network.addSubnet(address, Number(cidr.split('/')[1]));
    return network.check(router);
  });
  if (beside) return beside.address;
  throw new LocalError('no-gateway', `the router ${router} is in no network of this host`);
}
