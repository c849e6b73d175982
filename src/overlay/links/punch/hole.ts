// Our side of one hole: a local port whose outer address a STUN server has told us, and the attempts from it.
import type { Socket } from 'node:net';
import type { Connection, Logger } from '@libp2p/interface';
import { multiaddr } from '@multiformats/multiaddr';
import type { Clock } from '../../../realm/clock.ts';
import { within } from '../../../realm/deadline.ts';
import { asError, LocalError } from '../../../realm/errors.ts';
import { askTcp, type OuterAddress } from '../../stun/client.ts';
import { isHostAddress, isPrivateAddress } from '../../stun/ip-address.ts';
import { type Endpoint } from '../../stun/message.ts';
import type { StunServers } from '../../stun/servers.ts';
import type { HostInternals } from '../host-internals.ts';
import { STUN_TIMEOUT } from './index.ts';
import { simultaneousOpen } from './simultaneous-open.ts';
import { socketConnection } from './socket-connection.ts';

/** Both sides punch over the same one. */
export type Family = 'ip4' | 'ip6';

export interface HoleComponents {
  readonly host: Pick<HostInternals, 'upgrader'>;
  readonly stun: StunServers;
  /** Whether a host that others named may be connected to. */
  readonly reach: (host: string) => boolean;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class Hole {
  readonly #components: HoleComponents;
  readonly #address: OuterAddress;

  private constructor(components: HoleComponents, address: OuterAddress) {
    this.#components = components;
    this.#address = address;
  }

  /**
   * Asks all STUN servers of that family at once, each from a port of its own, and takes the first that answers.
   * @throws LocalError `no-stun`
   */
  static open(components: HoleComponents, family: Family, signal: AbortSignal): Promise<Hole> {
    return within(components.clock, STUN_TIMEOUT, 'outer address', signal, (limit) =>
      Hole.#ask(components, family, limit),
    );
  }

  static async #ask(components: HoleComponents, family: Family, signal: AbortSignal): Promise<Hole> {
    const done = new AbortController();
    const limit = AbortSignal.any([signal, done.signal]);
    const asked = components.stun
      .list()
      .filter(({ host }) => familyOf(host) === family)
      .map((server) => askTcp(server, 0, limit));
    try {
      const address = await Promise.any(asked);
      for (const other of asked)
        void other.then(
          ({ socket }) => socket !== address.socket && socket.destroy(),
          () => {},
        );
      return new Hole(components, address);
    } catch (cause) {
      throw new LocalError('no-stun', 'no STUN server told us our outer address over TCP', { cause });
    } finally {
      done.abort();
    }
  }

  get outer(): Endpoint {
    return this.#address.outer;
  }

  connect(to: Endpoint, signal: AbortSignal): Promise<Socket> {
    return simultaneousOpen(this.#address.localPort, to, this.#components.clock, signal);
  }

  /** Secures the socket as dialler or listener; whoever is not this peer is refused there. */
  async upgrade(
    socket: Socket,
    to: Endpoint,
    peerId: string,
    dialler: boolean,
    signal: AbortSignal,
  ): Promise<Connection> {
    const connection = socketConnection({
      socket,
      remoteAddr: multiaddr(`/${familyOf(to.host)}/${to.host}/tcp/${to.port}/p2p/${peerId}`),
      direction: dialler ? 'outbound' : 'inbound',
      log: this.#components.logger,
    });
    try {
      return await this.#components.host.upgrader.upgradeOutbound(connection, { signal, initiator: dialler });
    } catch (error) {
      connection.abort(asError(error));
      throw error;
    }
  }

  close(): void {
    this.#address.socket.destroy();
  }
}

export function familyOf(host: string): Family {
  return host.includes(':') ? 'ip6' : 'ip4';
}

/**
 * Whether the address that a peer names may be connected to: it is where an ancestor sees the peer, or, when no ancestor sees it
 * over that family of addresses, at least a public address of somebody else's host. Without this a peer could make us knock
 * at third parties' doors and, worse, at those of our own LAN; and with an ancestor's help still, were it not for `reach`.
 */
export function isCredible(
  named: Endpoint,
  observed: readonly string[] = [],
  reach: HoleComponents['reach'] = () => true,
): boolean {
  const ofFamily = observed.filter((host) => host.includes(':') === named.host.includes(':'));
  if (ofFamily.length > 0) return ofFamily.includes(named.host) && reach(named.host);
  return isHostAddress(named.host) && !isPrivateAddress(named.host);
}
