// Which connections may exist. Ordinary ones come through the encrypter. WebRTC brings its own encryption and so passes the
// encrypter by: its connections are taken only for a relay that is admitted on another open connection, the one that
// carried the signalling and with it the fingerprints.
import type { ConnectionGater, MultiaddrConnection, PeerId } from '@libp2p/interface';
import type { Multiaddr } from '@multiformats/multiaddr';
import type { Charter } from '../charter.ts';
import { relationOf, type Standing } from '../scope.ts';
import type { Reservations } from '../shares/share-circuits.ts';
import type { Admissions } from './admissions.ts';

const isWebrtc = (address: Multiaddr): boolean => address.getComponents().some(({ name }) => name === 'webrtc');

export interface GaterComponents {
  readonly self: Standing;
  readonly admissions: Admissions;
  readonly charter: Pick<Charter, 'arePartners'>;
  readonly reservations: Pick<Reservations, 'take'>;
  /** Whether this address may be dialled at all; a node dials its relay and nothing else. */
  readonly mayDial?: (address: string) => boolean;
}

export function createGater({ self, admissions, charter, reservations, mayDial }: GaterComponents): ConnectionGater {
  const isDenied = (peerId: PeerId, connection: MultiaddrConnection): boolean => {
    if (admissions.staged(connection)) return false;
    return admissions.get(peerId.toString())?.role !== 'relay' || self.role !== 'relay';
  };
  const relationTo = (peerId: PeerId): string => {
    const peer = admissions.get(peerId.toString());
    return peer?.role === 'relay' ? relationOf(self, peer) : 'stranger';
  };
  return {
    // libp2p dials by itself whoever the table of locations (DHT) wants to ask, at each address that it knows. WebRTC comes after the ways
    // that are better, when the supervisor of the link has tried these; its own dials don't pass here.
    denyDialMultiaddr: (address) => isWebrtc(address) || mayDial?.(address.toString()) === false,
    denyInboundUpgradedConnection: isDenied,
    denyOutboundUpgradedConnection: isDenied,
    denyInboundRelayReservation: (source) =>
      !['own', 'child', 'descendant'].includes(relationTo(source)) || !reservations.take(source),
    denyOutboundRelayedConnection: (source, destination) => {
      const [from, to] = [admissions.get(source.toString()), admissions.get(destination.toString())];
      if (!from || !to) return true;
      return relationOf(from, to) === 'stranger' && !charter.arePartners(from.realm, to.realm);
    },
    denyInboundRelayedConnection: (relay) => !['own', 'parent', 'ancestor'].includes(relationTo(relay)),
  };
}
