// The parts of a libp2p host that links need and that the `Libp2p` interface does not show. The host hands them out as a
// service: `createLibp2p({ services: { internals: hostInternals, ... } })`, then `libp2p.services.internals`.
import type { Libp2pEvents, PeerId, PeerStore, TypedEventTarget, Upgrader } from '@libp2p/interface';
import type { AddressManager, ConnectionManager, Registrar, TransportManager } from '@libp2p/interface-internal';

export interface HostInternals {
  readonly peerId: PeerId;
  readonly events: TypedEventTarget<Libp2pEvents>;
  readonly upgrader: Upgrader;
  readonly transportManager: TransportManager;
  readonly connectionManager: ConnectionManager;
  readonly registrar: Pick<Registrar, 'handle' | 'unhandle'>;
  readonly peerStore: PeerStore;
  readonly addressManager: AddressManager;
}

export function hostInternals(components: HostInternals): HostInternals {
  const { peerId, events, upgrader, transportManager, connectionManager, registrar, peerStore, addressManager } =
    components;
  return { peerId, events, upgrader, transportManager, connectionManager, registrar, peerStore, addressManager };
}
